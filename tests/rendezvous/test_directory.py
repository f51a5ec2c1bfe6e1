"""What other servers have is known as they have said it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.types import Seat, Topic
from rendezvous import directory as module
from rendezvous.bus_messages import TopicKind
from rendezvous.directory import Directory, Sum

TOPICS = [Topic(bytes([n]) * 32) for n in range(2)]
SERVERS = [b"AAAA", b"BBBB"]
STEPS = st.tuples(
    st.sampled_from(["enter", "strike", "forget"]),
    st.sampled_from(SERVERS),
    st.sampled_from(TOPICS),
    st.integers(0, 2).map(lambda n: bytes([n]) * 4),
    st.sampled_from([TopicKind.MESH, TopicKind.INVITE]),
)


@settings(max_examples=40)
@given(st.lists(STEPS, max_size=30))
def test_it_knows_what_was_said_last(steps: list[tuple[str, bytes, Topic, bytes, TopicKind]]) -> None:
    directory = Directory(random.Random(0))
    has: dict[tuple[bytes, Topic, Seat], TopicKind] = {}
    for what, server, topic, end, kind in steps:
        seat = Seat(server + end)
        if what == "enter":
            directory.enter_seat(server, topic, seat, kind)
            has.setdefault((server, topic, seat), kind)
        elif what == "strike":
            directory.strike_seat(server, topic, seat)
            has.pop((server, topic, seat), None)
        else:
            directory.forget_server(server)
            has = {key: kind for key, kind in has.items() if key[0] != server}
    for topic in TOPICS:
        there = {seat for (_, at, seat), kind in has.items() if at == topic and kind is TopicKind.MESH}
        assert directory.has_invite(topic) == any(
            at == topic and kind is TopicKind.INVITE for (_, at, _), kind in has.items()
        )
        count, seats = directory.sample_seats(topic, 6)
        assert (count, set(seats), len(seats)) == (len(there), there, len(there))
    for server in SERVERS:
        own = Sum()
        for known, _, seat in has:
            if known == server:
                own.count_seat(seat)
        assert directory.agrees_with(server, own)
        own.count_seat(Seat(b"x" * 8))
        assert not directory.agrees_with(server, own)


def test_few_are_drawn_from_many_alike() -> None:
    directory = Directory(random.Random(1))
    for n in range(20):
        directory.enter_seat(SERVERS[n % 2], TOPICS[0], Seat(SERVERS[n % 2] + bytes([n] * 4)), TopicKind.MESH)
    counts: dict[Seat, int] = {}
    for _ in range(400):
        count, seats = directory.sample_seats(TOPICS[0], 6)
        assert (count, len(set(seats))) == (20, 6)
        for seat in seats:
            counts[seat] = counts.get(seat, 0) + 1
    assert len(counts) == 20 and min(counts.values()) > 70, "120 each is the mean"


def test_it_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTRIES_MAX", 3)
    directory = Directory(random.Random(0))
    for n in range(5):
        directory.enter_seat(b"AAAA", TOPICS[0], Seat(b"AAAA" + bytes([n] * 4)), TopicKind.MESH)
    assert directory.sample_seats(TOPICS[0], 6)[0] == 3
    assert directory.agrees_with(b"AAAA", Sum(5, 0)), "it would ask for all of them for ever"
    directory.forget_server(b"AAAA")
    directory.enter_seat(b"BBBB", TOPICS[0], Seat(b"B" * 8), TopicKind.MESH)
    assert directory.sample_seats(TOPICS[0], 6) == (1, (b"B" * 8,))
