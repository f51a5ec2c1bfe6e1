"""A link from the open channel to its end, as a conversation between its two ends."""

from __future__ import annotations

import pytest

from p2pchat.core.kit.credit import FIRST, OWN_AHEAD
from p2pchat.core.link.fair_queue import CELLS_CAP
from p2pchat.core.link.link import (
    AT_ENGINE,
    CONFIRM_S,
    HEARTBEAT_S,
    QUIET_S,
    SILENCE_S,
    TOGETHER_S,
    Link,
)
from p2pchat.crypto.sealing import LinkKeys, Role
from p2pchat.errors import Malformed, RefusedInput, Unreadable
from p2pchat.types import LinkId
from p2pchat.wire import control, frame
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.geometry import GEOMETRY

A, B = b"a" * 32, b"b" * 32
CELL = Frame(FrameKind.CELL, b"c" * GEOMETRY.cell)


def end(role: Role) -> Link:
    return Link(LinkKeys.from_secrets(b"psk", b"s" * 64, b"offer", b"answer"), role)


def opened(now: float = 0.0) -> tuple[Link, Link]:
    """Two ends that have confirmed each other."""
    offerer, answerer = end("offerer"), end("answerer")
    (hello,), (welcome,) = offerer.on_open(A, B, now), answerer.on_open(B, A, now)
    answerer.receive(hello, now)
    offerer.receive(welcome, now)
    assert offerer.confirmed
    assert answerer.confirmed
    return offerer, answerer


def test_frames_pass_both_ways_once_both_have_confirmed() -> None:
    offerer, answerer = opened()
    (sealed,) = offerer.send(CELL, 0.0)
    assert len(sealed) == GEOMETRY.frame
    assert answerer.receive(sealed, 0.0) == CELL
    (back,) = answerer.send(CELL, 0.0)
    assert offerer.receive(back, 0.0) == CELL


def test_nothing_leaves_before_the_peer_has_confirmed() -> None:
    offerer = end("offerer")
    assert len(offerer.on_open(A, B, 0.0)) == 1
    assert offerer.send(CELL, 0.0) == []
    (welcome,) = end("answerer").on_open(B, A, 0.0)
    offerer.receive(welcome, 0.0)
    assert len(offerer.on_drained(1, 0.0)) == 1


@pytest.mark.parametrize("seen", [(B, b"m" * 32), (b"m" * 32, A)])
def test_a_man_in_the_middle_of_dtls_is_refused(seen: tuple[bytes, bytes]) -> None:
    """The answerer saw another certificate than the one the offerer used, or showed another."""
    offerer, answerer = end("offerer"), end("answerer")
    offerer.on_open(A, B, 0.0)
    (welcome,) = answerer.on_open(*seen, 0.0)
    with pytest.raises(Unreadable):
        offerer.receive(welcome, 0.0)
    assert not offerer.confirmed


def test_a_link_must_begin_with_its_confirmation() -> None:
    keys = LinkKeys.from_secrets(b"psk", b"s" * 64, b"offer", b"answer")
    offerer = end("offerer")
    offerer.on_open(A, B, 0.0)
    with pytest.raises(Malformed):
        offerer.receive(keys.make_sealer("answerer").seal_frame(frame.encode(CELL)), 0.0)


@pytest.mark.parametrize("fault", ["flipped", "cut", "grown", "repeated", "skipped"])
def test_a_damaged_stream_is_refused(fault: str) -> None:
    offerer, answerer = opened()
    (first,), (second,) = offerer.send(CELL, 0.0), offerer.send(CELL, 0.0)
    answerer.receive(first, 0.0)
    bad = {
        "flipped": bytes([second[0] ^ 1]) + second[1:],
        "cut": second[:-1],
        "grown": second + b"x",
        "repeated": first,
        "skipped": offerer.send(CELL, 0.0)[0],
    }[fault]
    with pytest.raises(RefusedInput):
        answerer.receive(bad, 0.0)
    assert answerer.receive(second, 0.0) == CELL


def test_cells_wait_for_the_peers_credit_and_control_does_not() -> None:
    offerer, _ = opened()
    sealed = [
        each for _ in range(FIRST + 3) for each in (*offerer.send(CELL, 0.0), *offerer.on_drained(1, 0.0))
    ]
    assert len(sealed) == FIRST, "a link comes up with so much, unsaid"
    assert offerer.count_waiting(None) == 3
    assert len(offerer.send(Frame(FrameKind.CONTROL, control.encode(control.Bye())), 0.0)) == 1
    assert len(offerer.take_credit(FIRST + 2, 0.0)) == 2
    assert offerer.count_waiting(None) == 1
    assert offerer.take_credit(FIRST, 0.0) == [], "what was once given is not taken back, and gives nothing"


