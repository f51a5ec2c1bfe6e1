"""The picture of a node: everything in it, nothing cut off, at any width."""

from __future__ import annotations

from typing import Any

import pytest

from p2pchat.control.values import plain
from p2pchat.pictures.drawing import drawn_text, terminal_width
from p2pchat.pictures.status import mesh_picture, status_picture
from tests.support.fake_node import link_status, mesh_status, status

LINK = plain(link_status(peer="6e" * 8, allowance=0.25))
HELD = {"held_cells": 10, "held_bytes": 9_250_000, "hold_budget": 134_217_728, "dropped": 12}
KNOWN: dict[str, Any] = {
    "health": "well linked",
    "links": [LINK, {**LINK, "state": "quiet", "eager": False}],
    "meshes": [plain(mesh_status(greeter=True, **HELD))],
    "rendezvous": [{"url": "ws://meet.example", "up": False, "reason": "connection refused"}],
    "counters": {"cells relayed": 99},
}


def drawn(coloured: bool = False, **rest: Any) -> str:
    """The picture of a node of which that is known."""
    picture = status_picture(status(**{**KNOWN, **rest}))
    return drawn_text(picture, terminal_width(), coloured=coloured)


def test_a_turn_server_that_refuses_its_password_is_named_a_refusal() -> None:
    assert "refuses" not in drawn()
    paths = {**plain(status().paths), "turn_refused": True}
    assert "your server refuses its user or password; see 'p2pchat config get ice'" in drawn(paths=paths)
    paths = {**plain(status().paths), "hinted_refused": True}
    assert "the rendezvous' TURN server refuses you; tell its operator" in drawn(paths=paths)


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_a_status_is_drawn_whole(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    picture = drawn()
    words = (
        "well linked",
        "1 of them in the tree",
        "eager",
        "quiet",
        "25%",
        "8.8",
        "128.0",
        "12",
        "cells relayed 99",
    )
    assert [word for word in words if word not in picture] == []
    assert max(map(len, picture.splitlines())) <= int(columns)


def test_rooms_are_drawn_where_there_are_any() -> None:
    counts = {"rooms": 2, "offers": 1, "silent": 0, "put_back": 0}
    assert "2, 1 invitation" in drawn(rooms=counts)
    assert "rooms" not in drawn(rooms={**counts, "rooms": 0, "offers": 0})


def test_a_node_without_contacts_is_drawn_too() -> None:
    picture = drawn(coloured=True, links=[], links_up=0, meshes=[], rendezvous=[], counters={})
    assert "none yet" in picture and "none; give one" in picture and "nothing counted yet" in picture


def test_a_clock_that_seems_wrong_is_named() -> None:
    doubt = "this machine's clock is 3 hours ahead of that of ws://meet.example"
    clock = {"ahead_s": 10_800, "of": "ws://meet.example", "doubt": doubt}
    assert doubt in " ".join(drawn(clock=clock).split())
    assert "clock" not in drawn(clock=None)


def test_ones_own_network_is_a_line_where_it_is_used() -> None:
    lan = {"addresses": ["192.168.1.7"], "found": 2, "problem": ""}
    picture = drawn(rendezvous=[], lan=lan)
    assert "at 192.168.1.7; others found there: 2" in picture
    assert "on your own network only" in picture
    told = drawn(lan={**lan, "problem": "cannot listen"})
    assert "own network: cannot listen" in told
    assert "own network" not in drawn(lan=None)


def test_a_port_for_members_is_a_line_where_there_is_one() -> None:
    assert "at port 8750" in drawn(listen={"port": 8750, "problem": ""})
    told = drawn(listen={"port": 8750, "problem": "cannot listen"})
    assert "cannot listen" in told


def test_the_narrow_picture_says_the_same_in_forty_columns() -> None:
    lan = {"addresses": [], "found": 0, "problem": "cannot listen"}
    clock = {"ahead_s": 10_800, "of": "ws://meet.example", "doubt": "this machine's clock is hours ahead"}
    known = status(**{**KNOWN, "lan": lan, "clock": clock})
    picture = drawn_text(mesh_picture(known), 40)
    for words in ("well linked", "hidden among 8 computers", "quiet", "hours ahead", "stores 10 packets"):
        assert words in " ".join(picture.split()), words
    assert max(map(len, picture.splitlines())) <= 40


def test_where_there_is_no_link_the_health_alone_says_why() -> None:
    said = drawn(links=[], links_up=0, health="alone: no rendezvous can be reached")
    assert "alone: no rendezvous can be reached" in said
    assert "none yet" in said and "no member" not in said


@pytest.mark.parametrize("columns", [24, 36, 55])
def test_the_panel_shows_an_address_whole_beside_any_reason(columns: int) -> None:
    url, reason = "ws://203.0.113.11:8750", "Network is unreachable " * 8
    known = status(**{**KNOWN, "rendezvous": [{"url": url, "up": False, "reason": reason}]})
    lines = drawn_text(mesh_picture(known), columns, coloured=False).splitlines()
    begins = lines.index("rendezvous")
    assert lines[begins + 1].startswith(url)
    told = " ".join(lines[begins + 1 : lines.index("", begins)])
    assert told.split() == [url, "down", *reason.split()]


def test_seconds_of_the_processor_have_one_digit() -> None:
    assert ", 2.2 s of CPU" in drawn(cpu_s=2.171)


def test_no_stem_is_promised_where_there_is_none() -> None:
    panel = {}
    for state, hops in (("pinned", 4), ("none", 1), ("none", 0)):
        stem = {"hops": hops, "state": state, "drawn": 1, "by_contact": False}
        known = status(**{**KNOWN, "meshes": [plain(mesh_status(profile="fast", crowd=2, stem=stem))]})
        panel[hops] = " ".join(drawn_text(mesh_picture(known), 40, coloured=False).split())
    assert "(a stem without delays" in panel[4]
    assert "a stem without" not in panel[1] + panel[0]
