"""A few rounds of the drills; `scripts/drill` runs fifty, `scripts/drill-send` a thousand messages."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.processes import ROOT

pytestmark = pytest.mark.real


@pytest.mark.parametrize("options", [(), ("--kill-receiver", "--kill-relay")])
def test_killed_senders_lose_nothing_and_repeat_nothing(options: tuple[str, ...]) -> None:
    drill = [sys.executable, str(ROOT / "scripts" / "drill"), "--rounds", "4", "--seed", "7", *options]
    done = subprocess.run(drill, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["received"], found["false"], found["lost"], found["doubled"]) == (4, [], [], [])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_four_scripts_and_a_receiver_that_dies_three_times() -> None:
    drill = [sys.executable, str(ROOT / "scripts" / "drill-send"), "--messages", "24", "--kill-sends", "0.2"]
    done = subprocess.run(drill, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["received"], len(found["receiver_killed"]), found["untrue"]) == (24, 3, [])
    assert set(found["exit_codes_of_the_second_runs"]) == {"0"}
