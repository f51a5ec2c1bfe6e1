"""A node knows its surroundings by records; only links that both ends confirm count."""

from __future__ import annotations

from collections import Counter

import pytest

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.station import Station
from p2pchat.core.stem.vicinity import Vicinity
from p2pchat.errors import Malformed, Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId
from p2pchat.wire.vicinity import Records
from tests.support.vicinities import EPOCH, graph, signers


def vicinity(names: str, *edges: str) -> tuple[Vicinity, dict[str, bytes]]:
    nodes = signers(names)
    known = Vicinity(EPOCH)
    for record in graph(nodes, *edges).values():
        known.put(record, 3)
    return known, {name: node.id for name, node in nodes.items()}


def test_a_link_that_only_one_end_lists_does_not_count() -> None:
    known, ids = vicinity("abc", "ab", "a>c")
    assert known.linked(ids["a"], ids["b"]) and known.linked(ids["b"], ids["a"])
    assert not known.linked(ids["a"], ids["c"])
    assert known.map()[ids["a"]] == (ids["b"],)


def test_it_is_closed_when_nobody_who_is_listed_is_missing() -> None:
    nodes = signers("abc")
    records = graph(nodes, "ab", "bc")
    known = Vicinity(EPOCH)
    known.put(records["a"], 3)
    assert not known.closed(nodes["a"].id)
    known.put(records["b"], 3)
    assert not known.closed(nodes["a"].id)
    known.put(records["c"], 3)
    assert known.closed(nodes["a"].id)


def test_a_later_record_holds_and_an_earlier_one_tells_nothing() -> None:
    (node,) = signers("a").values()
    old, new = node.record(), node.record([b"x" * 8])
    known = Vicinity(EPOCH)
    first = known.put(new, 3)
    assert first.news and first.stranger
    assert not known.put(old, 4).news
    record = known.record(node.id)
    assert record is not None and record.links == (b"x" * 8,)


def test_the_same_record_by_a_shorter_way_goes_on_further() -> None:
    (node,) = signers("a").values()
    data = node.record()
    known = Vicinity(EPOCH)
    known.put(data, 0)
    assert known.onward(node.id) is None
    again = known.put(data, 2)
    assert again.news and not again.stranger
    assert known.onward(node.id) == (1, data)
    assert not known.put(data, 1).news


def test_forgeries_and_other_epochs_are_refused() -> None:
    (node,) = signers("a").values()
    known = Vicinity(EPOCH)
    with pytest.raises(Malformed):
        known.put(node.record(epoch=EPOCH + 1), 3)
    forged = bytearray(node.record())
    forged[-1] ^= 1
    with pytest.raises(Unreadable):
        known.put(bytes(forged), 3)
    assert len(known) == 0


def test_when_there_are_too_many_the_farthest_go_first_and_those_nobody_is_linked_with() -> None:
    nodes = signers("abcdefgh")
    known = Vicinity(EPOCH, cap=5)
    for record in graph(nodes, "ab", "bc", "cd", "e>a", "fg").values():
        known.put(record, 3)
    assert set(known.thin([nodes["a"].id, nodes["h"].id])) == {nodes[name].id for name in "efg"}
    assert not known.full and len(known) == 5
    assert known.map().get(nodes["f"].id) is None


def test_of_those_equally_far_the_stalest_goes() -> None:
    nodes = signers("abc")
    known = Vicinity(EPOCH, cap=2)
    for name in "ab":
        known.put(nodes[name].record(), 3)
    known.put(nodes["a"].record(), 3)
    known.put(nodes["c"].record(), 3)
    assert known.thin([]) == [nodes["b"].id]


def test_a_neighbour_is_told_all_that_is_known_once() -> None:
    station = Station(EPOCH, SeededEntropy("station"), Counter(), NEVER, 0.0)
    for each in graph(signers("ab"), "ab").values():
        station.vicinity.put(each, 3)
    link = LinkId(1)
    told = []
    for _ in range(2):
        station.link_up(link, bytes(32), 0.0)
        for at in (1.0, 2.0, 3.0):
            station.asked(link, at)
            told.append(sum(isinstance(each.message, Records) for each in station.tick(at + 0.9)))
        station.link_down(link, 4.0)
    assert told == [1, 0, 0] * 2
