"""Keeping connections and seats, with patience."""

from __future__ import annotations

from p2pchat.core.rendezvous.rendezvous import (
    CLOCKS_CAP,
    FIRST_BACKOFF_S,
    FLOODED_FIRST_S,
    FLOODED_LAST_S,
    FLOODERS_CAP,
    FULL,
    LAST_BACKOFF_S,
    LASTED_S,
    NO_ANSWER_YET,
    NO_SEAT,
    PENDING_CAP,
    SEAT_S,
    SILENT_S,
    Rendezvous,
    topic_of,
    url_of,
)
from p2pchat.core.values.effects import CloseRendezvous, ConnectRendezvous, Signal
from p2pchat.core.values.settings import Settings
from p2pchat.core.values.status import ClockStatus
from p2pchat.crypto.envelope import EPOCH_SECONDS, epoch_at
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import Gone, Leave, Refusal, Seated, SeatMode, SeatRefused, Take, decode_client
from rendezvous.outputs import Output
from rendezvous.topics import Connection
from tests.support.world import URL as MEETING
from tests.support.world import World

URL = "ws://a"
ONE, TWO = Topic(b"1" * 32), Topic(b"2" * 32)
MESH = SeatMode.MESH
SEAT = Seat(b"our seat")


def test_the_first_wish_connects_and_every_connection_takes_all_seats() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    assert rendezvous.keep_seat(URL, ONE, MESH, 0.0) == [ConnectRendezvous(URL)]
    assert rendezvous.keep_seat(URL, TWO, MESH, 0.0) == []
    assert rendezvous.on_connected(URL, None, 0.0) == [
        Signal(URL, Take(ONE, MESH)),
        Signal(URL, Take(TWO, MESH)),
    ]
    assert rendezvous.keep_seat(URL, ONE, MESH, 1.0) == [Signal(URL, Take(ONE, MESH))]
    (status,) = rendezvous.get_status()
    assert (status.url, status.up, status.reason) == (URL, True, "")


def test_each_seat_that_is_asked_for_is_given_once() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    seated, gone = Seated(ONE, SEAT, ()), Gone(ONE, SEAT)
    assert not rendezvous.take_message(URL, seated)  # nothing was sent yet
    rendezvous.on_connected(URL, None, 0.0)
    assert not rendezvous.take_message(URL, Gone(TWO, SEAT))
    assert rendezvous.take_message(URL, gone)
    assert [rendezvous.take_message(URL, seated) for _ in range(2)] == [True, False]
    rendezvous.leave_seat(URL, TWO)
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    rendezvous.keep_seat(URL, TWO, MESH, 0.0)
    rendezvous.leave_seat(URL, ONE)
    assert not rendezvous.take_message(URL, seated)  # an answer that we left meanwhile
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    rendezvous.on_disconnected(URL, "lost", 0.0)
    assert not rendezvous.take_message(URL, seated)


def test_a_server_that_answers_no_wish_fills_nothing() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    rendezvous.on_connected(URL, None, 0.0)
    for number in range(2 * PENDING_CAP):
        topic = Topic(number.to_bytes(32, "big"))
        rendezvous.keep_seat(URL, topic, MESH, 0.0)
        rendezvous.leave_seat(URL, topic)
    assert len(rendezvous._servers[URL].pending) == PENDING_CAP


def test_a_server_is_not_called_down_before_it_was_tried() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    assert [(each.up, each.reason) for each in rendezvous.get_status()] == [(None, "")]
    rendezvous.on_disconnected(URL, "nothing listens there", 1.0)
    rendezvous.tick(100.0)
    assert [(each.up, each.reason) for each in rendezvous.get_status()] == [(False, "nothing listens there")]


def test_a_server_that_swallows_all_is_called_silent_before_the_connection_fails() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat(URL, ONE, MESH, 10.0)
    assert rendezvous.next_wakeup() == 10.0 + SILENT_S
    rendezvous.tick(10.0 + SILENT_S)
    assert [(each.up, each.reason) for each in rendezvous.get_status()] == [(None, NO_ANSWER_YET)]
    assert rendezvous.next_wakeup() is None, "it is said once"
    rendezvous.on_disconnected(URL, "no answer within 10 seconds", 20.0)
    assert [(each.up, each.reason) for each in rendezvous.get_status()] == [
        (False, "no answer within 10 seconds")
    ]
    rendezvous.tick(100.0)
    rendezvous.on_connected(URL, None, 100.5)
    assert rendezvous.take_message(URL, Seated(ONE, SEAT, ()))
    rendezvous.tick(200.0)
    assert [(each.up, each.reason) for each in rendezvous.get_status()] == [(True, "")]


