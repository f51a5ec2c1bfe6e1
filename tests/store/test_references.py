"""What refers to lines: applied to them in any order, bounded while it waits, and gone with them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from p2pchat.core.messaging.referring import WAITING_MAX, apply_references
from p2pchat.core.values.changes import (
    Change,
    DropContact,
    DropExpiredMessages,
    DropVersions,
    PutContact,
    PutMessage,
    PutReference,
    SetMessageState,
    Settled,
)
from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Answered, Reference, ReferenceKind
from p2pchat.crypto.identity import fingerprint, received_id
from p2pchat.store import Store
from p2pchat.types import ContactId, MessageId, MessageName, MessageState, conversation_with
from tests.support.homes import BOB, WITH_BOB, message, new_store

CAROL = replace(BOB, id=ContactId("c" * 64), name="Carol", identity_key=b"identity key of carol " + b"." * 10)
WITH_CAROL = conversation_with(CAROL.id)

REACTION, CORRECTION, WITHDRAWAL = ReferenceKind
THEIRS, OURS = message(1, "at eight"), message(2, "mine", outgoing=True)
LATER = 1e6


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = new_store(tmp_path / "home")
    yield made
    made.close()


def our_name(store: Store) -> MessageName:
    own = fingerprint(store.load_memory().identity.identity_key)
    return MessageName(received_id(own, OURS.id))


def reference(
    number: int,
    kind: ReferenceKind,
    turn: int = 1,
    text: str = "",
    author: ContactId | None = BOB.id,
    target: str = THEIRS.id,
) -> Reference:
    id, state = MessageId(f"{number + 4096:032x}"), MessageState.DELIVERED
    if author is None:
        state = MessageState.QUEUED
    return Reference(id, WITH_BOB, author, kind, MessageName(target), turn, 3.0, text, state)


def put(*references: Reference, keep: bool = False) -> list[Change]:
    return [PutReference(one, LATER, keep) for one in references]


def found(store: Store, line: Message = THEIRS) -> Message:
    known = store.history.find_message(line.id)
    assert known is not None
    return known


def rows(store: Store, table: str = "reference") -> int:
    return len(store._connection.execute(f"SELECT 1 FROM {table}").fetchall())


def texts_of_references(store: Store) -> list[str]:
    return [text for (text,) in store._connection.execute("SELECT text FROM reference ORDER BY row")]


REFERENCES = st.builds(
    lambda kind, turn, text, author: reference(
        0, kind, 0 if kind is WITHDRAWAL else turn, "" if kind is WITHDRAWAL else text, author
    ),
    st.sampled_from(ReferenceKind),
    st.integers(1, 3),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from([BOB.id, None]),
)
HOMES = itertools.count()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data(), st.booleans())
def test_the_store_follows_the_rules_in_any_order(tmp_path: Path, data: st.DataObject, keep: bool) -> None:
    drawn = data.draw(st.lists(REFERENCES, max_size=6))
    references = [replace(one, id=MessageId(f"{number + 16:032x}")) for number, one in enumerate(drawn)]
    changes: list[Change] = [PutMessage(THEIRS, keep), *put(*references, keep=keep)]
    store = new_store(tmp_path / str(next(HOMES)))
    for change in data.draw(st.permutations(changes)):
        store.commit_changes([change])
    assert found(store) == apply_references(THEIRS, references, keep=keep)
    assert store.history.read_messages(WITH_BOB) == [found(store)]
    store.close()


def test_a_line_that_comes_late_is_told_as_it_is(store: Store) -> None:
    waits = reference(1, CORRECTION, 1, "at nine")
    assert store.commit_changes(put(waits)) == [Settled(PutReference(waits, LATER), None)]
    (settled,) = store.commit_changes([PutMessage(THEIRS)])
    assert settled.line == found(store) and settled.line.text == "at nine"
    assert store.commit_changes([PutMessage(THEIRS)]) == [Settled(PutMessage(THEIRS), None)]
    assert store.history.read_messages(WITH_BOB, search="eight") == []
    assert store.history.read_messages(WITH_BOB, search="at nine") == [settled.line]


def test_what_counts_is_told_and_what_does_not_is_not(store: Store) -> None:
    store.commit_changes([PutMessage(THEIRS)])
    newer, older = reference(2, REACTION, 2, "🎉"), reference(1, REACTION, 1, "👍")
    told = [store.commit_changes(put(one))[0].line for one in (newer, newer, older)]
    assert told == [found(store), None, None]


def test_what_we_wrote_is_found_by_the_name_that_it_has_for_both(store: Store) -> None:
    store.commit_changes([PutMessage(OURS), *put(reference(1, REACTION, 1, "👍", target=our_name(store)))])
    referred = found(store, OURS).referred
    assert referred is not None and [one.author for one in referred.reactions] == [BOB.id]
    assert store.commit_changes(put(reference(2, REACTION, 1, "👍", target=OURS.id)))[0].line is None


@pytest.mark.parametrize("kind", ReferenceKind)
def test_no_contact_refers_to_a_line_of_another_conversation(store: Store, kind: ReferenceKind) -> None:
    store.commit_changes([PutContact(CAROL), PutMessage(THEIRS), PutMessage(OURS)])
    for number, name in enumerate((THEIRS.id, our_name(store))):
        told = replace(reference(number, kind, 9, "x", CAROL.id, name), conversation=WITH_CAROL)
        assert store.commit_changes(put(told))[0].line is None
    assert (found(store), found(store, OURS)) == (THEIRS, OURS)
    assert store.history.read_messages(None) == [THEIRS, OURS]


def test_lines_of_one_name_in_two_conversations_have_nothing_in_common(store: Store) -> None:
    to_carol = replace(OURS, conversation=WITH_CAROL, text="mine, to Carol")
    store.commit_changes([PutContact(CAROL), PutMessage(OURS), PutMessage(to_carol)])
    theirs = reference(1, REACTION, 1, "👍", target=our_name(store))
    hers = replace(theirs, author=CAROL.id, conversation=WITH_CAROL, text="🎉")
    ours = reference(2, CORRECTION, 1, "mine!", None, our_name(store))
    store.commit_changes(put(theirs, hers, ours))
    for conversation, text, author in ((WITH_BOB, "mine!", BOB.id), (WITH_CAROL, OURS.text, CAROL.id)):
        (line,) = store.history.read_messages(conversation)
        assert line.referred is not None and [one.author for one in line.referred.reactions] == [author]
        assert line.text.startswith(text) and (line.referred.correction is not None) == (author == BOB.id)


def test_no_contact_has_a_line_of_another_conversation_shown_by_a_reply(store: Store) -> None:
    hers = replace(
        message(7, "so?"), conversation=WITH_CAROL, author=CAROL.id, answers=MessageName(THEIRS.id)
    )
    store.commit_changes([PutContact(CAROL), PutMessage(THEIRS), PutMessage(hers)])
    assert store.history.read_messages(WITH_CAROL) == [hers]


def test_a_reply_is_read_with_the_line_that_it_answers_as_that_is_now(store: Store) -> None:
    reply, lost = (
        replace(message(number, "yes", outgoing=True), answers=MessageName(name))
        for number, name in ((5, THEIRS.id), (6, "f" * 32))
    )
    settled = store.commit_changes([PutMessage(THEIRS), PutMessage(reply), PutMessage(lost)])
    assert [one.line for one in settled] == [found(store, reply)]
    answered = found(store, reply).answered
    assert answered == Answered(THEIRS.id, False, "at eight")
    assert found(store, lost) == lost
    store.commit_changes(put(reference(1, WITHDRAWAL, 0)))
    answered = found(store, reply).answered
    assert answered is not None and (answered.text, answered.withdrawn) == ("", True)
    assert store.history.forget_message(THEIRS.id)
    assert found(store, reply).answered is None and found(store, reply).text == "yes"


def test_what_refers_to_a_line_goes_with_it(store: Store) -> None:
    store.commit_changes([PutMessage(THEIRS), PutMessage(OURS)])
    store.commit_changes(put(reference(1, CORRECTION, 1, "at nine"), keep=True))
    store.commit_changes(put(reference(2, REACTION, 1, "👍", None)))
    assert (rows(store), rows(store, "version")) == (2, 1)
    assert store.history.forget_message(THEIRS.id)
    assert (rows(store), rows(store, "version")) == (0, 0)


def test_what_waits_is_bounded_and_forgotten_with_the_rest(store: Store) -> None:
    lost = [reference(number, REACTION, 1, "x", target=f"{number:032x}") for number in range(100, 300)]
    store.commit_changes(put(*lost))
    assert rows(store) == WAITING_MAX
    assert store.load_memory().lines_expire
    store.commit_changes([DropExpiredMessages(LATER)])
    assert rows(store) == WAITING_MAX
    store.commit_changes([DropExpiredMessages(LATER + 1.0)])
    assert rows(store) == 0
    store.commit_changes(put(*lost[:3]))
    store.history.forget_conversation(WITH_BOB)
    assert rows(store) == 0
    store.commit_changes(put(*lost[:3]))
    store.commit_changes([DropContact(BOB.id)])
    assert rows(store) == 0


@pytest.mark.parametrize("line", [THEIRS, OURS], ids=["theirs", "ours"])
@pytest.mark.parametrize("way", ["one", "all", "expired"])
def test_nothing_waits_for_a_line_that_was_deleted(store: Store, line: Message, way: str) -> None:
    delivered = replace(line, state=MessageState.DELIVERED, expires_at=5.0)
    store.commit_changes([PutMessage(delivered)])
    store.history.mark_read([line.id])
    name = our_name(store) if line.outgoing else MessageName(line.id)
    if way == "one":
        assert store.history.forget_message(line.id)
    elif way == "all":
        assert store.history.forget_conversation(WITH_BOB) == 1
    else:
        store.commit_changes([DropExpiredMessages(6.0)])
    for number, kind in enumerate(ReferenceKind):
        later = reference(number, kind, 1, "a word about it", target=name)
        assert store.commit_changes(put(later))[0].line is None
    assert rows(store) == 0
    store.commit_changes([PutMessage(delivered), *put(reference(9, REACTION, 1, "👍", target=name))])
    assert rows(store) == 1, "it came once more, and is here"


def test_names_of_deleted_lines_are_bounded_and_go_with_the_contact(store: Store) -> None:
    store.commit_changes([PutMessage(THEIRS)])
    store._connection.execute("INSERT INTO gone VALUES (1, ?, 'first'), (65536, ?, 'last')", (WITH_BOB,) * 2)
    assert store.history.forget_message(THEIRS.id)
    names = [name for (name,) in store._connection.execute("SELECT name FROM gone ORDER BY row")]
    assert names == ["last", THEIRS.id]
    store.commit_changes([DropContact(BOB.id)])
    assert rows(store, "gone") == 0


def test_a_correction_that_waits_keeps_no_text_beyond_its_time(store: Store) -> None:
    store.commit_changes(put(replace(reference(1, CORRECTION, 1, "at nine"), expires_at=20.0)))
    store.commit_changes([DropExpiredMessages(20.0)])
    assert texts_of_references(store) == ["at nine"]
    store.commit_changes([DropExpiredMessages(21.0)])
    assert texts_of_references(store) == [""]
    (settled,) = store.commit_changes([PutMessage(replace(THEIRS, expires_at=30.0))])
    assert settled.line is not None and (settled.line.text, settled.line.expires_at) == ("", 20.0)
    store.history.mark_read([THEIRS.id])
    store.commit_changes([DropExpiredMessages(22.0)])
    assert store.history.read_messages(None) == []


def test_of_what_waits_nothing_is_kept_that_will_not_count(store: Store) -> None:
    first, second = reference(1, CORRECTION, 1, "first"), reference(2, CORRECTION, 2, "second")
    store.commit_changes(put(second, first))
    assert rows(store) == 1
    store.commit_changes(put(reference(3, WITHDRAWAL, 0), first))
    assert rows(store) == 1
    (settled,) = store.commit_changes([PutMessage(THEIRS)])
    assert settled.line is not None and settled.line.text == ""


def test_a_reaction_and_a_corrected_line_go_when_their_time_has_come(store: Store) -> None:
    store.commit_changes([PutMessage(THEIRS)])
    store.history.mark_read([THEIRS.id])
    store.commit_changes(put(replace(reference(1, REACTION, 1, "👍"), expires_at=10.0)))
    store.commit_changes([DropExpiredMessages(11.0)])
    assert found(store).referred is None
    store.commit_changes(put(replace(reference(2, CORRECTION, 1, "at nine"), expires_at=20.0)))
    assert found(store).expires_at == 20.0
    store.commit_changes([DropExpiredMessages(21.0)])
    assert store.history.read_messages(None) == [] and rows(store) == 0


def test_earlier_versions_are_dropped_at_once_when_they_are_not_to_be_kept_any_more(store: Store) -> None:
    store.commit_changes([PutMessage(THEIRS), *put(reference(1, CORRECTION, 1, "at nine"), keep=True)])
    assert store.load_memory().has_versions
    store.commit_changes([DropVersions()])
    assert not store.load_memory().has_versions
    referred = found(store).referred
    assert referred is not None and referred.earlier == () and found(store).text == "at nine"


def test_a_rewritten_line_loses_its_former_text(store: Store) -> None:
    store.commit_changes([PutMessage(THEIRS), *put(reference(1, CORRECTION, 1, "at nine"), keep=True)])
    store.history.edit_message(THEIRS.id, "never")
    assert rows(store, "version") == 0
    assert (found(store).text, found(store).rewritten) == ("never", True)


def test_a_line_withdrawn_before_it_was_read_leaves_nothing_to_read(store: Store) -> None:
    store.commit_changes([PutMessage(THEIRS)])
    assert store.history.list_unread() == [THEIRS]
    store.commit_changes(put(reference(1, WITHDRAWAL, 0)))
    assert store.history.list_unread() == []


def test_how_far_what_we_said_of_a_line_has_come_is_known(store: Store) -> None:
    ours = reference(1, CORRECTION, 1, "yours", None, our_name(store))
    store.commit_changes([PutMessage(OURS), *put(ours)])
    assert store.history.sent_state(ours.id) == (WITH_BOB, MessageState.QUEUED)
    assert store.history.sent_state(OURS.id) == (WITH_BOB, MessageState.QUEUED)
    for state in (MessageState.DELIVERED, MessageState.EXPIRED):
        store.commit_changes([SetMessageState(ours.id, state)])
    assert store.history.sent_state(ours.id) == (WITH_BOB, MessageState.DELIVERED)
    assert store.history.sent_state(MessageId("0" * 32)) is None
    referred = found(store, OURS).referred
    assert referred is not None and referred.correction is not None
    assert referred.correction.state is MessageState.DELIVERED
