"""What every benchmark says about the machine, and how figures are condensed."""

from __future__ import annotations

import asyncio
import os
import platform
import resource
import statistics
import time
from collections.abc import Coroutine, Sequence
from importlib import metadata
from typing import Any, TypeVar

T = TypeVar("T")

PROCESS_CLOCK = 2
"""What Linux adds to the number of a process to name its clock (CPUCLOCK_SCHED)."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """On the loop a node would run on: uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def machine() -> dict[str, Any]:
    """The facts without which no figure means anything."""
    packages = ("aiortc", "aioice", "uvloop", "vodozemac", "cryptography", "pynacl", "apsw-sqlite3mc")
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "packages": {name: _version(name) for name in packages},
    }


def rss_kb(pid: int | None = None) -> int:
    """Resident memory of a process now; None: of this one."""
    with open(f"/proc/{pid or 'self'}/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() // 1024


def processor_s(pid: int) -> float:
    """Processor seconds of a process so far, to the nanosecond; /proc counts in hundredths."""
    return time.clock_gettime(~pid << 3 | PROCESS_CLOCK)


def spread(values: Sequence[float], digits: int = 3) -> dict[str, float]:
    """Median, extremes and 99th percentile."""
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    figures = {"median": statistics.median(ordered), "min": ordered[0], "max": ordered[-1], "p99": high}
    return {name: round(value, digits) for name, value in figures.items()}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
