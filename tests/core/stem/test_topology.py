"""A node knows its surroundings by descriptors; only links that both ends confirm count."""

from __future__ import annotations

from collections import Counter

import pytest

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.epoch_map import EpochMap
from p2pchat.core.stem.topology import Topology
from p2pchat.errors import Malformed, Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch, HopId, LinkId
from p2pchat.wire.topology import Descriptors
from tests.support.topologies import EPOCH, Signer, graph, signers


def topology(names: str, *edges: str) -> tuple[Topology, dict[str, HopId]]:
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


def test_it_is_closed_when_no_listed_node_is_missing() -> None:
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
    old, new = node.descriptor(), node.descriptor([HopId(b"x" * 8)])
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
    assert known.find_onward(node.id) == []
    again = known.put_descriptor(data, 2)
    assert again.news and not again.stranger
    assert known.find_onward(node.id) == [(1, data)]
    assert not known.put_descriptor(data, 1).news


def test_forgeries_and_other_epochs_are_refused() -> None:
    (node,) = signers("a").values()
    known = Topology(EPOCH)
    with pytest.raises(Malformed):
        known.put_descriptor(node.descriptor(epoch=Epoch(EPOCH + 1)), 3)
    forged = bytearray(node.descriptor())
    forged[-1] ^= 1
    with pytest.raises(Unreadable):
        known.put_descriptor(bytes(forged), 3)
    assert len(known) == 0


def test_when_there_are_too_many_the_farthest_and_the_unlinked_go_first() -> None:
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
    epoch_map = EpochMap(EPOCH, SeededEntropy("station"), Counter(), NEVER, 0.0)
    for each in graph(signers("ab"), "ab").values():
        epoch_map.topology.put_descriptor(each, 3)
    link = LinkId(1)
    told = []
    for _ in range(2):
        epoch_map.link_up(link, bytes(32), 0.0)
        for at in (1.0, 2.0, 3.0):
            epoch_map.on_descriptor_request(link, at)
            told.append(sum(isinstance(each.message, Descriptors) for each in epoch_map.tick(at + 0.9)))
        epoch_map.link_down(link, 4.0)
    assert told == [1, 0, 0] * 2


# --- two with one serial


def contradicted(hops: tuple[int, int] = (3, 3)) -> tuple[Topology, Signer, list[bytes]]:
    """A topology that knows two descriptors of a which bear one serial, one listing b, the other c."""
    nodes = signers("abc")
    told = [nodes["a"].descriptor([nodes[name].id], serial=7) for name in "bc"]
    known = Topology(EPOCH)
    for name in "bc":
        known.put_descriptor(nodes[name].descriptor([nodes["a"].id]), 3)
    for each, left in zip(told, hops, strict=True):
        known.put_descriptor(each, left)
    return known, nodes["a"], told


def test_two_signed_descriptors_with_one_serial_show_that_their_owner_lies() -> None:
    known, liar, told = contradicted()
    assert known.is_contradicted(liar.id)
    assert known.find_onward(liar.id) == [(2, told[0]), (2, told[1])], "both go on: they are the proof"
    assert not known.map_links()[liar.id], "no stem leads over it"


def test_the_proof_goes_as_far_as_the_farther_of_the_two() -> None:
    known, liar, told = contradicted((0, 2))
    assert known.find_onward(liar.id) == [(1, told[0]), (1, told[1])]


def test_it_is_told_once_and_nothing_that_the_owner_says_later_takes_it_back() -> None:
    known, liar, told = contradicted()
    later = [known.put_descriptor(each, 3) for each in (*told, liar.descriptor(serial=7), liar.descriptor())]
    assert not any(each.news or each.contradicts for each in later)
    assert known.is_contradicted(liar.id) and len(known) == 3


def test_the_same_one_twice_or_one_that_somebody_forged_shows_nothing() -> None:
    (node,) = signers("a").values()
    known = Topology(EPOCH)
    data = node.descriptor(serial=7)
    forged = bytearray(node.descriptor([HopId(b"x" * 8)], serial=7))
    forged[0] ^= 1
    known.put_descriptor(data, 3)
    known.put_descriptor(data, 3)
    with pytest.raises(Unreadable):
        known.put_descriptor(bytes(forged), 3)
    assert not known.is_contradicted(node.id)


def test_who_knows_one_of_two_hears_the_other_also_when_it_brought_the_first() -> None:
    epoch_map = EpochMap(EPOCH, SeededEntropy("station"), Counter(), NEVER, 0.0)
    told = [signers("a")["a"].descriptor([HopId(bytes(7) + name)], serial=7) for name in (b"b", b"c")]
    for number, each in enumerate(told):
        epoch_map.link_up(LinkId(number), bytes(32), 0.0)
        epoch_map.on_descriptor(LinkId(number), each, 3, 1.0)
    said = [out for out in epoch_map.tick(2.0) if isinstance(out.message, Descriptors)]
    assert {
        out.link: [data for _, data in out.message.descriptors]
        for out in said
        if isinstance(out.message, Descriptors)
    } == {
        LinkId(0): told,
        LinkId(1): told,
    }
