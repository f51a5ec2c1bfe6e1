"""Scenarios: every one that comes along can be read, and a bad one is refused in one line that says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.errors import UsageError
from p2pchat.sim.scenario import Scenario, altered, load, names, parse


def test_the_named_scenarios_are_there() -> None:
    assert names() == ["away", "bridge", "churn", "dropper", "flooder", "nat", "partition", "steady"]


@pytest.mark.parametrize("name", names())
def test_each_can_be_read_and_says_what_it_is_about(name: str) -> None:
    assert load(name).about


def test_an_empty_one_is_steady_talk() -> None:
    assert parse("", "empty") == Scenario()


def test_a_file_may_be_given_by_its_path(tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    place.write_text("nodes = 7\n[load]\nper_minute = 2\n")
    assert load(str(place)).nodes == 7
    assert load(str(place)).load.per_minute == 2.0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nodes = 1", "nodes: need 2"),
        ('nodes = "many"', "nodes: need a whole number, not 'many'"),
        ("nodse = 10", "nodse: unknown"),
        ("nodes = ", "Invalid value"),
        ("[load]\nper_hour = 3", "load.per_hour: unknown"),
        ("[load]\nper_minute = -1", "load.per_minute: need 0 or more"),
        ("load = 3", "load: need a table"),
        ("[network]\nlatency_ms = [120, 20]", "network.latency: need 0 <= low <= high"),
        ("[network]\nlatency_ms = [20]", "network.latency_ms: need 2 numbers"),
        ('[network]\nlatency_ms = ["a", "b"]', "network.latency_ms: need a number"),
        ("[network]\nloss = 2", "network.loss"),
        ("[network]\nbandwidth = 10", "network.bandwidth"),
        ("[nat]\nopen = 0", "nat: need weights"),
        ("[churn]\nleave = 1.5", "churn: need shares"),
        ('[away]\nhow = "fly"', "away.how: need kill, stop or sleep"),
        ("[partition]\nshare = 0", "partition.share"),
        ("[settings]\nlinks_wanted = 99", "settings: need 1 <= links_wanted"),
        ('strategy = "telepathy"', "strategy: need one of plumtree, flooding, gossipsub"),
    ],
)
def test_a_bad_one_is_refused_with_what_is_wrong_in_it(text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(text, "mine.toml")
    assert str(refused.value).startswith("scenario mine.toml: ")
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_one_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="no scenario party; there are away, bridge"):
        load("party")


def test_single_values_may_be_changed() -> None:
    changed = altered(
        Scenario(),
        {"nodes": "9", "network.latency_ms": "[1, 2]", "settings.links_wanted": "3", "strategy": "flooding"},
    )
    assert (changed.nodes, changed.network.latency_ms) == (9, (1.0, 2.0))
    assert (changed.settings.links_wanted, changed.strategy) == (3, "flooding")


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("speed", "9", "speed: a scenario has no such value"),
        ("nodes.of", "9", "nodes.of: a scenario has no such value"),
        ("nodes", "9.5", "nodes: need a whole number"),
        ("settings.links_wanted", "0", "settings.links_wanted: need 1 <="),
    ],
)
def test_a_change_that_cannot_be_meant_is_refused(key: str, value: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint.replace(".", r"\.")):
        altered(Scenario(), {key: value})
