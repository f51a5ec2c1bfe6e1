"""The floor under the branches of the pure packages."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from scripts.support import branches


def report(place: Path, **tried: int) -> list[str]:
    """A coverage report in which each package has 200 branches, and the arguments that name it."""
    files = {
        f"p2pchat/{package}/any.py": {"summary": {"covered_branches": count, "num_branches": 200}}
        for package, count in tried.items()
    }
    file = place / "coverage.json"
    file.write_text(json.dumps({"files": files}))
    return ["branches.py", str(file)]


@pytest.mark.parametrize(("core", "passes"), [(200, True), (191, True), (190, False), (0, False)])
def test_every_pure_package_must_be_above_the_floor(
    core: int, passes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", report(tmp_path, core=core, crypto=200, wire=200))
    assert (branches.main() == 0) is passes


def test_a_package_that_was_not_measured_is_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", report(tmp_path, crypto=200, wire=200))
    assert branches.main() == 1


def test_other_packages_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", report(tmp_path, core=200, crypto=200, wire=200, net=0))
    assert branches.main() == 0


def test_every_test_that_is_not_watched_for_branches_is_there() -> None:
    tests = Path(__file__).parents[1]
    named = [line for line in (tests / "unwatched.txt").read_text().splitlines() if line[0] != "#"]
    assert named == sorted(set(named))
    for name in named:
        file, _, function = name.partition("::")
        assert re.search(rf"^(def )?{function}\b", (tests.parent / file).read_text(), flags=re.MULTILINE), (
            name
        )


def test_what_is_not_watched_is_not_traced() -> None:
    """This test is not: only those of the pure packages are."""
    assert "coverage" not in repr(sys.gettrace())
