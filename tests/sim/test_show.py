"""Results are shown with the names, units and marks that a person reads."""

from __future__ import annotations

from typing import Any

from p2pchat.sim import show

RESULT: dict[str, Any] = {
    **dict.fromkeys(show._NAMES, None),
    "scenario": "steady",
    "nodes": 8,
    "strategy": "plumtree",
    "seed": 1,
    "set": {"load.per_minute": "3"},
    "cells": 12345,
    "latency_p50_s": 0.25,
    "trace_digest": "ab" * 16,
    "relays": None,
    "parts": [],
}


def test_a_table_has_a_title_numbers_and_units_and_leaves_out_what_is_not_known() -> None:
    text = show.table(RESULT)
    assert "steady: 8 nodes, plumtree, seed 1, load.per_minute=3" in text
    assert "12 345" in text and "0.25 s" in text
    assert "grafts" not in text


def test_a_comparison_shows_the_ratio_and_what_stayed_the_same() -> None:
    text = show.comparison(RESULT, {**RESULT, "latency_p50_s": 0.5})
    assert "2.000" in text and "same" in text


def test_a_label_names_the_lead_where_there_is_one() -> None:
    assert show.label(RESULT) == "plumtree"
    assert show.label({**RESULT, "set": {"damping.lead_s": "0.025"}}) == "plumtree 25 ms"


def test_a_case_is_named_with_what_is_unusual_about_it() -> None:
    case = {
        "scheme": "strong",
        "cover": "fresh",
        "fresh_stems": False,
        "told": True,
        "traced": False,
        "trusted_first": False,
        "false_links": 0,
        "near": 2,
    }
    assert show.hidden_by(case) == "strong, cover by other ways, broadcast told, 2 neighbours collude"
