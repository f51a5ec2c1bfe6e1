"""What a node says of itself, as values that scripts read and in words that people do."""

from __future__ import annotations

import pytest

from p2pchat.core.status import HoldStatus, LinkStatus, MeshStatus, RendezvousStatus, Status
from p2pchat.daemon import views
from p2pchat.types import LinkId, MeshId, NodeId

MESH = MeshId(b"m" * 16)
HELD = HoldStatus(cells=10, bytes=9_250, budget=925_000, oldest=1_800_000_000.0, dropped=0)
DOWN = RendezvousStatus("ws://a", up=False, reason="refused")
UP = RendezvousStatus("ws://b", up=True, reason="")


def mesh(links: int, dropped: int = 0, reconciling: bool = False) -> MeshStatus:
    held = HoldStatus(HELD.cells, HELD.bytes, HELD.budget, HELD.oldest, dropped)
    return MeshStatus(MESH, links, min(links, 2), 5, greeter=True, held=held, reconciling=reconciling)


def status(*meshes: MeshStatus, rendezvous: tuple[RendezvousStatus, ...] = (UP,)) -> Status:
    link = LinkStatus(LinkId(1), MESH, NodeId(b"n" * 8), "up", 1_800_000_000.0, 3, 4, 5, True, 0.25)
    return Status(NodeId(b"s" * 8), (link,), rendezvous, 7, meshes)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (status(), "knows nobody"),
        (status(mesh(0), rendezvous=(DOWN,)), "no rendezvous can be reached"),
        (status(mesh(0), rendezvous=(DOWN, UP)), "nobody of the mesh is there"),
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
    told = views.status(status(mesh(5)), 1_800_000_000.0, {"pid": 1})
    assert told["links"] == [
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
        }
    ]
    assert told["meshes"] == [
        {
            "mesh": "6d" * 16,
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
    assert (told["outbox"], told["links_up"], told["health"]) == (7, 1, "well linked")
