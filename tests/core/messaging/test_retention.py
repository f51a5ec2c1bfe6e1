"""Two people decide how long what they say lasts; both forget it then, nothing sooner, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.messaging import conversation
from p2pchat.core.messaging.outbox import SEALED_CAP
from p2pchat.core.messaging.outputs import Output
from p2pchat.core.messaging.retention import PURGE_MIN_S, TURN_STEP, Purge, counts, decided, outdated
from p2pchat.core.values import user_inputs
from p2pchat.core.values.changes import DropExpiredMessages, DropVersions
from p2pchat.core.values.effects import ContactChanged, Persist
from p2pchat.core.values.records import Contact, ConversationPreferences
from p2pchat.types import ContactId, MeshId
from p2pchat.wire.payload import RETENTION_MAX_S, RETENTION_MIN_S, Notice, Retention, decode_payload
from tests.support.world import World

LASTING = ConversationPreferences(retention_s=60.0, retention_turn=100)
THEM = Contact(ContactId("c"), "bob", b"k", MeshId(b"m"), "words", 0.0, preferences=LASTING)
SPANS = st.just(0.0) | st.floats(RETENTION_MIN_S, RETENTION_MAX_S)


@pytest.fixture
def world() -> World:
    world = World()
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name)
    world.pair("alice", "bob")
    world.run(10.0)
    return world


def decide(world: World, who: str, whom: str, seconds: float) -> None:
    world.tell(who, user_inputs.ContactRetentionChosen(world.contact(who, whom), seconds))


def setting(world: World, who: str) -> list[float]:
    return [contact.preferences.retention_s for contact in world.machines[who].store.contacts.values()]


def texts(world: World, who: str) -> list[str]:
    return [line.text for line in world.machines[who].store.history]


def test_what_is_said_after_a_decision_goes_on_both_sides(world: World) -> None:
    decide(world, "alice", "bob", 300.0)
    world.run(10.0)
    assert setting(world, "alice") == setting(world, "bob") == [300.0]
    world.send("alice", "bob", "soon gone")
    world.run(200.0)
    world.send("bob", "alice", "later")
    world.run(150.0)
    assert texts(world, "alice") == texts(world, "bob") == ["later"]
    world.run(200.0)
    assert texts(world, "alice") == texts(world, "bob") == []


def test_what_was_said_before_a_decision_stays(world: World) -> None:
    world.send("alice", "bob", "evidence")
    world.send("bob", "alice", "I deny it")
    world.run(10.0)
    decide(world, "bob", "alice", RETENTION_MIN_S)
    world.run(300.0)
    assert sorted(texts(world, "alice")) == sorted(texts(world, "bob")) == ["I deny it", "evidence"]


def test_a_line_keeps_the_time_it_was_given_despite_later_decisions(world: World) -> None:
    decide(world, "alice", "bob", 300.0)
    world.run(10.0)
    world.send("alice", "bob", "five minutes")
    world.run(10.0)
    decide(world, "bob", "alice", 0.0)
    world.run(10.0)
    world.send("bob", "alice", "for ever")
    world.run(500.0)
    assert texts(world, "alice") == texts(world, "bob") == ["for ever"]


def test_both_learn_which_side_decided(world: World) -> None:
    decide(world, "alice", "bob", 300.0)
    world.run(10.0)
    told = {name: world.machines[name].events(ContactChanged)[-1] for name in ("alice", "bob")}
    assert [told[name].change for name in ("alice", "bob")] == ["disappearing"] * 2
    assert [told[name].by_them for name in ("alice", "bob")] == [False, True]


def test_one_that_was_away_is_told_and_forgets_after_a_restart(world: World) -> None:
    decide(world, "alice", "bob", 60.0)
    world.run(10.0)
    world.send("alice", "bob", "said")
    world.run(10.0)
    world.kill("bob")
    world.run(120.0)
    assert (texts(world, "alice"), texts(world, "bob")) == ([], ["said"])
    world.start("bob")
    world.run(120.0)
    assert texts(world, "bob") == []
    assert setting(world, "bob") == [60.0]


def test_of_two_decisions_at_once_both_take_the_same(world: World) -> None:
    decide(world, "alice", "bob", 600.0)
    decide(world, "bob", "alice", 60.0)
    world.run(30.0)
    assert setting(world, "alice") == setting(world, "bob") == [60.0]


def test_a_side_that_forgot_a_decision_is_told_and_then_decides_again(world: World) -> None:
    for seconds in (600.0, 700.0, 800.0):
        decide(world, "alice", "bob", seconds)
    world.run(30.0)
    bob = world.machines["bob"]
    world.kill("bob")
    known = world.contact("bob", "alice")
    bob.store.contacts[known] = replace(bob.store.contacts[known], preferences=ConversationPreferences())
    world.start("bob")
    world.run(30.0)
    decide(world, "bob", "alice", 90.0)
    world.run(30.0)
    assert setting(world, "alice") == setting(world, "bob") == [800.0]
    decide(world, "bob", "alice", 90.0)
    world.run(30.0)
    assert setting(world, "alice") == setting(world, "bob") == [90.0]


def test_the_later_decision_counts_and_of_two_at_once_the_shorter() -> None:
    assert counts(THEM, Retention(0.0, 101))
    assert not counts(THEM, Retention(12.0, 99))
    assert counts(THEM, Retention(30.0, 100))
    assert not counts(THEM, Retention(61.0, 100))
    assert not counts(THEM, Retention(0.0, 100))


def test_an_outdated_decision_is_answered() -> None:
    assert outdated(THEM, Retention(12.0, 99))
    assert not outdated(THEM, Retention(12.0, 100))


def unsaid(who: conversation.Conversation) -> Callable[..., list[Output]]:
    """What its end does for a notice that never leaves; it is not due again at once."""

    def say(notice: Notice, space: int, now: float) -> list[Output]:
        who.presence.on_greeting_sent(now)
        return []

    return say


def test_who_says_outdated_things_without_end_has_us_keep_few_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though none of them is acknowledged."""
    for seconds in (600.0, 700.0, 800.0):
        decide(world, "bob", "alice", seconds)
    world.run(30.0)
    (hostile,) = world.machines["alice"].running._conversations._by_id.values()
    monkeypatch.setattr(hostile.delivery, "say_notice", unsaid(hostile))
    monkeypatch.setattr(conversation, "decided", lambda contact, seconds: Retention(seconds, 1))
    for _ in range(2 * SEALED_CAP):
        decide(world, "alice", "bob", 60.0)
        world.run(1.0)
    kept = world.machines["bob"].store.outbox.values()
    answers = [entry for entry in kept if isinstance(decode_payload(entry.payload), Retention)]
    assert SEALED_CAP / 2 < len(answers) <= SEALED_CAP + 1, "what was sealed, and the last word"


