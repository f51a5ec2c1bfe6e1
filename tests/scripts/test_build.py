"""What can be given away: built once, and run as a person would who has nothing but Python."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("built")
    done = subprocess.run([ROOT / "scripts" / "build", place], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return place


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


def test_the_single_files_run(built: Path) -> None:
    assert run(built, "p2pchat.pyz", "--version").startswith("p2pchat ")
    assert run(built, "p2pchat-rendezvous.pyz", "--version").startswith("p2pchat-rendezvous ")
    said = run(built, "p2pchat.pyz", "demo", "--headless", "--nodes", "5", "--message", "well?")
    assert "1 of 1 messages came back" in said, "its processes find the packages, too"


def test_the_single_files_have_no_media_library_and_no_simulator(built: Path) -> None:
    names = zipfile.ZipFile(built / "p2pchat.pyz").namelist()
    assert any(name.startswith("site-packages/aiortc/") for name in names)
    assert not any(name.startswith(("site-packages/av/", "site-packages/p2pchat/sim/")) for name in names)


def test_there_are_a_wheel_and_a_source_distribution(built: Path) -> None:
    kinds = sorted(path.suffix for path in built.iterdir() if path.is_file())
    assert kinds == [".gz", ".pyz", ".pyz", ".whl"]
