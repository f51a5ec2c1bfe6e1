"""A clock that was wrong at a start costs nothing that is lost for good."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.messaging.content_records import AT_PAST_S
from p2pchat.core.session.asking import KEPT_S
from p2pchat.core.session.renewal import AGE_S, Renewal
from p2pchat.types import MessageState
from p2pchat.wire import content, payload
from tests.core.messaging.test_messages import friends
from tests.support.copies import copied, cut, put_back, received, said, talk
from tests.support.world import World

HOUR, YEAR = 3_600.0, 365 * 86_400.0
ERRORS = [-YEAR, -31 * HOUR, -600.0, 7 * HOUR, YEAR]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("wrong", ["alice", "bob"])
def test_what_waited_under_a_wrong_clock_arrives_under_the_right_one(wrong: str, error: float) -> None:
    world = friends("alice", "bob", "relay")
    machine = world.machines[wrong]
    world.stop(wrong)
    waiting = [world.send("alice", "bob", "before")] if wrong == "bob" else []
    machine.clock_error = error
    world.start(wrong)
    world.run(300.0)
    world.stop(wrong)
    machine.clock_error = 0.0
    world.start(wrong)
    world.run(60.0)
    waiting.append(world.send("alice", "bob", "after"))
    waiting.append(world.send("bob", "alice", "as well"))
    world.run(60.0)
    received = world.machines["bob"].store.received()
    assert received == (["before", "after"] if wrong == "bob" else ["after"])
    assert world.machines["alice"].store.received() == ["as well"]


def test_no_message_expires_by_a_clock_that_no_link_confirms() -> None:
    world = friends("alice", "bob", "relay")
    world.kill("bob")
    message = world.send("alice", "bob", "patience")
    world.kill("alice")
    world.machines["alice"].clock_error = YEAR
    world.start("alice")
    world.run(300.0)
    world.kill("alice")
    assert world.machines["alice"].store.state(message) is not MessageState.EXPIRED
    world.machines["alice"].clock_error = 0.0
    world.start("alice")
    world.start("bob")
    world.run(60.0)
    assert world.machines["bob"].store.received() == ["patience"]


DAY = 24 * HOUR


@pytest.mark.parametrize("days", [0.5, 3, 60])
@pytest.mark.parametrize("waits_there", [False, True])
def test_an_attacker_who_waits_where_a_wrong_clock_leads_does_no_harm(days: float, waits_there: bool) -> None:
    world = World(3)
    for name in ("alice", "bob", "mallory"):
        world.add(name)
        world.start(name)
    world.pair("alice", "bob")
    world.pair("alice", "mallory")
    world.run(30.0)
    world.kill("bob")
    world.run(40.0)
    waiting = world.send("alice", "bob", "before")
    world.run(10.0)
    world.stop("alice")
    world.stop("mallory")
    wrong = ["alice", "mallory"] if waits_there else ["alice"]
    for name in wrong:
        world.machines[name].clock_error = days * DAY
    world.start("mallory")
    world.start("alice")
    world.run(120.0)
    assert bool(world.machines["alice"].running.get_status().meshes[0].links) is waits_there
    world.stop("alice")
    world.stop("mallory")
    for name in wrong:
        world.machines[name].clock_error = 0.0
    for name in ("bob", "mallory", "alice"):
        world.start(name)
    world.run(60.0)
    world.send("alice", "bob", "after")
    world.send("bob", "alice", "are you there?")
    world.run(300.0)
    assert world.machines["alice"].store.state(waiting) is MessageState.DELIVERED
    assert world.machines["bob"].store.received() == ["before", "after"]
    assert world.machines["alice"].store.received() == ["are you there?"]


def talk_by_a_clock(world: World, ahead: float) -> None:
    """All begin again with clocks so many seconds ahead, and alice and bob each write a line."""
    for name in world.machines:
        world.stop(name)
        world.machines[name].clock_error = ahead
    for name in world.machines:
        world.start(name)
    world.run(60.0)
    world.send("alice", "bob", f"by {ahead}")
    world.send("bob", "alice", f"by {ahead}")


@pytest.mark.parametrize("error", [12 * HOUR, 400 * DAY, -DAY])
def test_two_contacts_wrong_together_talk_again_as_soon_as_both_are_right(error: float) -> None:
    world = friends("alice", "bob", "relay")
    for ahead in (error, 0.0):
        talk_by_a_clock(world, ahead)
        world.run(120.0)
    for name in ("alice", "bob"):
        assert world.machines[name].store.received() == [f"by {error}", "by 0.0"]


def test_two_contacts_wrong_together_for_more_than_a_day_renew_by_themselves() -> None:
    world = friends("alice", "bob", "relay")
    wrong = [30 * DAY + hours * HOUR for hours in range(0, 42, 6)]
    for ahead in (*wrong, 0.0):
        talk_by_a_clock(world, ahead)
        world.run(60.0 if ahead else 600.0)
    for name in ("alice", "bob"):
        assert world.machines[name].store.received() == [f"by {ahead}" for ahead in (*wrong, 0.0)]
    ends = [world.machines[name].running.get_status().counters for name in ("alice", "bob")]
    assert any(counters.get("sessions out of step") for counters in ends)


def test_a_node_whose_clock_is_behind_renews_no_session() -> None:
    world = friends("alice", "bob", "relay")
    for behind, seconds in ((30 * DAY, 2 * HOUR), (0.0, 300.0)):
        world.stop("alice")
        world.machines["alice"].clock_error = -behind
        world.start("alice")
        world.run(60.0)
        world.send("alice", "bob", f"{behind} behind")
        world.run(seconds)
    assert world.machines["bob"].store.received() == [f"{30 * DAY} behind", "0.0 behind"]
    assert not world.machines["alice"].running.get_status().counters.get("sessions out of step")


def test_what_was_written_by_a_clock_far_behind_does_not_expire_when_it_is_right() -> None:
    world = friends("alice", "bob", "relay")
    world.stop("bob")
    world.stop("alice")
    world.machines["alice"].clock_error = -YEAR
    world.start("alice")
    message = world.send("alice", "bob", "patience")
    world.run(10.0)
    world.stop("alice")
    world.machines["alice"].clock_error = 0.0
    world.start("alice")
    world.run(60.0)
    assert world.machines["alice"].store.state(message) is not MessageState.EXPIRED
    world.start("bob")
    world.run(120.0)
    assert world.machines["bob"].store.received() == ["patience"]


@pytest.mark.parametrize("error", [3 * DAY, -YEAR])
def test_a_line_from_a_clock_ahead_or_far_behind_is_shown_within_what_can_be(
    error: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = payload.encode_payload

    def wrong(each: payload.Payload) -> bytes:
        return encode(replace(each, at=each.at + error) if isinstance(each, content.Text) else each)

    world = friends("alice", "bob")
    monkeypatch.setattr(payload, "encode_payload", wrong)
    world.send("alice", "bob", "now")
    world.run(20.0)
    (line,) = world.machines["bob"].store.history
    assert world.now - AT_PAST_S - 20.0 <= line.at <= world.now


def by_the_clock(world: World, ahead: float) -> None:
    """All are started anew, so many seconds ahead."""
    for name in world.machines:
        world.stop(name)
        world.machines[name].clock_error = ahead
    for name in world.machines:
        world.start(name)


def test_an_answer_given_by_a_clock_that_was_ahead_makes_way_for_another() -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after the copy")
    by_the_clock(world, YEAR)
    put_back(world, "r2", older)
    world.send("r2", "r1", "restored")
    answers = talk(world, "r1", "r2")._reunion.answering
    world.run_until(lambda: answers.listening, 300.0)
    mend = cut(world, "r2")  # the answer does not arrive
    world.run_until(lambda: answers.answered, 120.0)
    world.kill("r2")
    mend()
    by_the_clock(world, 0.0)
    world.run(600.0)
    assert received(world, "r1", "restored") == ["restored"]


def test_what_was_asked_by_a_clock_that_was_ahead_is_not_kept_for_ever() -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after the copy")
    by_the_clock(world, YEAR)
    put_back(world, "r2", older)
    world.send("r2", "r1", "restored")
    world.run_until(lambda: talk(world, "r2", "r1")._reunion.asking.challenged, 300.0)
    by_the_clock(world, 0.0)
    world.kill("r1")
    world.run(60.0)
    knock = talk(world, "r2", "r1")._reunion.asking._knock
    assert knock is not None and knock.until <= world.now + KEPT_S


def test_a_clock_that_was_ahead_at_a_renewal_does_not_put_off_the_next() -> None:
    renewal = Renewal(True, bytes(32), since=YEAR, count=1)
    assert not renewal.is_due(0.0)
    assert renewal.is_due(AGE_S)
