"""Runs of scenarios: a few nodes, the real cores, minutes of virtual time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from p2pchat.sim.simulate import Job, Result, simulate

ROOT = Path(__file__).resolve().parents[2]

BRIEF = {"bootstrap_s": "15", "warm_up_s": "0", "measure_s": "15", "load.per_minute": "3"}
SETTLED = BRIEF | {"load.warm_up_cells": "50", "load.per_minute": "20", "warm_up_s": "10"}


def run(scenario: str, nodes: int, **changes: str) -> Result:
    more = {key.replace("__", "."): value for key, value in changes.items()}
    return simulate(Job(scenario, 1, nodes, None, BRIEF | more))


@pytest.fixture(scope="module")
def steady() -> Result:
    return simulate(Job("steady", 1, 8, None, SETTLED))


def test_a_run_says_what_was_measured(steady: Result) -> None:
    asked = (
        "delivered_ratio copies_per_node latency_p50_s latency_p99_s bytes_per_node_s links_mean partitions "
        "reconcile_bytes wall_s trace_digest scenario nodes seed strategy cells grafts memory_mb virtual_s"
    )
    assert set(asked.split()) <= set(steady)
    assert json.loads(json.dumps(steady)) == steady


def test_every_cell_comes_to_everybody(steady: Result) -> None:
    assert steady["cells"] > 10
    assert steady["delivered_ratio"] == 1.0
    assert steady["partitions"] == 1
    assert 1.0 <= steady["copies_per_node"] < 5.0
    assert 0.02 < steady["latency_p50_s"] <= steady["latency_p99_s"] < 2.0


@pytest.mark.parametrize("strategy", ["flooding", "gossipsub"])
def test_other_strategies_reach_everybody_too_at_a_price(steady: Result, strategy: str) -> None:
    other = simulate(Job("steady", 1, 8, strategy, SETTLED))
    assert other["delivered_ratio"] == 1.0
    assert other["copies_per_node"] > steady["copies_per_node"] + 1.0


def test_a_joining_node_replaces_a_leaving_one() -> None:
    result = run("churn", 10, measure_s="40", churn__leave="0.2", churn__join="0.3")
    assert result["links_mean"] > 2
    assert result["partitions"] == 1
    assert result["delivered_ratio"] > 0.99


def test_newcomers_are_introduced_by_members_when_there_is_no_rendezvous() -> None:
    result = run("churn", 8, rendezvous__down_s="0.0", churn__leave="0.0", churn__join="0.2", measure_s="40")
    assert result["partitions"] == 1
    assert result["delivered_ratio"] == 1.0


@pytest.mark.parametrize("how", ["kill", "stop", "sleep"])
def test_an_absent_node_comes_back_and_gets_what_it_missed(how: str) -> None:
    result = run("away", 8, away__share="0.2", away__for_s="60", away__how=f"'{how}'", drain_s="60")
    assert result["late"]["waited_for"] > 0
    assert result["recovered_ratio"] == 1.0
    assert result["returned"]["nodes"] == 2
    assert result["returned"]["recovered_bytes"] > 0


def test_a_partition_cuts_and_heals() -> None:
    result = run("partition", 8, partition__for_s="60", partition__at_s="5", measure_s="90")
    assert 0 < result["healed_s"] <= 10
    assert result["partitions"] == 1
    assert result["late"]["waited_for"] > 0
    assert result["recovered_ratio"] == 1.0


def test_halves_without_a_rendezvous_become_one_when_one_of_each_is_introduced() -> None:
    result = run("bridge", 8, partition__for_s="60", partition__at_s="5", measure_s="120")
    assert result["healed_s"] < 60
    assert result["partitions"] == 1
    assert result["recovered_ratio"] == 1.0


def test_a_flooder_is_measured_level_by_level() -> None:
    parts = run("flooder", 10, flooder__times="[1, 50]")["parts"]
    assert [part["flooder_times"] for part in parts] == [1.0, 50.0]
    assert parts[1]["flooder_cells"] > parts[0]["flooder_cells"] > 0
    assert all(part["delivered_ratio"] == 1.0 for part in parts)


def test_nodes_behind_nats_find_others() -> None:
    assert run("nat", 10)["delivered_ratio"] == 1.0
