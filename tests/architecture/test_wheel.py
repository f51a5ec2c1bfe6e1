"""The wheel has the messenger and the rendezvous, and not the simulator, which is for a checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def packed() -> set[str]:
    """Each file of the wheel that would be built, by its place in it."""
    builder = pytest.importorskip("hatchling.builders.wheel").WheelBuilder(str(ROOT))
    return {
        Path(file.distribution_path).as_posix()
        for file in builder.recurse_included_files()
        if "__pycache__" not in file.distribution_path
    }


def test_it_has_every_other_file_of_the_packages(packed: set[str]) -> None:
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in ("p2pchat", "rendezvous")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == {name for name in ours if not name.startswith("p2pchat/sim/")}


def test_it_has_no_simulator(packed: set[str]) -> None:
    assert not [name for name in packed if name.startswith("p2pchat/sim")]
