"""A user's line, recorded: every frame has one size.

Half a minute, which is enough for sizes; what times tell takes twenty (``scripts/bench/capture``,
docs/a-recorded-line.md).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.networks import NoNetworks, two_networks
from tests.support.processes import run_script

pytestmark = [pytest.mark.real, pytest.mark.netns, pytest.mark.slow, pytest.mark.timeout(300)]


def capture(profile: str) -> dict[str, Any]:
    try:
        with two_networks():
            pass
    except NoNetworks as reason:
        pytest.skip(str(reason))
    return run_script("bench/capture", "--profile", profile, "--minutes", "0.5", within=280)


def test_frames_have_one_size_whatever_is_written() -> None:
    found = capture("fast")
    assert found["profile"] == "fast"
    assert found["one_size"]
    assert set(found["sizes_frames"]) <= {"1217", *(str(65 + 4 * gaps) for gaps in range(17))}
    assert found["sizes_frames"]["1217"] > 100
    assert found["messages"] == found["arrived"] > 0
