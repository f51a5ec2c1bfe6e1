"""A link counts while it is heard, and ends in silence, with a word, or for what does not open."""

from __future__ import annotations

from p2pchat.core.link.link import QUIET_S, SILENCE_S
from p2pchat.core.membership.neighbour import CONNECT_S
from p2pchat.core.membership.outputs import (
    AttemptFailed,
    Closed,
    MessageReceived,
    Opened,
    Output,
    Sought,
    Unsought,
)
from p2pchat.core.values.effects import CloseLink, SendFrame
from p2pchat.core.values.inputs import FrameReceived, FramesDrained, LinkDown, LinkUp
from p2pchat.types import LinkId
from p2pchat.wire.control import Credit, ListensAt, encode
from p2pchat.wire.frame import Frame, FrameKind
from tests.support.sides import Side, linked


def say(sender: Side, receiver: Side, frame: Frame, now: float) -> list[Output]:
    """What the other end of the one link makes of a frame."""
    (theirs,), (ours,) = sender.table, receiver.table
    out: list[Output] = []
    for sent in sender.table.send(theirs.id, frame, now):
        out += receiver.neighbours.on_channel(FrameReceived(ours.id, sent.data), now)
    return out


def control(message: Credit | ListensAt) -> Frame:
    return Frame(FrameKind.CONTROL, encode(message))


def test_a_word_is_handed_on_and_credit_is_the_links_own_business() -> None:
    ana, bob = Side("ana"), Side("bob")
    linked(ana, bob)
    (ours,) = bob.table
    assert say(ana, bob, control(ListensAt(8750)), 1.0) == [MessageReceived(ours.id, ListensAt(8750))]
    assert say(ana, bob, control(Credit(1000)), 1.0) == []


def test_a_neighbour_with_a_quiet_link_counts_again_when_it_is_heard() -> None:
    ana, bob = Side("ana"), Side("bob")
    _, ours = linked(ana, bob)
    closed, *_ = bob.neighbours.tick(QUIET_S)
    assert closed == Closed(ours, broken=True) and ours.faded
    opened, heard = say(ana, bob, control(ListensAt(8750)), QUIET_S + 1.0)
    assert opened == Opened(ours) and isinstance(heard, MessageReceived)


def test_a_link_that_is_silent_ends_and_an_attempt_that_takes_too_long() -> None:
    ana, bob = Side("ana"), Side("bob")
    _, ours = linked(ana, bob)
    assert bob.neighbours.tick(SILENCE_S)[0] == CloseLink(ours.id)
    alone = Side("carl")
    link, _ = alone.offers(0.0)
    closed, failed = alone.neighbours.tick(CONNECT_S)
    assert closed == CloseLink(link) and isinstance(failed, AttemptFailed) and not failed.answered


def test_what_does_not_open_closes_the_link_without_a_word() -> None:
    ana, bob = Side("ana"), Side("bob")
    _, ours = linked(ana, bob)
    out = bob.neighbours.on_channel(FrameReceived(ours.id, bytes(1152)), 1.0)
    assert out == [CloseLink(ours.id), Closed(ours, broken=False)]
    assert sum(bob.counters.values()) == 1


def test_a_channel_without_an_answer_is_closed() -> None:
    ana = Side("ana")
    for input in (LinkUp(LinkId(1), bytes(32), bytes(32)), FrameReceived(LinkId(2), b"")):
        ana.offers(0.0)
        assert ana.neighbours.on_channel(input, 0.0)[0] == CloseLink(input.link)
    link, _ = ana.offers(0.0)
    assert ana.neighbours.on_channel(FramesDrained(link, 1), 0.0) == []
    (failed,) = ana.neighbours.on_channel(LinkDown(link, "gone"), 0.0)
    assert isinstance(failed, AttemptFailed)


def test_a_leaving_node_says_goodbye() -> None:
    ana, bob = Side("ana"), Side("bob")
    theirs, ours = linked(ana, bob)
    bye, closed, gone = ana.neighbours.let_go([theirs], 1.0)
    assert isinstance(bye, SendFrame) and closed == CloseLink(theirs.id) and isinstance(gone, Closed)
    assert bob.neighbours.on_channel(FrameReceived(ours.id, bye.data), 1.0)[0] == CloseLink(ours.id)
    link, _ = ana.offers(1.0)
    assert ana.neighbours.end_link(ana.table[link], 1.0)[0] == CloseLink(link), (
        "no neighbour is there to tell"
    )


def test_a_neighbour_becomes_a_sought_one_and_stops_being_one() -> None:
    ana, bob = Side("ana"), Side("bob")
    theirs, _ = linked(ana, bob)
    assert ana.neighbours.mark_sought(theirs.id, 5) == [Sought(theirs)] and theirs.among == 5
    assert ana.neighbours.mark_sought(theirs.id, 6) == [] == ana.neighbours.mark_sought(LinkId(99), 6)
    assert ana.neighbours.drop_sought(theirs) == [Unsought(theirs)] and not theirs.sought


def test_a_link_that_fades_stops_counting_and_does_so_once() -> None:
    ana, bob = Side("ana"), Side("bob")
    theirs, _ = linked(ana, bob)
    assert ana.neighbours.stop_counting(theirs) == [Closed(theirs, broken=False)]
    assert ana.neighbours.stop_counting(theirs) == []
