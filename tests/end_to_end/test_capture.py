"""A user's line, recorded: every frame has one size, and its times tell of haste where there is haste."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.support.networks import NoNetworks, two_networks
from tests.support.processes import ROOT

pytestmark = [pytest.mark.real, pytest.mark.netns, pytest.mark.slow, pytest.mark.timeout(600)]


def capture(*options: str) -> dict[str, Any]:
    try:
        with two_networks():
            pass
    except NoNetworks as reason:
        pytest.skip(str(reason))
    bench = [sys.executable, str(ROOT / "scripts" / "bench" / "capture"), *options]
    done = subprocess.run(bench, capture_output=True, text=True, check=False, timeout=560)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_data_datagrams_have_one_size() -> None:
    found = capture("--nodes", "6", "--minutes", "3")
    assert found["one_size"]
    assert set(found["sizes_frames"]) <= {"1217", *(str(65 + 4 * gaps) for gaps in range(17))}
    assert found["sizes_frames"]["1217"] > 100
    assert found["messages"] == found["arrived"] > 0
