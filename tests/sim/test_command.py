"""What scripts/sim prints, and how it fails: one line, exit code 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from p2pchat.sim.__main__ import main

BRIEF = ("bootstrap_s=10", "warm_up_s=0", "measure_s=10", "load.per_minute=6", "drain_s=0")
OPTIONS = ("--nodes", "4", *(option for each in BRIEF for option in ("--set", each)))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("kept") / "results"
    place.write_text(run(*OPTIONS, "--json").stdout)
    return place


def test_json_is_one_object_on_one_line(kept: Path) -> None:
    (line,) = kept.read_text().splitlines()
    assert json.loads(line)["nodes"] == 4


def test_without_json_there_is_a_table_to_read() -> None:
    out = run(*OPTIONS, "--strategy", "flooding").stdout
    assert out.startswith("steady: 4 nodes, flooding, seed 1")
    assert "delivered within 30 s" in out


def test_compare_runs_what_was_kept_and_shows_what_has_changed(kept: Path) -> None:
    old = json.loads(kept.read_text())
    kept.write_text(json.dumps(old | {"links_mean": old["links_mean"] / 2}))
    out = run("compare", "--jobs", "1", str(kept)).stdout
    told = {row.split("│")[1].strip(): row.split("│")[-2].strip() for row in out.splitlines() if "│" in row}
    assert told["links a node"] == "2.000"
    assert told["copies a node"] == "1.000"
    assert told["trace"] == "same"


def test_trade_measures_every_strategy() -> None:
    out = run("trade", *OPTIONS, "--lead", "0.02", "--jobs", "1").stdout
    rows = [[cell.strip() for cell in row.split("│")] for row in out.splitlines() if "│" in row]
    assert [row[2] for row in rows] == ["flooding", "gossipsub", "plumtree 20 ms"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--scenario", "party"), "no scenario party"),
        (("--nodes", "1"), "nodes: need 2"),
        (("--set", "speed=3"), "speed: a scenario has no such value"),
        (("--set", "nodes"), "need KEY=VALUE"),
        (("compare", __file__), "no baseline"),
        (("compare", "/nowhere"), "no baseline"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...], complaint: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert "Traceback" not in result.stderr
