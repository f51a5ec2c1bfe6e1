"""Several runs of pytest have one summary, which is pytest's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.support import summary

TESTS = """
import pytest

@pytest.fixture
def broken():
    yield
    raise OSError

@pytest.mark.parametrize("number", range(3))
def test_holds(number): pass

def test_fails(): assert False

def test_ends_badly(broken): pass

@pytest.mark.skip(reason="no tool")
def test_skipped(): pass
"""


@pytest.fixture
def reports(tmp_path: Path) -> list[Path]:
    """Of a run in which all hold, and of one of every kind of end; and one that was never written."""
    (tmp_path / "test_all.py").write_text(TESTS)
    places = [tmp_path / name for name in ("good.xml", "bad.xml", "none.xml")]
    for place, options in zip(places, (["-k", "holds"], []), strict=False):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={place}", *options]
        subprocess.run([*command, "test_all.py"], cwd=tmp_path, capture_output=True, check=False)
    return places


def test_what_did_not_pass_is_named_and_all_is_counted_at_the_end(
    reports: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["summary.py", *map(str, reports[:2])])
    assert summary.main() == 1
    *named, counted = capsys.readouterr().out.splitlines()
    assert sorted(named) == [
        "ERROR test_all.py::test_ends_badly",
        "FAILED test_all.py::test_fails",
        "SKIPPED test_all.py::test_skipped: no tool",
    ]
    assert " 1 failed, 6 passed, 1 skipped, 1 error in " in counted
    assert counted.startswith("===") and counted.endswith("===")


@pytest.mark.parametrize(("run", "code", "says"), [(0, 0, " 3 passed in "), (2, 1, " 1 error in ")])
def test_it_is_good_when_every_run_was_and_a_run_without_a_report_was_not(
    run: int,
    code: int,
    says: str,
    reports: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["summary.py", str(reports[run])])
    assert summary.main() == code
    assert says in capsys.readouterr().out.splitlines()[-1]


def test_runs_beside_each_other_took_as_long_as_the_longer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    places = []
    for name, second, took in (("one", 0, 50.5), ("two", 10, 60)):
        when = f"2026-01-02T03:04:{second:02}.000000+00:00"
        places.append(tmp_path / f"{name}.xml")
        places[-1].write_text(f'<testsuites><testsuite timestamp="{when}" time="{took}"/></testsuites>')
    monkeypatch.setattr("sys.argv", ["summary.py", *map(str, places)])
    summary.main()
    assert " in 70.00s (0:01:10) " in capsys.readouterr().out
