"""A node knows its surroundings by descriptors; only links that both ends confirm count."""

from __future__ import annotations

from collections import Counter

import pytest

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.station import Station
from p2pchat.core.stem.topology import Topology
from p2pchat.errors import Malformed, Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId
from p2pchat.wire.topology import Descriptors
from tests.support.topologies import EPOCH, graph, signers


def topology(names: str, *edges: str) -> tuple[Topology, dict[str, bytes]]:
    nodes = signers(names)
    known = Topology(EPOCH)
    for descriptor in graph(nodes, *edges).values():
        known.put_descriptor(descriptor, 3)
    return known, {name: node.id for name, node in nodes.items()}


def test_a_link_that_only_one_end_lists_does_not_count() -> None:
    known, ids = topology("abc", "ab", "a>c")
    assert known.are_linked(ids["a"], ids["b"]) and known.are_linked(ids["b"], ids["a"])
    assert not known.are_linked(ids["a"], ids["c"])
    assert known.map_links()[ids["a"]] == (ids["b"],)


def test_it_is_closed_when_nobody_who_is_listed_is_missing() -> None:
    nodes = signers("abc")
    descriptors = graph(nodes, "ab", "bc")
    known = Topology(EPOCH)
    known.put_descriptor(descriptors["a"], 3)
    assert not known.is_complete(nodes["a"].id)
    known.put_descriptor(descriptors["b"], 3)
    assert not known.is_complete(nodes["a"].id)
    known.put_descriptor(descriptors["c"], 3)
    assert known.is_complete(nodes["a"].id)


def test_a_later_descriptor_holds_and_an_earlier_one_tells_nothing() -> None:
    (node,) = signers("a").values()
    old, new = node.descriptor(), node.descriptor([b"x" * 8])
    known = Topology(EPOCH)
    first = known.put_descriptor(new, 3)
    assert first.news and first.stranger
    assert not known.put_descriptor(old, 4).news
    descriptor = known.find_descriptor(node.id)
    assert descriptor is not None and descriptor.links == (b"x" * 8,)


def test_the_same_descriptor_by_a_shorter_way_goes_on_further() -> None:
    (node,) = signers("a").values()
    data = node.descriptor()
    known = Topology(EPOCH)
    known.put_descriptor(data, 0)
    assert known.find_onward(node.id) is None
    again = known.put_descriptor(data, 2)
    assert again.news and not again.stranger
    assert known.find_onward(node.id) == (1, data)
    assert not known.put_descriptor(data, 1).news


def test_forgeries_and_other_epochs_are_refused() -> None:
    (node,) = signers("a").values()
    known = Topology(EPOCH)
    with pytest.raises(Malformed):
        known.put_descriptor(node.descriptor(epoch=EPOCH + 1), 3)
    forged = bytearray(node.descriptor())
    forged[-1] ^= 1
    with pytest.raises(Unreadable):
        known.put_descriptor(bytes(forged), 3)
    assert len(known) == 0


def test_when_there_are_too_many_the_farthest_go_first_and_those_nobody_is_linked_with() -> None:
    nodes = signers("abcdefgh")
    known = Topology(EPOCH, cap=5)
    for descriptor in graph(nodes, "ab", "bc", "cd", "e>a", "fg").values():
        known.put_descriptor(descriptor, 3)
    assert set(known.drop_farthest([nodes["a"].id, nodes["h"].id])) == {nodes[name].id for name in "efg"}
    assert not known.full and len(known) == 5
    assert known.map_links().get(nodes["f"].id) is None


def test_of_those_equally_far_the_stalest_goes() -> None:
    nodes = signers("abc")
    known = Topology(EPOCH, cap=2)
    for name in "ab":
        known.put_descriptor(nodes[name].descriptor(), 3)
    known.put_descriptor(nodes["a"].descriptor(), 3)
    known.put_descriptor(nodes["c"].descriptor(), 3)
    assert known.drop_farthest([]) == [nodes["b"].id]


def test_a_neighbour_is_told_all_that_is_known_once() -> None:
    station = Station(EPOCH, SeededEntropy("station"), Counter(), NEVER, 0.0)
    for each in graph(signers("ab"), "ab").values():
        station.topology.put_descriptor(each, 3)
    link = LinkId(1)
    told = []
    for _ in range(2):
        station.link_up(link, bytes(32), 0.0)
        for at in (1.0, 2.0, 3.0):
            station.asked(link, at)
            told.append(sum(isinstance(each.message, Descriptors) for each in station.tick(at + 0.9)))
        station.link_down(link, 4.0)
    assert told == [1, 0, 0] * 2
