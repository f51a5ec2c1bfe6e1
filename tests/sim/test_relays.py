"""Relays that lose, hold back, mark or repeat onions are left, and repeats achieve nothing."""

from __future__ import annotations

import pytest

from p2pchat.sim.simulate import Result
from tests.sim.test_run import run


def misconduct(does: str) -> Result:
    """Two of ten relays misbehave for a minute and a half, while cells are written all the time."""
    changes = {"misconduct__share": "0.2", "misconduct__does": f"'{does}'", "misconduct__parts": "3"}
    changes |= {"settings__profile": "'fast'", "load__per_minute": "20", "warm_up_s": "30", "measure_s": "90"}
    changes |= {"load__warm_up_cells": "80", "drain_s": "10"}
    return run("dropper", 10, **changes)


@pytest.mark.parametrize("does", ["drop", "mark"])
def test_relays_that_lose_what_they_were_given_are_left_within_half_a_minute(does: str) -> None:
    result = misconduct(does)
    first, *_, last = result["parts"]
    assert first["delivered_ratio"] < 1.0
    assert last["delivered_ratio"] == 1.0
    assert result["relays"]["exposed"] > 0
    assert result["relays"]["left_p100_s"] < 60
    assert last["misused"] < first["misused"]


def test_relays_that_hold_onions_back_are_left_as_if_they_lost_them() -> None:
    result = misconduct("delay")
    first, *_, last = result["parts"]
    assert last["latency_p99_s"] < 1.0
    assert last["misused"] < first["misused"]


def test_relays_that_repeat_onions_achieve_nothing() -> None:
    result = misconduct("repeat")
    counters = result["counters"]
    assert counters.get("onions lost", 0) <= counters.get("onions without a way", 0), "links that went"
    assert 0 < counters["onions refused: repeated"] <= counters["onions misused"]
    assert result["copies_per_node"] < 2.0