def test_the_last_seat_left_closes_the_connection() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    rendezvous.on_connected(URL, None, 0.0)
    rendezvous.keep_seat(URL, TWO, MESH, 0.0)
    assert rendezvous.leave_seat(URL, ONE) == [Signal(URL, Leave(ONE))]
    assert rendezvous.leave_seat(URL, ONE) == []
    assert rendezvous.leave_seat(URL, TWO) == [Signal(URL, Leave(TWO)), CloseRendezvous(URL)]
    assert rendezvous.leave_seat(URL, TWO) == []
    assert rendezvous.get_status() == ()


def test_a_lost_server_is_asked_again_with_growing_gaps() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    now, gaps = 0.0, []
    for _ in range(10):
        rendezvous.on_disconnected(URL, "nothing listens there", now)
        due = rendezvous.next_wakeup()
        assert due is not None
        gaps.append(due - now)
        assert rendezvous.tick(due - 0.01) == []
        now = due
        assert rendezvous.tick(now) == [ConnectRendezvous(URL)]
        assert rendezvous.tick(now) == []
        assert rendezvous.next_wakeup() is None
    assert 0.75 * FIRST_BACKOFF_S <= gaps[0] <= 1.25 * FIRST_BACKOFF_S
    assert 0.75 * LAST_BACKOFF_S <= gaps[-1] <= 1.25 * LAST_BACKOFF_S
    assert rendezvous.get_status()[0].reason == "nothing listens there"
    rendezvous.on_connected(URL, None, 0.0)
    rendezvous.on_disconnected(URL, "lost", now)
    due = rendezvous.next_wakeup()
    assert due is not None
    assert due - now <= 1.25 * FIRST_BACKOFF_S


def test_a_server_that_welcomes_and_hangs_up_is_asked_with_growing_gaps_too() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    now, gaps = 0.0, []
    for _ in range(5):
        rendezvous.on_connected(URL, None, now)
        now += LASTED_S - 1
        rendezvous.on_disconnected(URL, "the connection was lost", now)
        due = rendezvous.next_wakeup()
        assert due is not None
        gaps.append(due - now)
        now = due
        rendezvous.tick(now)
    assert gaps == sorted(gaps) and gaps[-1] > 8 * FIRST_BACKOFF_S
    rendezvous.on_connected(URL, None, now)
    rendezvous.on_disconnected(URL, "the connection was lost", now + LASTED_S)
    due = rendezvous.next_wakeup()
    assert due is not None and due - now - LASTED_S < 2 * FIRST_BACKOFF_S, "one that lasted was a good one"


def test_a_server_that_answers_no_wish_or_is_full_is_of_no_use_though_it_is_up() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    rendezvous.on_connected(URL, None, 0.0)
    assert rendezvous.next_wakeup() == SEAT_S
    rendezvous.tick(SEAT_S)
    assert [(place.up, place.reason) for place in rendezvous.get_status()] == [(True, NO_SEAT)]
    assert rendezvous.take_message(URL, SeatRefused(ONE, Refusal.BUSY))
    assert [(place.up, place.reason) for place in rendezvous.get_status()] == [(True, FULL)]
    assert rendezvous.take_message(URL, Seated(ONE, SEAT, ()))
    assert [(place.up, place.reason) for place in rendezvous.get_status()] == [(True, "")]
    assert rendezvous.take_message(URL, SeatRefused(ONE, Refusal.BUSY)), "to a blob: the seat is ours"
    assert [(place.up, place.reason) for place in rendezvous.get_status()] == [(True, "")]


def test_an_unused_connection_is_closed() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    assert rendezvous.leave_seat(URL, ONE) == [CloseRendezvous(URL)]
    assert rendezvous.on_connected(URL, None, 0.0) == [CloseRendezvous(URL)]
    rendezvous.on_disconnected(URL, "late", 0.0)
    assert rendezvous.next_wakeup() is None


def flood(rendezvous: Rendezvous, now: float) -> float:
    """A server welcomes us and floods; when it is asked again."""
    rendezvous.on_connected(URL, None, 0.0)
    rendezvous.on_disconnected(URL, "it floods", now, flooded=True)
    again = rendezvous.next_wakeup()
    assert again is not None
    assert rendezvous.tick(again - 0.01) == []
    assert rendezvous.tick(again) == [ConnectRendezvous(URL)]
    return again


def test_a_flooding_server_is_avoided_for_ever_longer_despite_welcomes_between() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    now, gaps = 0.0, []
    for _ in range(9):
        again = flood(rendezvous, now)
        gaps.append(again - now)
        now = again
    assert all(gap >= 0.75 * FLOODED_FIRST_S * 2**n for n, gap in enumerate(gaps[:6]))
    assert all(0.75 * FLOODED_LAST_S <= gap <= 1.25 * FLOODED_LAST_S for gap in gaps[-2:])


