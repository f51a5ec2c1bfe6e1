"""Random walks bring two strangers together, and tell those on the way nothing but where to pass things
on."""

from __future__ import annotations

from collections import Counter, deque

import pytest

from p2pchat.core.walk import (
    CRUMB_S,
    EXTRA_HOPS,
    HOPS,
    OWN_CAP,
    TICKET_S,
    WALKS_BURST,
    BlobArrived,
    Output,
    Say,
    TicketArrived,
    WalkRef,
    Walks,
)
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId
from p2pchat.wire.control import encode
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.walk import HOPS_MAX, Piece, Ticket, Walk, Walking

OFFER, REPLY = b"o" * GEOMETRY.blob, b"r" * GEOMETRY.blob


class Graph:
    """Nodes that pass on what their walks say; a link has the number of the node at its other end."""

    def __init__(self, edges: list[tuple[int, int]], room: tuple[int, ...] = (), seed: int = 0) -> None:
        self.nodes = sorted({node for edge in edges for node in edge})
        self.links = {
            node: [LinkId(b if a == node else a) for a, b in edges if node in (a, b)] for node in self.nodes
        }
        self.room = dict.fromkeys(self.nodes, False) | dict.fromkeys(room, True)
        self.counters: Counter[str] = Counter()
        self.walks = {node: Walks(SeededEntropy((seed, node)), self.counters) for node in self.nodes}
        self.now = 0.0
        self.seen: list[tuple[int, int, Walking]] = []
        self.events: list[tuple[int, Output]] = []

    def begin(self, node: int, swap: bool = False) -> None:
        self.run(node, self.walks[node].begin(self.links[node][0], swap, self.now))

    def send(self, node: int, at: WalkRef, blob: bytes) -> None:
        self.run(node, self.walks[node].send(at, blob))

    def run(self, node: int, out: list[Output]) -> None:
        queue = deque((node, each) for each in out)
        while queue:
            sender, each = queue.popleft()
            if not isinstance(each, Say):
                self.events.append((sender, each))
                continue
            self.seen.append((sender, each.link, each.message))
            target = int(each.link)
            out = self.walks[target].receive(
                LinkId(sender),
                each.message,
                dict.fromkeys(self.links[target], 1.0),
                self.room[target],
                self.now,
            )
            queue.extend((target, more) for more in out)

    def ticket(self) -> tuple[int, WalkRef]:
        """The last ticket that came to whoever asked."""
        node, event = self.events[-1]
        assert isinstance(event, TicketArrived)
        return node, event.at

    def blob(self) -> tuple[int, WalkRef, bytes]:
        node, event = self.events[-1]
        assert isinstance(event, BlobArrived)
        return node, event.at, event.blob


def line(length: int, seed: int = 0) -> Graph:
    return Graph([(n, n + 1) for n in range(length - 1)], room=(length - 1,), seed=seed)


def test_a_walk_ends_in_an_offer_and_its_reply() -> None:
    graph = line(6)
    graph.begin(0)
    origin, at = graph.ticket()
    assert origin == 0
    graph.send(0, at, OFFER)
    end, there, blob = graph.blob()
    assert (end, blob) == (5, OFFER)
    assert there.secret == at.secret
    graph.send(5, there, REPLY)
    assert graph.blob() == (0, at, REPLY)


def test_those_on_the_way_see_other_ids_other_keys_and_one_size() -> None:
    graph = line(6)
    graph.begin(0)
    _, at = graph.ticket()
    graph.send(0, at, OFFER)
    ids = [message.id for sender, link, message in graph.seen if link > sender and isinstance(message, Walk)]
    assert len(ids) == len(set(ids)) == 5
    pieces = {len(encode(message)) for _, _, message in graph.seen if isinstance(message, Piece)}
    assert len(pieces) == 1
    assert all(at.secret not in encode(message) for _, _, message in graph.seen)


def test_every_kind_of_message_fits_a_frame() -> None:
    for message in (Walk(bytes(8), HOPS_MAX), Ticket(bytes(8), bytes(32)), Piece(bytes(8), 1, bytes(1040))):
        assert len(encode(message)) <= GEOMETRY.body


