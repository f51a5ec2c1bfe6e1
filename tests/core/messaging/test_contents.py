"""What two people write, from one to the other: replies, reactions, corrections, withdrawals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from p2pchat.core.messaging.content_records import name_message
from p2pchat.core.messaging.contents import ConversationContent
from p2pchat.core.messaging.referring import WAITS_S
from p2pchat.core.values import effects, user_inputs
from p2pchat.core.values.changes import DropExpiredMessages, PutReference
from p2pchat.core.values.records import Message, OutboxKind
from p2pchat.core.values.references import ReferenceKind
from p2pchat.core.values.settings import Settings
from p2pchat.core.values.user_inputs import ReferenceSubmitted, Target
from p2pchat.crypto.identity import fingerprint, received_id
from p2pchat.types import ContactId, MessageId, MessageName, MessageState
from p2pchat.wire.content import Content, Correction, Reaction, Text, UnknownContent, Withdrawal
from p2pchat.wire.payload import decode_payload
from tests.core.messaging.test_messages import friends
from tests.support.world import World

REACTION, CORRECTION, WITHDRAWAL = ReferenceKind


def own_id(world: World, name: str) -> ContactId:
    return fingerprint(world.machines[name].store.identity.identity_key)


def line(world: World, name: str, place: int = -1) -> Message:
    return world.machines[name].store.history[place]


def refer(
    world: World,
    source: str,
    target: str,
    kind: ReferenceKind,
    line: Target,
    turn: int = 1,
    text: str = "",
) -> MessageId:
    message = MessageId(f"{turn:08x}{kind.value.encode().hex()[:16]:0>24}")
    conversation = world.conversation(source, target)
    world.tell(source, ReferenceSubmitted(message, conversation, kind, line, turn, text))
    return message


def content_of(world: World, name: str, other: str | None = None) -> ConversationContent:
    """What its conversation with the other, of several with the one named, makes of content."""
    conversations = world.machines[name].running._conversations._by_id
    if other is not None:
        return conversations[world.conversation(name, other)]._content
    (conversation,) = conversations.values()
    return conversation._content


def hear(world: World, name: str, content: Content, other: str | None = None) -> None:
    """As if the other had said it."""
    batch: list[Any] = content_of(world, name, other).take_content(content, world.now)
    world.carry_out(name, batch)


def state(world: World, name: str, message: MessageId) -> MessageState:
    moved = [one for one in world.machines[name].events(effects.MessageMoved) if one.id == message]
    return moved[-1].state


def test_a_reply_names_a_line_of_either_side() -> None:
    world = friends("alice", "bob")
    question = world.send("alice", "bob", "when?")
    world.run(5.0)
    came = line(world, "bob")
    for number, answers in ((1, Target(came.id, ours=False)), (2, Target(MessageId("2" * 32), ours=True))):
        id = MessageId(f"{number}" * 32)
        world.tell(
            "bob", user_inputs.MessageSubmitted(id, world.conversation("bob", "alice"), str(number), answers)
        )
    world.run(5.0)
    first, second = world.machines["alice"].store.history[1:]
    assert first.answers == name_message(own_id(world, "alice"), question)
    assert second.answers == name_message(own_id(world, "bob"), MessageId("2" * 32))
    assert str(second.answers) == str(second.id)
    assert line(world, "bob", 1).answers == first.answers


def test_a_mention_names_its_reader() -> None:
    world = friends("alice", "bob")
    for people in ((own_id(world, "bob"),), (own_id(world, "alice"),)):
        id = MessageId(people[0][:32])
        world.tell(
            "alice",
            user_inputs.MessageSubmitted(id, world.conversation("alice", "bob"), "@you", mentions=people),
        )
    world.run(5.0)
    assert [one.mentions for one in world.machines["bob"].store.history] == [True, False]
    assert [one.mentions for one in world.machines["alice"].store.history] == [True, False]


def test_a_reaction_shows_at_both_ends_and_is_replaced_and_taken_back() -> None:
    world = friends("alice", "bob")
    world.send("alice", "bob", "hi")
    world.run(5.0)
    theirs = Target(line(world, "bob").id, ours=False)
    for turn, sign in ((1, "👍"), (2, "🎉"), (3, "")):
        message = refer(world, "bob", "alice", REACTION, theirs, turn, sign)
        world.run(5.0)
        for name in ("alice", "bob"):
            referred = line(world, name).referred
            assert referred is not None and [one.text for one in referred.reactions] == [sign]
        assert state(world, "bob", message) is MessageState.DELIVERED
    told = world.machines["alice"].events(effects.LineReferred)
    assert [one.reference.text for one in told] == ["👍", "🎉", ""]
    assert all(one.line is not None and one.line.outgoing for one in told)
    assert world.machines["alice"].store.received() == []


@pytest.mark.parametrize("keep", [False, True])
def test_a_correction_and_a_withdrawal_reach_both_ends(keep: bool) -> None:
    world = World()
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name, Settings(keep_versions=keep))
    world.pair("alice", "bob")
    mine = Target(world.send("alice", "bob", "at eight"), ours=True)
    world.run(5.0)
    refer(world, "alice", "bob", CORRECTION, mine, 1, "at nine")
    world.run(5.0)
    for name in ("alice", "bob"):
        assert line(world, name).text == "at nine"
    refer(world, "alice", "bob", WITHDRAWAL, mine, 0)
    world.run(5.0)
    for name in ("alice", "bob"):
        gone = line(world, name)
        assert gone.text == "" and gone.referred is not None and gone.referred.withdrawal is not None
        assert [one.text for one in gone.referred.earlier] == (["at eight", "at nine"] if keep else [])


def test_what_was_kept_is_erased_when_it_is_not_to_be_kept_any_more() -> None:
    world = World()
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name, Settings(keep_versions=True))
    world.pair("alice", "bob")
    mine = Target(world.send("alice", "bob", "at eight"), ours=True)
    world.run(5.0)
    refer(world, "alice", "bob", CORRECTION, mine, 1, "at nine")
    world.run(5.0)
    for name in ("alice", "bob"):
        world.stop(name)
    world.start("alice", Settings(keep_versions=True))
    world.start("bob")
    world.run(5.0)
    kept = [line(world, name).referred for name in ("alice", "bob")]
    assert [len(one.earlier) for one in kept if one is not None] == [1, 0]
    assert line(world, "bob").text == "at nine"


def test_no_contact_corrects_or_withdraws_another_s_message() -> None:
    world = friends("alice", "bob")
    world.send("alice", "bob", "at eight")
    world.run(5.0)
    theirs = Target(line(world, "bob").id, ours=False)
    for kind in (CORRECTION, WITHDRAWAL):
        refer(world, "bob", "alice", kind, theirs, 1, "never")
    world.run(5.0)
    assert line(world, "alice").referred is None and line(world, "bob").referred is None

    forged = [Correction(MessageId("f" * 32), 1.0, line(world, "alice").id, "never", 1)]
    forged.append(replace(forged[0], id=MessageId("e" * 32), of=theirs.id))
    for correction in forged:
        hear(world, "alice", correction)
    assert line(world, "alice").text == "at eight" and line(world, "alice").referred is None
    assert len(world.machines["alice"].store.waiting) == 2
    assert not world.machines["alice"].events(effects.LineReferred)


def test_no_contact_refers_to_what_another_wrote_or_was_sent() -> None:
    world = friends("alice", "bob", "carol")
    sent = world.send("alice", "bob", "between us")
    world.run(5.0)
    own = own_id(world, "alice")
    forged: list[Content] = [
        Reaction(MessageId("a" * 32), 1.0, name_message(own, sent), "🎉", 1),
        Correction(MessageId("b" * 32), 1.0, sent, "never", 1),
        Withdrawal(MessageId("c" * 32), 1.0, sent),
    ]
    for content in forged:
        hear(world, "alice", content, "carol")
    ours = line(world, "alice")
    assert (ours.text, ours.referred) == ("between us", None)
    assert not world.machines["alice"].events(effects.LineReferred)


def test_what_refers_to_a_line_that_is_not_here_waits_for_it() -> None:
    world = friends("alice", "bob")
    alice, sent = own_id(world, "alice"), MessageId("5" * 32)
    before: list[Content] = [
        Correction(MessageId("6" * 32), 1.0, sent, "at nine", 1),
        Reaction(MessageId("7" * 32), 1.0, MessageName(received_id(alice, sent)), "🎉", 1),
    ]
    for reference in before:
        hear(world, "bob", reference)
    assert not world.machines["bob"].events(effects.LineReferred)
    hear(world, "bob", Text(sent, 1.0, "at eight"))
    (told,) = world.machines["bob"].events(effects.MessageArrived)
    assert told.message.text == "at nine" == line(world, "bob").text
    assert told.message.referred is not None and told.message.referred.reactions[0].text == "🎉"


def test_what_waits_is_looked_at_once_when_it_has_waited_long_enough() -> None:
    world = friends("alice", "bob")
    lost = Withdrawal(MessageId("6" * 32), 1.0, MessageId("5" * 32))
    put, _ = content_of(world, "bob").take_content(lost, world.now)
    assert isinstance(put, effects.Persist) and isinstance(put.change, PutReference)
    assert put.change.waits_until == world.now + WAITS_S
    purge = content_of(world, "bob")._purge
    assert purge.drop_expired(world.now + 60.0) == []
    assert purge.drop_expired(world.now + WAITS_S + 9.0) == [
        effects.Persist(DropExpiredMessages(world.now + WAITS_S + 9.0))
    ]
    assert purge.next_wakeup() is None


def test_what_a_later_version_lets_people_say_is_shown_as_such() -> None:
    world = friends("alice", "bob")
    unknown = UnknownContent(40, MessageId("5" * 32), world.now)
    hear(world, "bob", unknown)
    (told,) = world.machines["bob"].events(effects.MessageArrived)
    assert (told.message.unknown, told.message.text) == (40, "")


def test_what_is_corrected_before_it_left_leaves_corrected() -> None:
    world = friends("alice", "bob")
    world.kill("bob")
    world.run(120.0)
    mine = Target(world.send("alice", "bob", "at eight"), ours=True)
    refer(world, "alice", "bob", CORRECTION, mine, 1, "at nine")
    waiting = world.machines["alice"].store.outbox
    text = decode_payload(waiting[mine.id].payload)
    assert isinstance(text, Text) and text.text == "at nine"
    world.start("bob")
    world.run(200.0)
    assert line(world, "bob").text == "at nine" and not waiting
    came = line(world, "bob")
    assert came.referred is not None and came.referred.correction is not None


@pytest.mark.parametrize("sealed", [False, True])
def test_what_is_withdrawn_before_it_left_is_not_kept(sealed: bool) -> None:
    world = friends("alice", "bob")
    world.kill("bob")
    if not sealed:
        world.run(120.0)
    mine = Target(world.send("alice", "bob", "at eight"), ours=True)
    if sealed:
        world.run(1.0)
    withdrawal = refer(world, "alice", "bob", WITHDRAWAL, mine, 0)
    waiting = world.machines["alice"].store.outbox
    assert all(b"at eight" not in entry.payload for entry in waiting.values())
    assert {entry.kind for entry in waiting.values()} == {OutboxKind.REFERENCE}
    assert (mine.id in waiting) is sealed
    world.start("bob")
    world.run(300.0)
    assert not waiting and state(world, "alice", withdrawal) is MessageState.DELIVERED
    assert [one.text for one in world.machines["bob"].store.history] == ([""] if sealed else [])


def test_nothing_leaves_of_what_was_said_of_a_line_before_it_was_withdrawn() -> None:
    world = friends("alice", "bob")
    world.kill("bob")
    world.run(120.0)
    mine = Target(world.send("alice", "bob", "at eight"), ours=True)
    said = [refer(world, "alice", "bob", CORRECTION, mine, turn, f"at {turn}") for turn in (1, 2)]
    said.append(refer(world, "alice", "bob", REACTION, mine, 1, "👍"))
    refer(world, "alice", "bob", WITHDRAWAL, mine, 0)
    waiting = world.machines["alice"].store.outbox
    assert [type(decode_payload(entry.payload)) for entry in waiting.values()] == [Withdrawal]
    assert {state(world, "alice", one) for one in said} == {MessageState.CANCELLED}
    world.start("bob")
    world.run(300.0)
    assert not waiting and world.machines["bob"].store.history == []
    assert [one.kind for one in world.machines["bob"].store.waiting] == [WITHDRAWAL]


def test_of_several_corrections_that_wait_only_the_last_leaves_or_is_kept() -> None:
    world = friends("alice", "bob")
    mine, other = (Target(world.send("alice", "bob", text), ours=True) for text in ("at eight", "where?"))
    world.run(5.0)
    world.kill("bob")
    refer(world, "alice", "bob", CORRECTION, mine, 1, "at nine")
    refer(world, "alice", "bob", REACTION, mine, 1, "👍")
    world.run(120.0)  # what was said so far is sealed
    refer(world, "alice", "bob", CORRECTION, other, 7, "here")
    refer(world, "alice", "bob", CORRECTION, mine, 2, "at ten")
    last = refer(world, "alice", "bob", CORRECTION, mine, 3, "at eleven")
    waiting = world.machines["alice"].store.outbox.values()
    bodies = [decode_payload(entry.payload) for entry in waiting]
    corrections = [said.text for said in bodies if isinstance(said, Correction)]
    assert corrections == ["at eleven", "here", "at eleven"] and len(bodies) == 4
    world.start("bob")
    world.run(300.0)
    assert [one.text for one in world.machines["bob"].store.history] == ["at eleven", "here"]
    assert state(world, "alice", last) is MessageState.DELIVERED and not waiting


def test_a_correction_of_a_line_that_waits_is_given_up_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.core.messaging.contents.LIFETIME_S", 3_600.0)
    world = friends("alice", "bob", "relay")
    world.kill("bob")
    mine = Target(world.send("alice", "bob", "at eight"), ours=True)
    world.idle(1_800.0)
    correction = refer(world, "alice", "bob", CORRECTION, mine, 1, "at nine")
    world.idle(1_790.0)
    assert set(world.machines["alice"].store.outbox) == {mine.id, correction}
    world.run(20.0)
    assert not world.machines["alice"].store.outbox
    assert {state(world, "alice", one) for one in (mine.id, correction)} == {MessageState.EXPIRED}


def test_what_a_person_says_of_a_line_goes_over_into_another_session_and_is_cancelled_by_a_block() -> None:
    world = friends("alice", "bob")
    mine = Target(world.send("alice", "bob", "at eight"), ours=True)
    world.run(5.0)
    world.kill("bob")
    message = refer(world, "alice", "bob", CORRECTION, mine, 1, "at nine")
    world.run(1.0)
    world.start("bob")
    world.pair("alice", "bob")
    world.run(60.0)
    assert line(world, "bob").text == "at nine"
    assert state(world, "alice", message) is MessageState.DELIVERED
    world.kill("bob")
    message = refer(world, "alice", "bob", CORRECTION, mine, 2, "at ten")
    world.tell("alice", user_inputs.ContactBlocked(world.contact("alice", "bob"), True))
    assert state(world, "alice", message) is MessageState.CANCELLED