def test_a_flood_is_remembered_while_no_seat_is_wanted_and_forgiven_in_time() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat(URL, ONE, MESH, 0.0)
    first = flood(rendezvous, 0.0)
    rendezvous.on_connected(URL, None, 0.0)
    rendezvous.on_disconnected(URL, "it floods", first, flooded=True)
    rendezvous.leave_seat(URL, ONE)
    assert rendezvous.keep_seat(URL, ONE, MESH, first + 1.0) == []
    much_later = first + 4 * FLOODED_LAST_S
    rendezvous.tick(much_later)
    assert flood(rendezvous, much_later) - much_later <= 1.25 * FLOODED_FIRST_S


def test_a_person_who_asks_for_a_server_that_flooded_gets_it_tried() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.on_disconnected(URL, "it floods", 0.0, flooded=True)
    assert rendezvous.keep_seat(URL, ONE, SeatMode.HOST, 1.0) == [ConnectRendezvous(URL)]


def test_a_limited_number_of_flooders_is_remembered() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    for number in range(FLOODERS_CAP + 1):
        rendezvous.on_disconnected(f"ws://{number}", "it floods", 0.0, flooded=True)
    assert rendezvous.keep_seat("ws://0", ONE, MESH, 1.0) == [ConnectRendezvous("ws://0")]
    assert rendezvous.keep_seat("ws://1", ONE, MESH, 1.0) == []


def test_of_what_servers_say_of_our_clock_the_nearest_counts_and_nothing_is_moved() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    assert rendezvous.clock_status() is None
    for url, clock in (
        ("ws://liar", 0.0),
        ("ws://silent", None),
        ("ws://right", 990.0),
        ("ws://far", 5000.0),
    ):
        rendezvous.keep_seat(url, ONE, MESH, 1000.0)
        rendezvous.on_connected(url, clock, 1000.0)
    assert rendezvous.clock_status() == ClockStatus(10.0, "ws://right")
    assert not ClockStatus(10.0, "ws://right").doubtful
    assert ClockStatus(-900.0, "ws://right").doubtful and ClockStatus(900.0, "ws://right").doubtful
    for number in range(CLOCKS_CAP):
        rendezvous.keep_seat(f"ws://{number}", ONE, MESH, 1000.0)
        rendezvous.on_connected(f"ws://{number}", 0.0, 1000.0)
    assert rendezvous.clock_status() == ClockStatus(1000.0, "ws://0")


def test_topics_that_are_kept_apart_share_no_connection() -> None:
    rendezvous = Rendezvous(SeededEntropy(0), separate=True)
    lines = [rendezvous.line_at(URL, topic) for topic in (ONE, TWO)]
    assert [url_of(line) for line in lines] == [URL, URL] and [topic_of(line) for line in lines] == [ONE, TWO]
    for line, topic in zip(lines, (ONE, TWO), strict=True):
        assert rendezvous.keep_seat(URL, topic, MESH, 0.0) == [ConnectRendezvous(line)]
        assert rendezvous.on_connected(line, None, 0.0) == [Signal(line, Take(topic, MESH))]
    rendezvous.on_disconnected(lines[1], "lost", 1.0)
    (status,) = rendezvous.get_status()
    assert (status.url, status.up) == (URL, True)
    assert rendezvous.leave_seat(URL, ONE) == [Signal(lines[0], Leave(ONE)), CloseRendezvous(lines[0])]


def test_a_node_that_keeps_topics_apart_pairs_links_and_goes_over_an_edge() -> None:
    world = World(seed="separate")
    world.now = (epoch_at(world.now) + 1) * EPOCH_SECONDS - 1800.0
    for name in ("alice", "bob", "carol"):
        world.add(name)
        world.start(name, Settings(separate=True))
    held: dict[Connection, set[Topic]] = {}
    world.invite("carol")
    broker, received = world.brokers[MEETING], world.brokers[MEETING].on_message

    def note(connection: Connection, data: bytes, now: float) -> list[Output]:
        message = decode_client(data)
        if isinstance(message, Take):
            held.setdefault(connection, set()).add(message.topic)
        return received(connection, data, now)

    broker.on_message = note  # type: ignore[method-assign]
    world.pair("alice", "bob")
    world.pair("carol", "alice")
    world.run(3600.0)
    assert len(held) > 6
    assert all(len(topics) == 1 for topics in held.values())
    for source, target in (("alice", "bob"), ("carol", "alice")):
        message = world.send(source, target, "hi")
        world.run(30.0)
        assert world.machines[source].store.state(message).value == "delivered"
    world.close(MEETING)
    world.run(10.0)
    assert not any(each.up for each in world.machines["alice"].running.get_status().rendezvous)
