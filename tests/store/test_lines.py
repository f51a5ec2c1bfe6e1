"""Lines as rows: everything that is known of one comes back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from p2pchat.core.values.changes import PutMessage
from p2pchat.crypto.identity import fingerprint, received_id
from p2pchat.store import Store
from p2pchat.store.database import migrate
from p2pchat.store.lines import ANSWERED_CHARACTERS, find_line
from p2pchat.types import MessageName
from tests.support.homes import WITH_BOB, message, new_store


def names(store: Store) -> dict[int, MessageName]:
    """Of a line that came, and of one of ours."""
    own = fingerprint(store.load_memory().identity.identity_key)
    return {1: MessageName(message(1).id), 2: MessageName(received_id(own, message(2).id))}


def test_a_line_comes_back_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    line = replace(message(1, "yes"), expires_at=9.0, answers=MessageName("f" * 32), mentions=True)
    unknown = replace(message(2, ""), unknown=40)
    assert store.commit_changes([PutMessage(line), PutMessage(unknown)]) == []
    assert store.history.read_messages(WITH_BOB) == [line, unknown]
    store.close()


@pytest.mark.parametrize(("number", "outgoing"), [(1, False), (2, True)])
def test_a_line_is_found_by_its_name(tmp_path: Path, number: int, outgoing: bool) -> None:
    store = new_store(tmp_path / "home")
    line = message(number, "hi", outgoing)
    store.commit_changes([PutMessage(line)])
    row = store.work_on(lambda connection: find_line(connection, WITH_BOB, names(store)[number]))
    assert row is not None and row.line == line
    assert store.work_on(lambda connection: find_line(connection, WITH_BOB, MessageName("0" * 32))) is None
    store.close()


def test_of_a_long_line_that_is_answered_the_beginning_is_read(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit_changes([PutMessage(message(1, "é" * 999))])
    reply = replace(message(2, "yes"), answers=MessageName(message(1).id))
    (settled,) = store.commit_changes([PutMessage(reply)])
    assert settled.line is not None and settled.line.answered is not None
    assert settled.line.answered.text == "é" * ANSWERED_CHARACTERS
    store.close()


def test_lines_of_before_get_their_names(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit_changes([PutMessage(message(1)), PutMessage(message(2, outgoing=True))])
    connection = store._connection
    connection.execute("DROP TRIGGER conversation_gone; DROP TRIGGER room_gone")
    connection.execute("DROP TRIGGER line_gone; DROP TABLE gone")
    for column in ("name", "answers", "mentions", "unknown"):
        connection.execute("DROP INDEX IF EXISTS message_by_name; DROP TRIGGER IF EXISTS reference_forgotten")
        connection.execute(f"ALTER TABLE message DROP COLUMN {column}")
    connection.execute("DROP TABLE reference; DROP TABLE version")
    connection.pragma("user_version", 17)
    files = Path(__file__).parents[2] / "p2pchat" / "store" / "schema"
    migrate(connection, {18: (files / "0018.sql").read_text()})
    assert dict(connection.execute("SELECT row, name FROM message")) == names(store)
    store.close()
