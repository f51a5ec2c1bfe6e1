"""Figures of this process from the operating system.

Knows: memory and processor time. Does not know: their use.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from p2pchat.control.answers import ProcessInfo


def process_info(home: Path) -> ProcessInfo:
    """Describe this process, which runs the node of ``home``."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = round(usage.ru_utime + usage.ru_stime, 3)
    return ProcessInfo(pid=os.getpid(), home=str(home), memory_kb=_resident_kb(), cpu_s=cpu)


def _resident_kb() -> int:
    """Memory of this process now; its peak where only that is known (not Linux)."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize() // 1024
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // 1024 if sys.platform == "darwin" else peak
