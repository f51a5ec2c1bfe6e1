"""The address of a home's node.

Knows: the control socket's path, and how a long one is used. Does not know: the listener.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from p2pchat.errors import ControlError

SOCKET: Final = "control.sock"

ADDRESS_MAX: Final = 100
"""Bytes of a Unix socket's path that every system takes (Linux 107, macOS 103)."""


@contextmanager
def socket_address(home: Path) -> Iterator[str]:
    """A path to the control socket that fits into a socket address, valid inside the block.

    A home deep in the tree is reached through ``/proc/self/fd``. Raises ControlError where there is no such
    way, OSError when the home cannot be opened.
    """
    path = str(home / SOCKET)
    if len(os.fsencode(path)) <= ADDRESS_MAX:
        yield path
        return
    if not os.path.isdir("/proc/self/fd"):
        raise ControlError(
            f"the path of the home is too long for a control socket; use a shorter --home than {home}"
        )
    descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)