@given(st.integers(1, 2**48 - 1), SPANS, SPANS)
def test_nothing_a_contact_says_once_stops_us_from_deciding(turn: int, theirs: float, ours: float) -> None:
    said = Retention(theirs, turn)
    known = THEM
    if counts(known, said):
        known = replace(THEM, preferences=ConversationPreferences(False, theirs, turn))
    assert known.preferences.retention_turn <= LASTING.retention_turn + TURN_STEP
    assert counts(known, decided(known, ours))


@given(SPANS, st.floats(0, 4e9))
def test_a_look_is_never_sooner_than_a_second_after_the_last(seconds: float, now: float) -> None:
    purge = Purge(lines_expire=False)
    them = replace(THEM, preferences=replace(LASTING, retention_s=seconds))
    expires = purge.schedule_line(them.preferences.retention_s, now)
    assert (expires is None) == (seconds == 0)
    at = purge.next_wakeup()
    if at is not None:
        assert at >= now + PURGE_MIN_S
        purge.drop_expired(at)
        again = purge.next_wakeup()
        assert again is not None
        assert again >= at + PURGE_MIN_S


def test_what_lines_said_before_is_dropped_at_the_first_look_where_it_is_not_kept_any_more() -> None:
    purge = Purge(lines_expire=False, drop_versions=True)
    assert purge.next_wakeup() == 0.0
    assert purge.drop_expired(5.0) == [Persist(DropVersions()), Persist(DropExpiredMessages(5.0))]
    assert purge.next_wakeup() is None


def test_what_waits_is_looked_at_as_long_as_anything_does() -> None:
    purge = Purge(lines_expire=False)
    assert purge.schedule_wait(10.0) == 10.0
    purge.schedule_wait(20.0)
    assert purge.drop_expired(9.0) == []
    assert purge.drop_expired(12.0) == [Persist(DropExpiredMessages(12.0))]
    assert purge.next_wakeup() is not None
    assert purge.drop_expired(22.0) == [Persist(DropExpiredMessages(22.0))]
    assert purge.next_wakeup() is None