@pytest.mark.parametrize("seed", range(5))
def test_hops_are_drawn_and_a_walk_without_room_anywhere_dies(seed: int) -> None:
    graph = Graph([(a, b) for a in range(6) for b in range(a)], seed=seed)
    graph.begin(0)
    walks = [message for _, _, message in graph.seen]
    assert all(isinstance(message, Walk) for message in walks)
    assert HOPS[0] + EXTRA_HOPS + 1 <= len(walks) <= HOPS[1] + EXTRA_HOPS + 1
    assert graph.events == []


@pytest.mark.parametrize("seed", range(5))
def test_whoever_has_room_ends_a_walk_only_after_some_hops(seed: int) -> None:
    graph = Graph([(a, b) for a in range(8) for b in range(a)], room=tuple(range(8)), seed=seed)
    graph.begin(0)
    hops = sum(isinstance(message, Walk) for _, _, message in graph.seen)
    assert HOPS[0] + 1 <= hops <= HOPS[1] + 1
    assert graph.ticket()[0] == 0


def test_a_link_lost_on_the_way_ends_it_in_silence() -> None:
    graph = line(5)
    graph.begin(0)
    _, at = graph.ticket()
    graph.walks[2].link_down(LinkId(3))
    events = len(graph.events)
    graph.send(0, at, OFFER)
    assert len(graph.events) == events
    graph.walks[0].link_down(LinkId(1))
    assert graph.walks[0].send(at, OFFER) == []


def test_a_way_is_forgotten_in_time() -> None:
    graph = line(5)
    graph.begin(0)
    _, at = graph.ticket()
    graph.now += CRUMB_S
    assert graph.walks[2].receive(LinkId(1), Piece(at.id, 0, b""), {}, False, graph.now) == []
    graph.walks[0].tick(graph.now)
    assert graph.walks[0].send(at, OFFER) == []


def test_a_late_ticket_is_refused() -> None:
    walks = Walks(SeededEntropy(0), Counter())
    (begun,) = walks.begin(LinkId(1), False, 0.0)
    assert isinstance(begun, Say)
    ticket = Ticket(begun.message.id, SeededEntropy(1).bytes(32))
    assert walks.receive(LinkId(1), ticket, {}, False, TICKET_S) == []


def test_a_second_ticket_a_bad_key_and_strange_pieces_are_refused() -> None:
    walks = Walks(SeededEntropy(0), counters := Counter[str]())
    (begun,) = walks.begin(LinkId(1), True, 0.0)
    assert isinstance(begun, Say)
    id = begun.message.id
    assert walks.receive(LinkId(1), Piece(id, 0, b""), {}, False, 1.0) == [], "before the ticket"
    assert walks.receive(LinkId(1), Ticket(id, bytes(32)), {}, False, 1.0) == [], "a point of low order"
    assert walks.receive(LinkId(2), Ticket(id, b"\x09" * 32), {}, False, 1.0) == [], "from elsewhere"
    (arrived,) = walks.receive(LinkId(1), Ticket(id, b"\x09" * 32), {}, False, 1.0)
    assert isinstance(arrived, TicketArrived) and arrived.swap
    assert walks.receive(LinkId(1), Ticket(id, b"\x0a" * 32), {}, False, 1.0) == []
    assert walks.receive(LinkId(1), Piece(id, 0, b"short"), {}, False, 1.0) == [], "before our offer"
    assert len(walks.send(arrived.at, OFFER)) == 2
    assert walks.receive(LinkId(1), Piece(id, 0, b"short"), {}, False, 1.0) == []
    assert walks.receive(LinkId(1), Piece(id, 1, b"pieces"), {}, False, 1.0) == []
    assert counters["walks refused"] == 4


