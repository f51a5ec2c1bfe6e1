"""No core file: what a process that crashed leaves on the disk would hold keys and texts.

Knows: the system's two switches. Does not know: what is secret.
"""

from __future__ import annotations

import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4


def leave_none() -> None:
    """Have the system write no core of this process, nor let others of its user look into it.

    The limit alone does not do where cores go to a program (``systemd-coredump``); that a process cannot be
    dumped is Linux's. Programs that this one starts may be dumped again, if they raise the limit.
    """
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform == "linux":
        with suppress(ImportError, AttributeError, OSError):
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
