"""A user's line, recorded: every frame has one size, and its times tell of haste only where there is haste.

Five minutes each; ``scripts/bench/capture`` by itself takes twenty, and finds more.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.support.networks import NoNetworks, two_networks
from tests.support.processes import ROOT

pytestmark = [pytest.mark.real, pytest.mark.netns, pytest.mark.slow, pytest.mark.timeout(600)]

SIX_AGAINST_SIX = 0.005
"""With six windows on each side the smallest p-value there can be is 1 / 924."""


def capture(profile: str) -> dict[str, Any]:
    try:
        with two_networks():
            pass
    except NoNetworks as reason:
        pytest.skip(str(reason))
    bench = [sys.executable, str(ROOT / "scripts" / "bench" / "capture")]
    done = subprocess.run(
        [*bench, "--profile", profile, "--minutes", "3"],
        capture_output=True,
        text=True,
        check=False,
        timeout=560,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("profile", "hasty"), [("fast", True), ("strong", False)])
def test_frames_have_one_size_and_with_the_strong_profile_do_not_tell_who_writes(
    profile: str, hasty: bool
) -> None:
    found = capture(profile)
    assert found["profile"] == profile
    assert found["one_size"]
    assert set(found["sizes_frames"]) <= {"1217", *(str(65 + 4 * gaps) for gaps in range(17))}
    assert found["sizes_frames"]["1217"] > 100
    assert found["messages"] == found["arrived"] > 0
    assert (found["at_once_p"] < SIX_AGAINST_SIX) is hasty
