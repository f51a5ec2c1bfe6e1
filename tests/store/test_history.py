"""Questions about what was said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from p2pchat.core.records import PutContact, PutMessage
from p2pchat.errors import StoreError
from p2pchat.store import Store
from p2pchat.types import ContactId, MessageId
from tests.support.homes import BOB, message, new_store

CAROL = replace(BOB, id=ContactId("c" * 64), name="Carol")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = new_store(tmp_path / "home")
    store.commit([PutContact(CAROL)])
    store.commit([PutMessage(message(number, f"line {number} 100% of_it")) for number in range(1, 11)])
    store.commit([PutMessage(message(11, "mine", outgoing=True))])
    store.commit([PutMessage(replace(message(12, "from Carol"), contact=CAROL.id))])
    return store


def numbers(lines: list[object]) -> list[int]:
    return [int(line.id, 16) for line in lines]  # type: ignore[attr-defined]


def test_the_last_lines_oldest_first(store: Store) -> None:
    assert numbers([*store.history(BOB.id, limit=3)]) == [9, 10, 11]
    assert numbers([*store.history(BOB.id)]) == list(range(1, 12))


def test_since_and_search_narrow(store: Store) -> None:
    assert numbers([*store.history(BOB.id, since=9.5)]) == [10, 11]
    assert numbers([*store.history(BOB.id, search="line 1 ")]) == [1]
    assert len(store.history(BOB.id, search="100% of_it")) == 10


@pytest.mark.parametrize("pattern", ["100_", "%", "_", "\\", "ofXit"])
def test_a_search_is_for_what_it_says(store: Store, pattern: str) -> None:
    found = store.history(BOB.id, search=pattern)
    assert all(pattern in line.text for line in found)
    assert len(found) == (10 if pattern in "line 100% of_it" else 0)


def test_lines_are_unheard_until_they_are_marked(store: Store) -> None:
    assert numbers([*store.unheard()]) == [*range(1, 11), 12]
    assert numbers([*store.unheard(CAROL.id)]) == [12]
    store.mark_heard([MessageId(f"{number:032x}") for number in range(1, 10)])
    assert numbers([*store.unheard()]) == [10, 12]
    store.mark_heard([])
    store.mark_heard([MessageId("unknown")])
    assert numbers([*store.unheard(BOB.id)]) == [10]


def test_conversations_come_latest_first_with_what_is_unheard(store: Store) -> None:
    assert [(last.contact, last.text, unheard) for last, unheard in store.conversations()] == [
        (CAROL.id, "from Carol", 1),
        (BOB.id, "mine", 10),
    ]


def test_one_line_by_its_id(store: Store) -> None:
    line = store.message(MessageId(f"{11:032x}"))
    assert line is not None
    assert line.outgoing
    assert store.message(MessageId("0" * 31 + "f")) is None


def test_control_characters_are_found_and_looked_past(store: Store) -> None:
    store.commit([PutMessage(message(20, "a\0needle \x1b[31m")), PutMessage(message(21, "xa"))])
    for search, found in (("NEEDLE", [20]), ("a\0", [20]), ("a\0b", []), ("\x1b[", [20]), ("x" * 60_000, [])):
        assert numbers([*store.history(BOB.id, search=search)]) == found


def test_what_cannot_be_looked_for_is_said(store: Store) -> None:
    for search, limit in (("\udc80", None), (None, 1 << 70)):
        with pytest.raises(StoreError):
            store.history(BOB.id, search=search, limit=limit)
