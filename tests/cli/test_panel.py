"""The picture of a node: everything in it, nothing cut off, at any width."""

from __future__ import annotations

import pytest

from p2pchat.cli.panel import status_panel

LINK = {
    "peer": "6e" * 8,
    "state": "up",
    "since": "2027-01-15T08:00:00Z",
    "mesh": "6d" * 16,
    "sent": 3,
    "received": 4,
    "shed": 0,
    "eager": True,
    "allowance": 0.25,
}
STATUS = {
    "running_since": "2027-01-15T08:00:00Z",
    "health": "well linked",
    "links": [LINK, {**LINK, "state": "quiet", "eager": False}],
    "links_up": 1,
    "meshes": [
        {
            "mesh": "6d" * 16,
            "links": 1,
            "eager": 1,
            "greeter": True,
            "reconciling": False,
            "held_cells": 10,
            "held_bytes": 9_250_000,
            "hold_budget": 134_217_728,
            "held_since": "2027-01-15T08:00:00Z",
            "dropped": 12,
        }
    ],
    "rendezvous": [{"url": "ws://meet.example", "up": False, "reason": "connection refused"}],
    "outbox": 2,
    "paths": {"relay_only": False, "proxied": False, "stun": False, "turn": True, "turn_refused": False},
    "counters": {"cells relayed": 99},
    "pid": 42,
    "home": "/home/ana",
    "memory_kb": 70_000,
    "cpu_s": 1.5,
}


def test_a_turn_server_that_refuses_its_password_is_named_a_refusal() -> None:
    refused = {**STATUS, "paths": {"turn_refused": True}}
    assert "refuses" not in status_panel(STATUS, coloured=False)
    assert "a server refuses its user or password" in status_panel(refused, coloured=False)


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_a_status_is_drawn_whole(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    picture = status_panel(STATUS, coloured=False)
    words = (
        "well linked",
        "1 of them in the tree",
        "eager",
        "quiet",
        "25%",
        "9.2",
        "134.2",
        "12",
        "cells relayed 99",
    )
    assert [word for word in words if word not in picture] == []
    assert max(map(len, picture.splitlines())) <= int(columns)


def test_a_node_that_knows_nobody_is_drawn_too() -> None:
    alone = {**STATUS, "links": [], "links_up": 0, "meshes": [], "rendezvous": [], "counters": {}}
    picture = status_panel(alone, coloured=True)
    assert "none yet" in picture and "none; give one" in picture and "nothing counted yet" in picture


def test_a_clock_that_seems_wrong_is_named() -> None:
    doubt = "this machine's clock is 3 hours ahead of that of ws://meet.example"
    told = {**STATUS, "clock": {"ahead_s": 10_800, "of": "ws://meet.example", "doubt": doubt}}
    assert doubt in " ".join(status_panel(told, coloured=False).split())
    assert "clock" not in status_panel({**told, "clock": None}, coloured=False)


def test_ones_own_network_is_a_line_where_it_is_used() -> None:
    lan = {"addresses": ["192.168.1.7"], "found": 2, "problem": ""}
    picture = status_panel({**STATUS, "rendezvous": [], "lan": lan}, coloured=False)
    assert "at 192.168.1.7; others found there: 2" in picture
    assert "on your own network alone" in picture
    told = status_panel({**STATUS, "lan": {**lan, "problem": "cannot listen"}}, coloured=False)
    assert "own network: cannot listen" in told
    assert "own network" not in status_panel({**STATUS, "lan": None}, coloured=False)


def test_a_port_for_members_is_a_line_where_there_is_one() -> None:
    assert "at port 8750" in status_panel({**STATUS, "listen": {"port": 8750, "problem": ""}}, coloured=False)
    told = status_panel({**STATUS, "listen": {"port": 8750, "problem": "cannot listen"}}, coloured=False)
    assert "cannot listen" in told
