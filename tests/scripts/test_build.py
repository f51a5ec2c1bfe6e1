"""What can be given away: built once, and run as a person would who has nothing but Python."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.real, pytest.mark.slow]


def run(built: Path, program: str, *arguments: str) -> str:
    """With nothing of this checkout in sight."""
    place = built / "elsewhere"
    place.mkdir(exist_ok=True)
    done = subprocess.run(
        [built / program, *arguments],
        cwd=place,
        env={"PATH": os.environ["PATH"], "HOME": str(place), "SHIV_ROOT": str(built / "unpacked")},
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_builds_programs_that_run_and_the_two_distributions(tmp_path: Path) -> None:
    """One test, so that it is built once."""
    done = subprocess.run([ROOT / "scripts" / "build", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kinds = sorted(path.suffix for path in tmp_path.iterdir() if path.is_file())
    assert kinds == [".gz", ".pyz", ".pyz", ".whl"]

    names = zipfile.ZipFile(tmp_path / "p2pchat.pyz").namelist()
    assert any(name.startswith("site-packages/aiortc/") for name in names)
    assert not any(name.startswith(("site-packages/av/", "site-packages/p2pchat/sim/")) for name in names)

    assert run(tmp_path, "p2pchat.pyz", "--version").startswith("p2pchat ")
    assert run(tmp_path, "p2pchat-rendezvous.pyz", "--version").startswith("p2pchat-rendezvous ")
    said = run(tmp_path, "p2pchat.pyz", "demo", "--headless", "--nodes", "5", "--message", "well?")
    assert "1 of 1 messages came back" in said, "its processes find the packages, too"
