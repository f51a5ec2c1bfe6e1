"""Questions about what was said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from p2pchat.core.values.changes import DropContact, DropExpiredMessages, PutContact, PutMessage
from p2pchat.errors import StoreError
from p2pchat.store import Store
from p2pchat.types import ContactId, MessageId, MessageState, conversation_with
from tests.support.homes import BOB, WITH_BOB, message, new_store

CAROL = replace(BOB, id=ContactId("c" * 64), name="Carol")
WITH_CAROL = conversation_with(CAROL.id)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = new_store(tmp_path / "home")
    store.commit_changes([PutContact(CAROL)])
    store.commit_changes(
        [PutMessage(message(number, f"line {number} 100% of_it")) for number in range(1, 11)]
    )
    store.commit_changes([PutMessage(message(11, "mine", outgoing=True))])
    store.commit_changes(
        [PutMessage(replace(message(12, "from Carol"), conversation=WITH_CAROL, author=CAROL.id))]
    )
    return store


def numbers(lines: list[object]) -> list[int]:
    return [int(line.id, 16) for line in lines]  # type: ignore[attr-defined]


def test_the_last_lines_oldest_first(store: Store) -> None:
    assert numbers([*store.history.read_messages(WITH_BOB, limit=3)]) == [9, 10, 11]
    assert numbers([*store.history.read_messages(WITH_BOB)]) == list(range(1, 12))


def test_since_and_search_narrow(store: Store) -> None:
    assert numbers([*store.history.read_messages(WITH_BOB, since=9.5)]) == [10, 11]
    assert numbers([*store.history.read_messages(WITH_BOB, search="line 1 ")]) == [1]
    assert len(store.history.read_messages(WITH_BOB, search="100% of_it")) == 10


@pytest.mark.parametrize("pattern", ["100_", "%", "_", "\\", "ofXit"])
def test_a_search_is_for_what_it_says(store: Store, pattern: str) -> None:
    found = store.history.read_messages(WITH_BOB, search=pattern)
    assert all(pattern in line.text for line in found)
    assert len(found) == (10 if pattern in "line 100% of_it" else 0)


def test_lines_are_unheard_until_they_are_marked(store: Store) -> None:
    assert numbers([*store.history.list_unread()]) == [*range(1, 11), 12]
    assert numbers([*store.history.list_unread(WITH_CAROL)]) == [12]
    store.history.mark_read([MessageId(f"{number:032x}") for number in range(1, 10)])
    assert numbers([*store.history.list_unread()]) == [10, 12]
    store.history.mark_read([])
    store.history.mark_read([MessageId("unknown")])
    assert numbers([*store.history.list_unread(WITH_BOB)]) == [10]


def test_conversations_come_latest_first_with_what_is_unheard(store: Store) -> None:
    assert [
        (last.conversation, last.text, unheard) for last, unheard in store.history.list_conversations()
    ] == [
        (WITH_CAROL, "from Carol", 1),
        (WITH_BOB, "mine", 10),
    ]


def test_one_line_by_its_id(store: Store) -> None:
    line = store.history.find_sent_message(MessageId(f"{11:032x}"))
    assert line is not None
    assert line.outgoing
    assert store.history.find_sent_message(MessageId("0" * 31 + "f")) is None


def test_control_characters_are_found_and_looked_past(store: Store) -> None:
    store.commit_changes([PutMessage(message(20, "a\0needle \x1b[31m")), PutMessage(message(21, "xa"))])
    for search, found in (("NEEDLE", [20]), ("a\0", [20]), ("a\0b", []), ("\x1b[", [20]), ("x" * 60_000, [])):
        assert numbers([*store.history.read_messages(WITH_BOB, search=search)]) == found


def test_what_cannot_be_looked_for_is_said(store: Store) -> None:
    for search, limit in (("\udc80", None), (None, 1 << 70)):
        with pytest.raises(StoreError):
            store.history.read_messages(WITH_BOB, search=search, limit=limit)


def test_a_page_before_a_line(store: Store) -> None:
    assert numbers([*store.history.read_messages(WITH_BOB, limit=2, before=MessageId(f"{9:032x}"))]) == [7, 8]
    assert numbers([*store.history.read_messages(WITH_BOB, limit=2, before=MessageId(f"{1:032x}"))]) == []


def test_a_search_over_everybody(store: Store) -> None:
    assert numbers([*store.history.read_messages(None, search="carol")]) == [12]
    assert len(store.history.read_messages(None, search="line", limit=4)) == 4


def test_a_search_knows_parts_of_words_in_any_script_and_looks_past_case_and_accents(store: Store) -> None:
    store.commit_changes([PutMessage(message(30, 'Grüße aus KÖLN, 你好世界 "quoted"'))])
    for search in ("grüß", "koln", "KÖLN", "好世界", "你", 'quoted"', '"quo'):
        assert numbers([*store.history.read_messages(None, search=search)]) == [30], search
    for search in ("grüßt", '" OR "', "text:line", "lin*", "NEAR(line)"):
        assert store.history.read_messages(None, search=search) == [], search


def test_an_edited_line_is_found_by_what_it_says_now(store: Store) -> None:
    line = MessageId(f"{3:032x}")
    assert store.history.edit_message(line, "something else entirely")
    assert [each.id for each in store.history.read_messages(None, search="else entirely")] == [line]
    assert numbers([*store.history.read_messages(WITH_BOB, search="entirely")]) == [3]
    assert 3 not in numbers([*store.history.read_messages(WITH_BOB, search="line")])
    assert not store.history.edit_message(MessageId("0" * 32), "nothing")


def test_a_rewritten_line_is_marked_and_no_other_is(store: Store) -> None:
    line = MessageId(f"{3:032x}")
    store.history.edit_message(line, "never said")
    assert [each.id for each in store.history.read_messages(None) if each.rewritten] == [line]
    found = store.history.find_message(line)
    assert found is not None
    assert found.rewritten
    assert store.history.find_message(MessageId("0" * 32)) is None


def test_what_is_forgotten_is_no_longer_found_and_what_waits_stays(store: Store) -> None:
    waiting = replace(message(40, "still to be delivered", outgoing=True), state=MessageState.QUEUED)
    store.commit_changes([PutMessage(waiting)])
    assert store.history.forget_conversation(WITH_BOB) == 10
    assert numbers([*store.history.read_messages(WITH_BOB)]) == [
        11,
        40,
    ]  # neither is said to have arrived
    assert store.history.read_messages(None, search="line") == []
    assert numbers([*store.history.read_messages(WITH_CAROL)]) == [12]
    assert not store.history.forget_message(waiting.id)
    assert store.history.forget_message(MessageId(f"{12:032x}"))
    assert store.history.read_messages(WITH_CAROL) == []


def test_a_forgotten_contact_leaves_nothing_in_the_index(store: Store) -> None:
    store.commit_changes([DropContact(BOB.id)])
    assert store.history.read_messages(None, search="line") == []
    assert store.history.read_messages(None, search="mine") == []


def test_old_lines_go_but_for_what_waits_to_be_delivered_or_read(store: Store) -> None:
    waiting = message(40, "to be delivered", outgoing=True)
    waiting = replace(waiting, state=MessageState.QUEUED, expires_at=1.0)
    unread = replace(message(41, "to be read"), expires_at=1.0)
    gone = [replace(message(42, "read"), expires_at=1.0), replace(message(43, "new"), expires_at=1000.0)]
    store.commit_changes([PutMessage(line) for line in (waiting, unread, *gone)])
    store.history.mark_read([each.id for each in gone])
    before = {line.id for line in store.history.read_messages(WITH_BOB)}
    store.commit_changes([DropExpiredMessages(2.0)])
    left = {line.id for line in store.history.read_messages(WITH_BOB)}
    assert {waiting.id, unread.id, gone[1].id} <= left
    assert gone[0].id in before - left
    assert store.load_memory().lines_expire
