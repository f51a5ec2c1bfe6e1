"""A few rounds of the drill; `scripts/drill` runs fifty."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.processes import ROOT

pytestmark = pytest.mark.real


@pytest.mark.parametrize("options", [(), ("--kill-receiver",)])
def test_killed_senders_lose_nothing_and_repeat_nothing(options: tuple[str, ...]) -> None:
    drill = [sys.executable, str(ROOT / "scripts" / "drill"), "--rounds", "4", "--seed", "7", *options]
    done = subprocess.run(drill, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["received"], found["lost"], found["doubled"]) == (4, [], [])
