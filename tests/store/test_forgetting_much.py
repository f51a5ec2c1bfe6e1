"""Much is forgotten at once: what it costs, and that the index keeps nothing of it either."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from p2pchat.core.values.changes import DropContact, DropExpiredMessages, PutContact, PutMessage
from p2pchat.core.values.records import Contact, Message
from p2pchat.errors import StoreError
from p2pchat.store import Store, history, space
from p2pchat.types import ContactId, conversation_with
from tests.support.homes import BOB, WITH_BOB, message, new_store

CAROL: Contact = replace(BOB, id=ContactId("c" * 64), name="carol")
WITH_CAROL = conversation_with(CAROL.id)
LINES = 400
ODD = "\u732b\u72ac\u9ce5"
"""Three characters that are one entry of the index."""


def words(number: int) -> str:
    chosen = random.Random(number)
    return " ".join("".join(chosen.choices("abcdefghij", k=6)) for _ in range(20)) + ODD * (number == 7)


def long_lines() -> Iterator[Message]:
    return (
        replace(
            message(1000 + number, words(number) * 99),
            conversation=WITH_CAROL,
            author=CAROL.id,
        )
        for number in range(99)
    )


def spoken_with_two(home: Path) -> Store:
    """Every line with bob disappears at second 5, and every tenth is followed by one with carol."""
    store = new_store(home)
    store.commit_changes([PutContact(CAROL)])
    for number in range(LINES):
        store.commit_changes([PutMessage(replace(message(number, words(number)), expires_at=5.0))])
        if number % 10 == 0:
            line = replace(
                message(LINES + number, words(LINES + number)),
                conversation=WITH_CAROL,
                author=CAROL.id,
            )
            store.commit_changes([PutMessage(line)])
    store._connection.execute("UPDATE message SET heard = 1")
    return store


def index(store: Store) -> list[bytes]:
    """All that it holds, once it is in one piece."""
    store._connection.execute("INSERT INTO message_text (message_text) VALUES ('optimize')")
    rows = store._connection.execute("SELECT block FROM message_text_data WHERE id > 10")
    return sorted(bytes(block) for (block,) in rows)


def indexed_anew(store: Store) -> list[bytes]:
    store._connection.execute("INSERT INTO message_text (message_text) VALUES ('rebuild')")
    return index(store)


def forget(store: Store) -> None:
    assert store.history.forget_conversation(WITH_BOB) == LINES


def remove(store: Store) -> None:
    store.commit_changes([DropContact(BOB.id)])


def expire(store: Store) -> None:
    store.commit_changes([DropExpiredMessages(10.0)])


WAYS = pytest.mark.parametrize("way", [forget, remove, expire])


@WAYS
def test_each_line_costs_a_few_writes_and_not_one_for_every_three_characters(
    tmp_path: Path, way: Callable[[Store], None]
) -> None:
    store = spoken_with_two(tmp_path / "home")
    before = store._connection.total_changes()
    way(store)
    assert store._connection.total_changes() - before < 10 * LINES
    store.close()


@WAYS
def test_the_index_is_as_if_it_never_had_been_said(tmp_path: Path, way: Callable[[Store], None]) -> None:
    store = spoken_with_two(tmp_path / "home")
    way(store)
    assert index(store) == indexed_anew(store)
    assert len(store.history.read_messages(WITH_CAROL, search=words(LINES)[:20])) == 1
    store.close()


def forgotten_whole(store: Store) -> bool:
    """Forget the one line that has the odd word; whether no block of the index has it any more."""
    blocks = "SELECT block FROM message_text_data"
    (line,) = store.history.read_messages(WITH_BOB, search=ODD)
    assert any(ODD.encode() in bytes(block) for (block,) in store._connection.execute(blocks))
    assert store.history.forget_message(line.id)
    return not any(ODD.encode() in bytes(block) for (block,) in store._connection.execute(blocks))


def test_a_line_is_overwritten_where_it_is(tmp_path: Path) -> None:
    store = spoken_with_two(tmp_path / "home")
    pieces = "SELECT id FROM message_text_data ORDER BY id"
    before = store._connection.execute(pieces).fetchall()
    assert forgotten_whole(store)
    assert store._connection.execute(pieces).fetchall() == before
    store.close()


def test_so_it_is_after_much_could_not_be_forgotten(tmp_path: Path) -> None:
    store = spoken_with_two(tmp_path / "home")
    store._connection.pragma("max_page_count", store._connection.pragma("page_count"))
    with pytest.raises(StoreError, match="the disk is full"):
        store.commit_changes([DropContact(BOB.id), *(PutMessage(line) for line in long_lines())])
    assert len(store.history.read_messages(WITH_BOB)) == LINES
    store._connection.pragma("max_page_count", 1 << 20)
    assert forgotten_whole(store)
    store.close()


def test_so_it_is_after_forgetting_much_was_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = spoken_with_two(tmp_path / "home")
    real = history._overwrite_in_the_index

    def fail(connection: apsw.Connection, at_once: bool) -> None:
        if at_once:
            raise StoreError("it is broken off")
        real(connection, at_once)

    monkeypatch.setattr(history, "_overwrite_in_the_index", fail)
    with pytest.raises(StoreError, match="broken off"):
        store.history.forget_conversation(WITH_BOB)
    assert len(store.history.read_messages(WITH_BOB)) == LINES
    assert forgotten_whole(store)
    store.close()


def test_without_room_for_a_new_index_it_is_overwritten_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = spoken_with_two(tmp_path / "home")
    pages = store._connection.pragma("page_count")
    monkeypatch.setattr(space, "_free", lambda home: 3 * 4096 * pages // 2)
    asked: list[bool] = []
    monkeypatch.setattr(history, "_overwrite_in_the_index", lambda connection, at_once: asked.append(at_once))
    assert store.history.forget_conversation(WITH_BOB) == LINES
    assert asked == []
    store.close()
