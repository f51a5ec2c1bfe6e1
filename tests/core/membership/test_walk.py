"""Walks bring two strangers together over others, none of which can answer in place of the asked one."""

from __future__ import annotations

from collections import Counter, deque

import pytest

from p2pchat.core.membership.walk import (
    CRUMB_S,
    TICKET_S,
    WALKS_BURST,
    BlobArrived,
    Output,
    SendWalk,
    TicketArrived,
    WalkRef,
    Walks,
)
from p2pchat.crypto.descriptor import DescriptorKey
from p2pchat.crypto.exchange import public_point
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId, LinkId
from p2pchat.wire.control import encode
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.walk import PATH_MAX, Piece, Ticket, Walk, Walking

OFFER, REPLY = b"o" * GEOMETRY.blob, b"r" * GEOMETRY.blob
KEYS = [DescriptorKey.generate(SeededEntropy(("key", number))) for number in range(12)]
NAMES = [key.id for key in KEYS]
KEY = public_point(b"k" * 32)


class Place:
    """A node on the map; a link has the number of the node at its other end."""

    def __init__(self, number: int, near: tuple[int, ...]) -> None:
        self._number = number
        self._near = near

    def called(self, name: HopId) -> Place | None:
        return self if name == NAMES[self._number] else None

    def link_to(self, node: HopId) -> LinkId | None:
        return next((LinkId(other) for other in self._near if NAMES[other] == node), None)

    def sign_ticket(self, walk_key: bytes, key: bytes, vacant: bool) -> bytes:
        return KEYS[self._number].sign_ticket(walk_key, key, vacant)


class Line:
    """Nodes 0, 1, 2 … each linked with the next; 0 asks the last."""

    def __init__(self, length: int, vacant: bool = True) -> None:
        self.places = {
            node: Place(node, tuple(other for other in (node - 1, node + 1) if 0 <= other < length))
            for node in range(length)
        }
        self.last = length - 1
        self.vacant = vacant
        self.counters: Counter[str] = Counter()
        self.walks = {node: Walks(SeededEntropy(node), self.counters) for node in self.places}
        self.now = 0.0
        self.seen: list[tuple[int, int, Walking]] = []
        self.events: list[tuple[int, Output]] = []

    def begin(self) -> WalkRef:
        way = tuple(NAMES[1 : self.last + 1])
        at, said = self.walks[0].begin_walk(LinkId(1), way, KEYS[self.last].public, self.now)
        self.run(0, [said])
        return at

    def send(self, node: int, at: WalkRef, blob: bytes) -> None:
        self.run(node, self.walks[node].send(at, blob))

    def run(self, node: int, out: list[Output]) -> None:
        queue = deque((node, each) for each in out)
        while queue:
            sender, each = queue.popleft()
            if not isinstance(each, SendWalk):
                self.events.append((sender, each))
                continue
            self.seen.append((sender, each.link, each.message))
            target = int(each.link)
            called, vacant = self.places[target].called, self.vacant
            out = self.walks[target].receive(LinkId(sender), each.message, called, vacant, self.now)
            queue.extend((target, more) for more in out)

    def ticket(self) -> tuple[int, WalkRef]:
        """The last ticket that came to the asker."""
        node, event = self.events[-1]
        assert isinstance(event, TicketArrived)
        return node, event.at

    def blob(self) -> tuple[int, WalkRef, bytes]:
        node, event = self.events[-1]
        assert isinstance(event, BlobArrived)
        return node, event.at, event.blob


def test_a_walk_comes_to_the_named_node_and_ends_in_an_offer_and_its_reply() -> None:
    line = Line(6)
    began = line.begin()
    origin, at = line.ticket()
    assert (origin, at) == (0, began)
    line.send(0, at, OFFER)
    end, there, blob = line.blob()
    assert (end, blob) == (5, OFFER)
    assert there.secret == at.secret and len(at.secret) == 32
    line.send(5, there, REPLY)
    assert line.blob() == (0, at, REPLY)


def test_a_node_without_room_says_so_and_takes_no_offer() -> None:
    line = Line(4, vacant=False)
    at = line.begin()
    assert line.events == [(0, TicketArrived(at, vacant=False))]
    assert line.walks[0].send(at, OFFER) == []


