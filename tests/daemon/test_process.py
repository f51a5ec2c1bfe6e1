"""A process tells how much it takes."""

from __future__ import annotations

import os
from pathlib import Path

from p2pchat.daemon.process import process_info


def test_memory_and_time_are_told_of_this_process() -> None:
    info = process_info(Path("/home/ana"))
    assert (info.pid, info.home) == (os.getpid(), "/home/ana")
    assert 1_000 < info.memory_kb < 100_000_000
    assert info.cpu_s > 0.0