def test_our_own_cells_find_room_only_for_their_turn() -> None:
    offerer, _ = opened()
    assert offerer.own_space == AT_ENGINE - 1 + OWN_AHEAD
    for _ in range(AT_ENGINE - 1 + OWN_AHEAD):
        offerer.send(CELL, 0.0)
    assert offerer.own_space == 0
    for _ in range(100):
        offerer.send(CELL, 0.0, source=LinkId(9))
    assert offerer.own_space == 0
    offerer.on_drained(AT_ENGINE, 0.0)
    assert offerer.own_space == 1, "one had credit, and left"
    assert offerer.space == AT_ENGINE - 1, "what waits for credit takes no room from what needs none"


def test_without_the_engines_room_cells_wait_and_beyond_the_queue_the_newest_is_shed() -> None:
    offerer, _ = opened()
    released = sum(len(offerer.send(CELL, 0.0)) for _ in range(AT_ENGINE + CELLS_CAP + 5))
    assert released == AT_ENGINE - 1  # the confirmation took one
    assert offerer.shed == 6
    offerer.take_credit(10_000, 0.0)
    assert len(offerer.on_drained(10, 0.0)) == 10
    assert len(offerer.on_drained(10_000, 0.0)) == AT_ENGINE


def test_control_goes_before_waiting_cells() -> None:
    offerer, answerer = opened()
    sealed = [each for _ in range(AT_ENGINE + 3) for each in offerer.send(CELL, 0.0)]
    offerer.send(Frame(FrameKind.CONTROL, control.encode(control.Bye())), 0.0)
    sealed += offerer.on_drained(2, 0.0)
    received = [answerer.receive(each, 0.0) for each in sealed]
    assert received[-2:] == [control.Bye(), CELL]


def test_a_quiet_link_sends_heartbeats_and_a_silent_one_is_dead() -> None:
    offerer, answerer = opened()
    assert offerer.tick(HEARTBEAT_S - TOGETHER_S - 0.1) == []
    (beat,) = offerer.tick(HEARTBEAT_S)
    assert len(beat) == GEOMETRY.frame
    assert answerer.receive(beat, HEARTBEAT_S) is None
    assert not answerer.is_quiet(HEARTBEAT_S + QUIET_S - 0.1)
    assert answerer.is_quiet(HEARTBEAT_S + QUIET_S)
    assert not answerer.is_dead(HEARTBEAT_S + SILENCE_S - 0.1)
    assert answerer.is_dead(HEARTBEAT_S + SILENCE_S)
    assert answerer.silent_for(HEARTBEAT_S + 1.0) == 1.0


def test_the_next_wakeup_is_when_something_may_change() -> None:
    link = end("offerer")
    assert link.next_wakeup() is None
    assert not link.is_dead(1e9)
    link.on_open(A, B, 5.0)
    assert link.next_wakeup() == 5.0 + CONFIRM_S
    assert link.is_dead(5.0 + CONFIRM_S)
    offerer, _ = opened()
    assert offerer.next_wakeup() == HEARTBEAT_S
    for _ in range(AT_ENGINE):
        offerer.send(CELL, 0.0)
    offerer.tick(HEARTBEAT_S)
    assert offerer.next_wakeup() == QUIET_S, (
        "the heartbeat waits for credit; only silence may change anything"
    )
    offerer.faded = True
    assert offerer.next_wakeup() == SILENCE_S


def test_room_is_the_credit_that_nothing_waits_for() -> None:
    assert end("offerer").space == 0
    offerer, _ = opened()
    assert offerer.space == AT_ENGINE - 1
    for _ in range(AT_ENGINE):
        offerer.send(CELL, 0.0)
    assert offerer.space == 0
    offerer.on_drained(AT_ENGINE, 0.0)
    assert offerer.space == AT_ENGINE - 1


def test_padding_and_late_confirmations_mean_nothing() -> None:
    offerer, answerer = opened()
    (padding,) = offerer.send(Frame(FrameKind.PADDING, b""), 0.0)
    assert answerer.receive(padding, 0.0) is None
    (again,) = offerer.send(Frame(FrameKind.CONFIRM, b"x"), 0.0)
    assert answerer.receive(again, 0.0) is None