@pytest.mark.parametrize("liar", [1, 2, 3])
def test_no_node_on_the_way_can_answer_in_place_of_the_asked_one(liar: int) -> None:
    """A relay that ends walks with itself is not found by them: its ticket bears another's signature, or
    one of another walk."""
    line = Line(5)
    _, said = line.walks[0].begin_walk(LinkId(1), tuple(NAMES[1:5]), KEYS[4].public, 0.0)
    assert isinstance(said.message, Walk)
    own = public_point(b"l" * 32)
    mine = KEYS[liar].sign_ticket(said.message.key, own, True)
    other = KEYS[4].sign_ticket(KEY, own, True)
    full = KEYS[4].sign_ticket(said.message.key, own, False)
    for proof in (mine, other, full, bytes(64)):
        ticket = Ticket(said.message.id, own, True, proof)
        assert line.walks[0].receive(LinkId(1), ticket, line.places[0].called, True, 0.0) == []
    assert line.counters["tickets refused: not of whom we asked"] == 4
    line.run(0, [said])
    assert line.ticket()[0] == 0, "the true one is taken still"


def test_those_on_the_way_see_ids_of_their_own_and_cannot_read_offers() -> None:
    line = Line(6)
    line.begin()
    _, at = line.ticket()
    line.send(0, at, OFFER)
    ids = [message.id for sender, link, message in line.seen if link > sender and isinstance(message, Walk)]
    assert len(ids) == len(set(ids)) == 5
    pieces = {len(encode(message)) for _, _, message in line.seen if isinstance(message, Piece)}
    assert len(pieces) == 1
    assert all(at.secret not in encode(message) for _, _, message in line.seen)


def test_every_kind_of_message_fits_a_frame() -> None:
    walk = Walk(bytes(8), KEY, (NAMES[0],) * PATH_MAX)
    ticket = Ticket(bytes(8), KEY, True, bytes(64))
    for message in (walk, ticket, Piece(bytes(8), 1, bytes(1024))):
        assert len(encode(message)) <= GEOMETRY.body


def test_a_way_that_is_none_ends_in_silence() -> None:
    line = Line(4)
    for way in ((NAMES[1], NAMES[3]), (NAMES[2], NAMES[3]), (NAMES[1], NAMES[0], NAMES[1])):
        _, said = line.walks[0].begin_walk(LinkId(1), way, KEYS[3].public, 0.0)
        line.run(0, [said])
    assert line.events == []
    assert line.counters["walks without a way"] == 2
    assert line.counters["walks refused"] == 1


def test_a_link_lost_on_the_way_ends_it_in_silence() -> None:
    line = Line(5)
    line.begin()
    _, at = line.ticket()
    line.walks[2].link_down(LinkId(3))
    events = len(line.events)
    line.send(0, at, OFFER)
    assert len(line.events) == events
    line.walks[0].link_down(LinkId(1))
    assert line.walks[0].send(at, OFFER) == []


def test_a_way_is_forgotten_in_time() -> None:
    line = Line(5)
    line.begin()
    _, at = line.ticket()
    line.now += CRUMB_S
    called = line.places[2].called
    assert line.walks[2].receive(LinkId(1), Piece(at.id, 0, b""), called, False, line.now) == []
    line.walks[0].tick(line.now)
    assert line.walks[0].send(at, OFFER) == []


def alone(node: int = 0) -> tuple[Walks, Counter[str], Place]:
    """A node between others, 1 and 2."""
    counters: Counter[str] = Counter()
    return Walks(SeededEntropy(0), counters), counters, Place(node, (1, 2))


def answered(walk: Walk, number: int, key: bytes = KEY) -> Ticket:
    """That node's answer."""
    return Ticket(walk.id, key, True, KEYS[number].sign_ticket(walk.key, key, True))


def test_a_late_ticket_is_refused() -> None:
    walks, _, place = alone()
    _, said = walks.begin_walk(LinkId(1), (NAMES[1],), KEYS[1].public, 0.0)
    assert isinstance(said.message, Walk)
    ticket = answered(said.message, 1)
    assert walks.receive(LinkId(1), ticket, place.called, False, TICKET_S) == []


