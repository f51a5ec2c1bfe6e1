"""Gossipsub keeps a mesh of links to push over, and tells some others each second what there is."""

from __future__ import annotations

from collections import Counter

from p2pchat.core.broadcast.strategy import Push, SendGossip
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.sim.strategies.gossipsub import BACK_OFF_S, D_LOW, HEARTBEAT_S, D, Gossipsub
from p2pchat.types import CellId, LinkId
from p2pchat.wire.gossip import Graft, Ihave, Prune

IDS = tuple(CellId(bytes([number]) * 16) for number in range(3))


class Held:
    """The cells that a node has seen."""

    def __init__(self, *ids: CellId) -> None:
        self.ids = ids

    def has_seen(self, id: CellId) -> bool:
        return id in self.ids

    def find_body(self, id: CellId) -> bytes | None:
        return b"cell" if id in self.ids else None


def gossipsub(links: int, *held: CellId) -> tuple[Gossipsub, list[LinkId]]:
    made = Gossipsub(SeededEntropy(1), Held(*held), Counter())
    ids = [LinkId(number) for number in range(1, links + 1)]
    for link in ids:
        made.link_up(link, 0.0)
    return made, ids


def test_the_heartbeat_grafts_until_the_mesh_is_full() -> None:
    made, _ = gossipsub(D + 4)
    sent = made.tick(HEARTBEAT_S)
    assert [item.message for item in sent if isinstance(item, SendGossip)] == [Graft((), eager=True)] * D
    assert made.tick(HEARTBEAT_S) == [], "not due again"
    assert made.next_wakeup() == 2 * HEARTBEAT_S


def test_our_own_cell_floods_and_others_go_over_the_mesh() -> None:
    made, links = gossipsub(3)
    made.on_message(Graft((), eager=True), links[0], 0.0)
    assert made.on_new_cell(IDS[0], b"cell", None, 0.0) == [Push(link, b"cell") for link in links]
    assert made.on_new_cell(IDS[1], b"cell", links[1], 0.0) == [Push(links[0], b"cell")]


def test_what_is_announced_is_asked_for_once_and_what_is_asked_for_is_sent() -> None:
    made, links = gossipsub(2, IDS[0])
    asked = made.on_message(Ihave(IDS, late=False), links[0], 0.0)
    assert asked == [SendGossip(links[0], Graft(IDS[1:], eager=False))]
    assert made.on_message(Ihave(IDS, late=False), links[1], 0.0) == []
    assert made.on_message(Graft(IDS, eager=False), links[1], 0.0) == [Push(links[1], b"cell")]


def test_a_pruned_link_is_left_alone_for_a_minute() -> None:
    made, links = gossipsub(D_LOW - 1)
    for link in links:
        made.on_message(Prune(agreed=True), link, 0.0)
    assert made.tick(HEARTBEAT_S) == []
    assert len(made.tick(BACK_OFF_S)) == len(links)


def test_a_message_of_a_link_that_is_gone_is_ignored() -> None:
    made, links = gossipsub(1)
    made.link_down(links[0], True, 0.0)
    assert made.on_message(Graft((), eager=True), links[0], 0.0) == []
    assert made.pushing_links() == {}
