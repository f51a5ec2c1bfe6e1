"""A node itself draws the nodes that it seeks, and nodes on the way cannot substitute others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from p2pchat.core.membership import search
from p2pchat.core.membership.search import PATHS_MAX, Agreed, Found, PeerSearch, draw, shortest, wander
from p2pchat.core.membership.walk import SendWalk, WalkRef
from p2pchat.crypto.descriptor import DescriptorKey
from p2pchat.crypto.exchange import public_point
from p2pchat.ports import sample
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId, LinkId
from p2pchat.wire.walk import Ticket, Walk

Map = dict[HopId, list[HopId]]
NODES = [HopId(bytes([number]) * 8) for number in range(200)]
OWN = NODES[0]
KEYS: dict[HopId, DescriptorKey] = {}
ANSWER_KEY = public_point(b"k" * 32)


def linked(pairs: Iterable[tuple[HopId, HopId]]) -> Map:
    links: Map = {}
    for one, other in pairs:
        links.setdefault(one, []).append(other)
        links.setdefault(other, []).append(one)
    return links


def random_map(count: int, seed: object, each: int = 3) -> Map:
    """Every node has chosen three."""
    entropy = SeededEntropy(seed)
    pairs: dict[frozenset[HopId], None] = {}
    for node in NODES[:count]:
        others = [other for other in NODES[:count] if other != node]
        pairs.update(dict.fromkeys(frozenset((node, other)) for other in sample(entropy, others, each)))
    ordered = (sorted(pair) for pair in pairs)
    return linked((one, other) for one, other in ordered)


class Here:
    """Our place on a map; the link to a node has its number."""

    id = OWN

    def __init__(self, links: Map) -> None:
        self._links = links

    def confirmed_links(self) -> Map:
        return self._links

    @property
    def reachable(self) -> int:
        return len(self._links)

    @property
    def near(self) -> list[LinkId]:
        return [LinkId(node[0]) for node in self._links[OWN]]

    def link_to(self, node: HopId) -> LinkId | None:
        return LinkId(node[0]) if node in self._links[OWN] else None

    def name_at(self, link: LinkId) -> HopId | None:
        return NODES[link]

    def verify_key(self, node: HopId) -> bytes | None:
        return key(node).public

    def sign_ticket(self, walk_key: bytes, ticket_key: bytes, vacant: bool) -> bytes:
        raise AssertionError("no node asks us")


def key(node: HopId) -> DescriptorKey:
    return KEYS.setdefault(node, DescriptorKey.generate(SeededEntropy(node)))


def seeking(seed: object = 0) -> tuple[PeerSearch, Counter[str]]:
    counters: Counter[str] = Counter()
    return PeerSearch(SeededEntropy(seed), counters), counters


def asked(out: list[search.Output]) -> tuple[LinkId, Walk]:
    (said,) = out
    assert isinstance(said, SendWalk) and isinstance(said.message, Walk)
    return said.link, said.message


def answer(searching: PeerSearch, link: LinkId, walk: Walk, vacant: bool) -> list[search.Output]:
    """The node that the walk names answers."""
    ticket = Ticket(walk.id, ANSWER_KEY, vacant, key(walk.path[-1]).sign_ticket(walk.key, ANSWER_KEY, vacant))
    return searching.receive(link, ticket, lambda name: None, True, 0.0)


def test_a_node_that_answers_with_room_is_offered_a_link() -> None:
    searching, _ = seeking()
    link, walk = asked(searching.seek_link(Here(random_map(40, 1)), [], False, 0.0))
    assert searching.open == 1
    (agreed,) = answer(searching, link, walk, vacant=True)
    assert agreed == Agreed(WalkRef(link, walk.id), swap=False, among=40)
    assert searching.open == 0, "an attempt is under way"
    assert searching.on_attempt_ended(WalkRef(link, walk.id), answered=True, now=1.0) == []
    assert searching.next_wakeup() == float("inf")


def test_only_the_end_of_a_walk_itself_can_have_another_drawn_in_its_place() -> None:
    searching, counters = seeking()
    here = Here(random_map(40, 1))
    link, walk = asked(searching.seek_link(here, [], False, 0.0))
    assert answer(searching, link, walk, vacant=False) == []
    assert searching.open == 0 and counters["walks met no room"] == 1
    assert asked(searching.seek_link(here, [], False, 1.0))[1].path[-1] != walk.path[-1]


@pytest.mark.parametrize("seed", range(10))
def test_a_silent_node_is_asked_by_ways_that_avoid_the_nodes_of_the_first(seed: int) -> None:
    searching, counters = seeking(seed)
    here = Here(random_map(60, seed))
    first = asked(searching.seek_link(here, here.near, False, 0.0))[1]
    walks = [first, *(asked(searching.tick(searching.next_wakeup()))[1] for _ in range(PATHS_MAX - 1))]
    assert len({walk.path[-1] for walk in walks}) == 1
    assert not set(walks[0].path[:-1]) & set(walks[1].path[:-1])
    assert searching.tick(searching.next_wakeup()) == []
    assert searching.open == 0 and counters["walks given up"] == 1


def test_an_offer_that_got_lost_goes_by_another_way_to_the_same() -> None:
    searching, _ = seeking()
    link, walk = asked(searching.seek_link(Here(random_map(40, 2)), [], False, 0.0))
    assert answer(searching, link, walk, vacant=True)
    _, again = asked(searching.on_attempt_ended(WalkRef(link, walk.id), answered=False, now=20.0))
    assert again.path[-1] == walk.path[-1] and again.key != walk.key
    assert searching.open == 1


def test_a_neighbour_that_is_drawn_is_found_without_a_word_and_never_twice() -> None:
    searching, _ = seeking()
    here = Here(linked((OWN, node) for node in NODES[1:4]))
    found = searching.seek_link(here, [LinkId(1), LinkId(2)], False, 0.0)
    assert found == [Found(LinkId(3), among=4)]
    assert searching.seek_link(here, [LinkId(1), LinkId(2), LinkId(3)], False, 0.0) == []


def test_beyond_a_link_a_walk_goes_over_it() -> None:
    one, two, far, beyond = NODES[1:5]
    here = Here(linked([(OWN, one), (one, two), (two, beyond), (OWN, far), (far, beyond)]))
    for seed in range(20):
        out = seeking(seed)[0].seek_link(here, [LinkId(1)], True, 0.0, via=LinkId(3))
        if isinstance(out[0], Found):
            assert out == [Found(LinkId(3), among=5)]
        else:
            link, walk = asked(out)
            assert link == 3 and walk.path[0] == far


def test_a_way_is_short_simple_and_leads_to_its_end() -> None:
    links = random_map(100, 3)
    for end in NODES[1:100]:
        way = shortest(links, OWN, end, (), SeededEntropy(end))
        assert way is not None and way[-1] == end and len(way) == len(set(way)) <= 5
        assert all(b in links[a] for a, b in zip((OWN, *way), way, strict=False))
    assert shortest(links, OWN, NODES[150], (), SeededEntropy(0)) is None


# --- the draws that colluders can cause


def share(links: Map, origins: list[HopId], bad: Callable[[HopId], bool], draws: int = 20) -> float:
    """Of what is drawn, how much is bad."""
    entropy = SeededEntropy("draws")
    drawn = [draw(links, own, None, {own}, entropy) for own in origins for _ in range(draws)]
    return sum(bad(node) for node in drawn if node is not None) / len(drawn)


def test_a_node_with_more_links_is_not_drawn_more_often() -> None:
    """Ten of a hundred have ten links, as many as a record lists; the others six."""
    links, hostile = random_map(100, 4), NODES[90:100]
    entropy = SeededEntropy("greed")
    for node in hostile:
        strangers = [other for other in NODES[:90] if other not in links[node] and len(links[other]) < 10]
        for other in sample(entropy, strangers, 10 - len(links[node])):
            links[node].append(other)
            links[other].append(node)
    assert sum(len(links[node]) for node in hostile) == 100
    wandered = [wander(links, own, entropy) for own in NODES[:90] for _ in range(30)]
    assert abs(sum(node in hostile for node in wandered) / len(wandered) - 0.1) < 0.02


def test_a_newcomer_draws_its_only_neighbour_no_oftener_than_others() -> None:
    """The node that a rendezvous showed has ten links, of its own seeking; a walk that could stay with the
    newcomer would do so nine times in ten, and then end there."""
    links = random_map(40, 7)
    hub, newcomer = NODES[39], NODES[150]
    for other in [each for each in NODES[:39] if each not in links[hub]][: 9 - len(links[hub])]:
        links[hub].append(other)
        links[other].append(hub)
    links[hub].append(newcomer)
    links[newcomer] = [hub]
    entropy = SeededEntropy("newcomer")
    ends = [draw(links, newcomer, None, {newcomer}, entropy) for _ in range(2000)]
    assert ends.count(hub) / len(ends) < 2 / 40, "it is one of forty"


def test_one_node_that_invents_others_is_drawn_no_oftener_for_them() -> None:
    """A hundred names behind one of fifty nodes, linked among themselves as richly as it likes: that one
    stands before them all."""
    links, liar = random_map(50, 5), NODES[49]
    invented = NODES[100:200]
    more = linked([(liar, invented[0]), (liar, invented[1]), (liar, invented[2])])
    ring = linked((invented[n], invented[(n + step) % 100]) for n in range(100) for step in (1, 7, 31))
    for extra in (more, ring):
        for node, near in extra.items():
            links[node] = [*links.get(node, []), *near]
    assert share(links, NODES[:49], lambda node: node in invented) == 0.0
    assert share(links, NODES[:49], lambda node: node == liar) < 0.05


def test_several_that_invent_others_gain_only_the_walks_that_pass_them() -> None:
    """Five of fifty, each with four links more to a hundred and fifty names that they have in common: no one
    stands before these alone, and they are three quarters of the map."""
    links, liars = random_map(50, 6), NODES[45:50]
    invented = NODES[50:200]
    ring = linked((invented[n], invented[(n + step) % 150]) for n in range(150) for step in (1, 7, 31))
    doors = linked((liar, invented[30 * at + n]) for at, liar in enumerate(liars) for n in range(4))
    for extra in (ring, doors):
        for node, near in extra.items():
            links[node] = [*links.get(node, []), *near]
    assert 0.1 < share(links, NODES[:45], lambda node: node in (*liars, *invented)) < 0.25


def test_a_node_that_loses_walks_is_found_as_often_as_any() -> None:
    """A tenth of sixty nodes lose all walks to others than themselves."""
    hostile = set(NODES[54:60])
    ended: Counter[bool] = Counter()
    for seed in range(300):
        searching, _ = seeking(seed)
        here = Here(random_map(60, seed % 10))
        out = searching.seek_link(here, here.near, False, 0.0)
        while out and isinstance(out[0], SendWalk):
            link, sent = asked(out)
            if sent.path[-1] in hostile or not hostile & set(sent.path):
                assert isinstance(answer(searching, link, sent, vacant=True)[0], Agreed)
                ended[sent.path[-1] in hostile] += 1
                break
            out = searching.tick(searching.next_wakeup())
    assert ended.total() > 250
    assert ended[True] / ended.total() < 0.1 + 0.04, "two standard errors are .035"
