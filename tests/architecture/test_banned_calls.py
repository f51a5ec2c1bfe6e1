"""In core and wire ruff refuses a clock, chance and a loop, and elsewhere it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BANNED = [
    "import time",
    "from random import Random",
    "import asyncio",
    "import logging",
    "import secrets",
    "import os; os.urandom(1)",
    "from datetime import datetime; datetime.now()",
    "from uuid import uuid4",
]


def complaints(path: str, line: str) -> str:
    """What ruff would say of ``line`` in a file at ``path``; no file is written."""
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--stdin-filename", path, "-"]
    return subprocess.run(
        command, cwd=ROOT, input=line + "\n", capture_output=True, text=True, check=False
    ).stdout


@pytest.mark.parametrize("room", ["core", "wire"])
@pytest.mark.parametrize("line", BANNED)
def test_the_pure_rooms_are_told(room: str, line: str) -> None:
    assert "TID251" in complaints(f"p2pchat/{room}/any.py", line)


@pytest.mark.parametrize(
    "path", ["p2pchat/net/any.py", "p2pchat/daemon/any.py", "rendezvous/any.py", "tests/any.py"]
)
def test_the_others_are_not(path: str) -> None:
    assert "TID251" not in complaints(path, "import time")
