"""What a node says of itself, as values that scripts read and in words that people do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.control import answers
from p2pchat.control.values import plain
from p2pchat.core.values.status import (
    ClockStatus,
    HoldStatus,
    LinkStatus,
    MeshStatus,
    RendezvousStatus,
    Status,
    StemStatus,
)
from p2pchat.daemon import views
from p2pchat.types import LinkId, MeshId, NodeId

MESH = MeshId(b"m" * 16)
HELD = HoldStatus(cells=10, bytes=9_250, budget=925_000, oldest=1_800_000_000.0, dropped=0)
CHOSEN = views.NodeConfiguration(
    paths=answers.PathsInfo(
        relay_only=False, proxied=False, stun=True, turn=False, turn_refused=False, lan=False
    ),
    profile=None,
    separate=False,
    lan=None,
    listen=None,
    process=answers.ProcessInfo(pid=1, home="/home/me", memory_kb=94_000, cpu_s=0.5),
    waits_for=None,
)
DOWN = RendezvousStatus("ws://a", up=False, reason="refused")
TRYING = RendezvousStatus("ws://c", up=None, reason="")
UP = RendezvousStatus("ws://b", up=True, reason="")


def mesh(links: int, dropped: int = 0, reconciling: bool = False) -> MeshStatus:
    held = HoldStatus(HELD.cells, HELD.bytes, HELD.budget, HELD.oldest, dropped)
    node = NodeId(b"s" * 8)
    return MeshStatus(MESH, node, links, min(links, 2), 5, greeter=True, held=held, reconciling=reconciling)


def status(
    *meshes: MeshStatus,
    rendezvous: tuple[RendezvousStatus, ...] = (UP,),
    clock: ClockStatus | None = None,
) -> Status:
    link = LinkStatus(LinkId(1), MESH, NodeId(b"n" * 8), "up", 1_800_000_000.0, 3, 4, 5, True, 0.25, "sought")
    return Status((link,), rendezvous, 7, meshes, clock)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (status(), "no contacts yet"),
        (status(mesh(0), rendezvous=(DOWN,)), "no rendezvous can be reached"),
        (status(mesh(0), rendezvous=(DOWN, TRYING)), "alone: no rendezvous has answered yet"),
        (status(mesh(0), rendezvous=()), "alone: no rendezvous is known"),
        (replace(status(mesh(0), rendezvous=()), nearby=(UP,)), "no member of the mesh is online"),
        (status(mesh(0), rendezvous=(DOWN, UP)), "no member of the mesh is online"),
        (
            replace(status(mesh(0)), links=(replace(status().links[0], state="connecting"),)),
            "alone: a link to another member of the mesh is still being made",
        ),
        (
            status(mesh(0), clock=ClockStatus(-86_400.0 * 3, "ws://b")),
            "clock is 3 days behind that of ws://b",
        ),
        (status(mesh(0), clock=ClockStatus(599.0, "ws://b")), "no member of the mesh is online"),
        (status(mesh(5), clock=ClockStatus(7200.0, "ws://b")), "well linked"),
        (status(mesh(5, reconciling=True)), "catching up"),
        (status(mesh(5, dropped=1)), "the hold is full"),
        (status(mesh(1)), "thin"),
        (status(mesh(4)), "linked"),
        (status(mesh(5), rendezvous=(DOWN,)), "well linked"),
    ],
)
def test_health_is_the_worst_that_is_true(now: Status, words: str) -> None:
    assert words in views.health(now)


def test_everything_is_told_to_scripts() -> None:
    told = views.status(status(mesh(5)), 1_800_000_000.0, CHOSEN)
    assert [plain(each) for each in told.links] == [
        {
            "peer": "6e" * 8,
            "state": "up",
            "since": "2027-01-15T08:00:00.000Z",
            "mesh": "6d" * 16,
            "sent": 3,
            "received": 4,
            "shed": 5,
            "eager": True,
            "allowance": 0.25,
            "standing": "sought",
        }
    ]
    assert [plain(each) for each in told.meshes] == [
        {
            "mesh": "6d" * 16,
            "node": "73" * 8,
            "links": 5,
            "eager": 2,
            "greeter": True,
            "reconciling": False,
            "held_cells": 10,
            "held_bytes": 9_250,
            "hold_budget": 925_000,
            "held_since": "2027-01-15T08:00:00.000Z",
            "dropped": 0,
        }
    ]
    assert (told.outbox, told.links_up, told.health) == (7, 1, "well linked")


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (-3600.0 * 24 * 365.25 * 54, "54 years behind"),
        (3.2 * 3600, "3 hours ahead of"),
        (-610.0, "10 minutes behind"),
    ],
)
def test_a_wrong_clock_is_named_with_who_says_so(ahead: float, words: str) -> None:
    told = views.status(status(mesh(5), clock=ClockStatus(ahead, "ws://b")), 1_800_000_000.0, CHOSEN).clock
    doubt = f"this machine's clock is {words} that of ws://b"
    assert told == answers.ClockInfo(ahead_s=round(ahead), of="ws://b", doubt=doubt)


def test_a_right_clock_is_no_matter() -> None:
    told = views.status(status(mesh(5), clock=ClockStatus(2.0, "ws://b")), 1_800_000_000.0, CHOSEN).clock
    assert told == answers.ClockInfo(ahead_s=2, of="ws://b", doubt=None)
    assert views.status(status(mesh(5)), 1_800_000_000.0, CHOSEN).clock is None


def test_a_node_that_just_started_searching_is_not_called_alone() -> None:
    trying = RendezvousStatus("ws://a", up=None, reason="")
    assert (
        views.health(status(mesh(0), rendezvous=(trying,)), looking=True)
        == "looking for the others of the mesh"
    )
    assert "alone" in views.health(status(mesh(0), rendezvous=(DOWN,)), looking=True)
    assert views.health(status(mesh(1)), looking=True) == "thin: hangs on one link"


@pytest.mark.parametrize(("members", "words"), [(2, "linked"), (3, "thin: hangs on one link")])
def test_one_link_is_thin_only_where_there_could_be_another(members: int, words: str) -> None:
    stem = StemStatus("fast", 1, 3, members, 0, by_contact=False)
    assert views.health(status(replace(mesh(1), stem=stem))) == words


def test_a_machine_without_a_network_is_alone_though_links_still_count_as_up() -> None:
    offline = "this machine has no network"
    assert views.health(status(mesh(5, reconciling=True)), offline=offline) == f"alone: {offline}"
    assert views.health(status(), offline=offline).startswith("no contacts yet")