def test_a_second_ticket_a_bad_key_and_strange_pieces_are_refused() -> None:
    walks, counters, place = alone()
    at, said = walks.begin_walk(LinkId(1), (NAMES[1],), KEYS[1].public, 0.0)
    assert isinstance(said.message, Walk)
    walk = said.message

    def came(link: int, message: Walking) -> list[Output]:
        return walks.receive(LinkId(link), message, place.called, False, 1.0)

    assert came(1, Piece(walk.id, 0, b"")) == [], "before the ticket"
    assert came(1, answered(walk, 1, bytes(32))) == [], "a point of low order"
    assert came(2, answered(walk, 1)) == [], "from elsewhere"
    assert came(1, answered(walk, 1)) == [TicketArrived(at, True)]
    assert came(1, answered(walk, 1, public_point(b"m" * 32))) == []
    assert came(1, Piece(walk.id, 0, b"short")) == [], "before our offer"
    assert len(walks.send(at, OFFER)) == 2
    assert came(1, Piece(walk.id, 0, b"short")) == []
    assert came(1, Piece(walk.id, 1, b"pieces")) == []
    assert counters["walks refused"] == 4


def test_on_the_way_a_ticket_an_offer_and_a_reply_go_on_once_each_and_in_turn() -> None:
    walks, _, place = alone()
    walk = Walk(bytes(8), KEY, (NAMES[0], NAMES[2]))
    (on,) = walks.receive(LinkId(1), walk, place.called, False, 0.0)
    assert isinstance(on, SendWalk) and isinstance(on.message, Walk)
    assert on.message.path == (NAMES[2],)
    far = on.message.id

    def passed(link: int, message: Walking) -> int:
        return len(walks.receive(LinkId(link), message, place.called, False, 1.0))

    for part in (0, 1):
        assert passed(1, Piece(bytes(8), part, b"offer")) == 0, "an offer before the ticket"
        assert passed(2, Piece(far, part, b"reply")) == 0, "a reply before the offer"
    ticket = answered(on.message, 2)
    assert passed(1, Ticket(bytes(8), KEY, True, bytes(64))) == 0, "a ticket from who asks"
    assert [passed(2, ticket) for _ in range(3)] == [1, 0, 0]
    assert [passed(1, Piece(bytes(8), 1, b"offer")) for _ in range(3)] == [1, 0, 0]
    assert passed(2, Piece(far, 0, b"reply")) == 0, "a reply to half an offer"
    assert passed(1, Piece(bytes(8), 0, b"offer")) == 1
    assert [passed(2, Piece(far, 0, b"reply")) for _ in range(3)] == [1, 0, 0]
    assert [passed(2, Piece(far, 1, b"reply")) for _ in range(3)] == [1, 0, 0]


def test_both_ends_say_one_thing_and_take_one() -> None:
    line = Line(3)
    line.begin()
    _, at = line.ticket()
    line.send(0, at, OFFER)
    _, there, _ = line.blob()
    line.send(0, at, OFFER)
    line.send(2, there, REPLY)
    line.send(2, there, REPLY)
    blobs = [event for _, event in line.events if isinstance(event, BlobArrived)]
    assert [(each.blob, each.reply) for each in blobs] == [(OFFER, False), (REPLY, True)]


def test_a_walk_with_a_bad_key_or_an_id_in_use_is_refused() -> None:
    walks, counters, place = alone()
    assert walks.receive(LinkId(1), Walk(bytes(8), bytes(32), (NAMES[0],)), place.called, True, 0.0) == []
    walk = Walk(bytes(8), KEY, (NAMES[0],))
    assert len(walks.receive(LinkId(1), walk, place.called, True, 0.0)) == 1
    assert walks.receive(LinkId(1), walk, place.called, True, 0.0) == [], "the same id twice"
    assert counters["walks refused"] == 2


def test_a_neighbour_gets_only_so_many_walks() -> None:
    walks, counters, place = alone()
    way = (NAMES[0], NAMES[2])
    for number in range(20):
        walk = Walk(bytes([number]) * 8, KEY, way)
        walks.receive(LinkId(1), walk, place.called, False, 0.0)
    assert counters["walks passed on"] == WALKS_BURST
    assert len(walks.receive(LinkId(1), Walk(b"x" * 8, KEY, way), place.called, False, 1.0)) == 1
