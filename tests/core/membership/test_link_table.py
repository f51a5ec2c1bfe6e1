"""Of a link that is not there, or not open yet, nothing waits and nothing leaves."""

from __future__ import annotations

from p2pchat.core.link.link import AT_ENGINE
from p2pchat.types import LinkId, MeshId
from p2pchat.wire.control import Heartbeat, encode
from p2pchat.wire.frame import Frame, FrameKind
from tests.support.sides import SEAT, Side, linked

MESH = MeshId(bytes(16))
WORD = Frame(FrameKind.CONTROL, encode(Heartbeat(0)))


def test_an_open_link_is_known_by_its_other_end() -> None:
    ana, bob = Side("ana"), Side("bob")
    theirs, _ = linked(ana, bob)
    assert ana.table.node_at(theirs.id) == bob.node and ana.table.knows_node(bob.node)
    assert ana.table.list_bindings() == {theirs.id: theirs.binding}
    assert ana.table.counted_neighbours() == [theirs]
    assert [status.state for status in ana.table.list_status(MESH)] == ["up"]
    assert 0 < ana.table.find_space(theirs.id) < AT_ENGINE < ana.table.own_space(theirs.id)
    assert ana.table.count_waiting(theirs.id, None) == 0
    assert len(ana.table.send(theirs.id, WORD, 0.0)) == 1


def test_an_attempt_has_no_channel() -> None:
    ana = Side("ana")
    link, _ = ana.offers(0.0)
    assert link in ana.table and ana.table.waiting_at(SEAT) is ana.table[link]
    assert ana.table.find_space(link) == ana.table.own_space(link) == ana.table.count_waiting(link, None) == 0
    assert ana.table.send(link, WORD, 0.0) == []
    assert ana.table.counted_neighbours() == [] and ana.table.list_bindings() == {}


def test_what_is_gone_is_gone() -> None:
    ana = Side("ana")
    link, _ = ana.offers(0.0)
    neighbour = ana.table[link]
    ana.table.drop_link(neighbour)
    ana.table.drop_link(neighbour)
    assert len(ana.table) == 0 and link not in ana.table
    assert ana.table.get(link) is None is ana.table.node_at(LinkId(7))
    assert ana.table.waiting_at(SEAT) is None