def test_on_the_way_a_ticket_an_offer_and_a_reply_go_on_once_each_and_in_turn() -> None:
    walks = Walks(SeededEntropy(0), Counter())
    (on,) = walks.receive(LinkId(1), Walk(bytes(8), 9), {LinkId(2): 1.0}, False, 0.0)
    assert isinstance(on, Say)
    far = on.message.id

    def passed(link: int, message: Walking) -> int:
        return len(walks.receive(LinkId(link), message, {LinkId(1): 1.0, LinkId(2): 1.0}, False, 1.0))

    for part in (0, 1):
        assert passed(1, Piece(bytes(8), part, b"offer")) == 0, "an offer before the ticket"
        assert passed(2, Piece(far, part, b"reply")) == 0, "a reply before the offer"
    assert passed(1, Ticket(bytes(8), bytes(32))) == 0, "a ticket from who asks"
    assert [passed(2, Ticket(far, bytes(32))) for _ in range(3)] == [1, 0, 0]
    assert [passed(1, Piece(bytes(8), 1, b"offer")) for _ in range(3)] == [1, 0, 0]
    assert passed(2, Piece(far, 0, b"reply")) == 0, "a reply to half an offer"
    assert passed(1, Piece(bytes(8), 0, b"offer")) == 1
    assert [passed(2, Piece(far, 0, b"reply")) for _ in range(3)] == [1, 0, 0]
    assert [passed(2, Piece(far, 1, b"reply")) for _ in range(3)] == [1, 0, 0]


def test_both_ends_say_one_thing_and_take_one() -> None:
    graph = line(3)
    graph.begin(0)
    _, at = graph.ticket()
    graph.send(0, at, OFFER)
    _, there, _ = graph.blob()
    graph.send(0, at, OFFER)
    graph.send(2, there, REPLY)
    graph.send(2, there, REPLY)
    blobs = [event for _, event in graph.events if isinstance(event, BlobArrived)]
    assert [(each.blob, each.reply) for each in blobs] == [(OFFER, False), (REPLY, True)]


def test_an_offer_under_a_bad_key_is_refused() -> None:
    walks = Walks(SeededEntropy(0), Counter())
    walk = Walk(bytes(8), 0)
    assert len(walks.receive(LinkId(1), walk, {}, True, 0.0)) == 1
    assert walks.receive(LinkId(1), walk, {}, True, 0.0) == [], "the same id twice"
    for part in (0, 1):
        assert walks.receive(LinkId(1), Piece(bytes(8), part, bytes(1040)), {}, True, 0.0) == []


def test_a_neighbour_gets_only_so_many_walks() -> None:
    walks = Walks(SeededEntropy(0), counters := Counter[str]())
    for number in range(20):
        walks.receive(LinkId(1), Walk(bytes([number]) * 8, 9), {LinkId(2): 1.0}, False, 0.0)
    assert counters["walks passed on"] == WALKS_BURST
    assert len(walks.receive(LinkId(1), Walk(b"x" * 8, 9), {LinkId(2): 1.0}, False, 1.0)) == 1


def test_only_so_many_walks_of_our_own_are_under_way() -> None:
    walks = Walks(SeededEntropy(0), Counter())
    begun = [walks.begin(LinkId(1), False, 0.0) for _ in range(OWN_CAP + 1)]
    assert [len(each) for each in begun] == [1] * OWN_CAP + [0]
    assert len(walks.begin(LinkId(1), False, TICKET_S)) == 1


def test_who_has_many_links_is_come_to_the_less_often() -> None:
    """A walk stays where it is instead, so that it ends with everybody as likely."""
    ways = {LinkId(1): 1.0, LinkId(2): 1.0, LinkId(3): 0.1}
    went: Counter[int] = Counter()
    for number in range(400):
        walks = Walks(SeededEntropy(number), Counter())
        (on,) = walks.receive(LinkId(1), Walk(bytes(8), HOPS_MAX), ways, False, 0.0)
        assert isinstance(on, Say) and isinstance(on.message, Walk)
        assert on.message.hops < HOPS[1] + EXTRA_HOPS
        went[on.link] += 1
    assert went.keys() == {2, 3}
    assert 10 <= went[LinkId(3)] <= 80


def test_a_walk_that_stays_long_enough_ends_where_it_is() -> None:
    walks = Walks(SeededEntropy(0), Counter())
    (said,) = walks.receive(LinkId(1), Walk(bytes(8), HOPS_MAX), {LinkId(2): 0.0}, True, 0.0)
    assert isinstance(said, Say) and isinstance(said.message, Ticket)
    assert walks.receive(LinkId(1), Walk(b"x" * 8, HOPS_MAX), {LinkId(2): 0.0}, False, 0.0) == []
