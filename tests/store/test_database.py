"""A store is brought to the present version, one whole step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from p2pchat.core.values.changes import PutCells, PutMessage
from p2pchat.core.values.records import HeldCell, OutboxKind
from p2pchat.crypto.identity import received_id
from p2pchat.errors import StoreError
from p2pchat.store import KEY_FILE, KeyFile, Store, database, journal
from p2pchat.store.database import connect, migrate
from p2pchat.store.witness import Witness
from p2pchat.types import CellKey, Epoch, MessageId
from p2pchat.wire import payload
from p2pchat.wire.content import Text
from tests.support.homes import BOB, MESH, message, new_store

FIRST = "CREATE TABLE one (a INTEGER) STRICT; INSERT INTO one VALUES (1);"
SECOND = "CREATE TABLE two (b INTEGER) STRICT; INSERT INTO two SELECT a + 1 FROM one;"


def tables(connection: apsw.Connection) -> list[str]:
    return [str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema ORDER BY name")]


@contextmanager
def opened(home: Path) -> Iterator[apsw.Connection]:
    connection = connect(home / "store.db", bytes.fromhex((home / KEY_FILE).read_text().split()[3]))
    yield connection
    connection.close()


def test_each_version_is_run_once_and_in_order() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection, {1: FIRST})
    migrate(connection, {2: SECOND, 1: FIRST})
    migrate(connection, {2: SECOND, 1: FIRST})
    assert connection.pragma("user_version") == 2
    assert connection.execute("SELECT b FROM two").fetchall() == [(2,)]
    connection.close()


def test_a_step_that_fails_leaves_the_version_before() -> None:
    connection = apsw.Connection(":memory:")
    with pytest.raises(StoreError, match="nowhere"):
        migrate(connection, {1: FIRST, 2: SECOND + "INSERT INTO nowhere VALUES (1);"})
    assert connection.pragma("user_version") == 1
    assert tables(connection) == ["one"]
    migrate(connection, {1: FIRST, 2: SECOND})
    assert tables(connection) == ["one", "two"]
    connection.close()


def test_a_home_of_the_first_version_keeps_all_it_has_and_learns_to_hold_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, contact_row, mesh_row = tmp_path / "home", journal._contact_row, journal._mesh_row
    first = {1: database._schema_files()[1]}
    with monkeypatch.context() as then:
        then.setattr(database, "_schema_files", lambda: first)
        then.setattr(journal, "_PUT_RENEWED", "SELECT ?, ?, ?, ?, ?")
        then.setattr(journal, "_PUT_CONTACT", "INSERT INTO contact VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        then.setattr(journal, "_contact_row", lambda them: contact_row(them)[:8])
        then.setattr(Witness, "_keep", lambda self: None)
        then.setattr(journal, "_PUT_MESH", "INSERT INTO mesh VALUES (?, ?, ?, ?)")
        then.setattr(journal, "_mesh_row", lambda mesh: mesh_row(mesh)[:4])
        new_store(home).close()
    store = Store.open_store(home, KeyFile())
    assert store.load_memory().contacts == (BOB,)
    assert store.load_memory().held == {MESH.id: ()}
    assert store.load_memory().meshes == (replace(MESH, theirs=MESH.rendezvous),), (
        "no record tells who named them"
    )
    kept = HeldCell(1, CellKey(b"k" * 8), Epoch(81_000), 7, b"c" * 925)
    store.commit_changes([PutCells(MESH.id, (kept,))])
    assert store.read_cells(MESH.id, [1]) == (kept,)
    store.close()


def test_lines_that_came_before_ids_were_a_homes_own_are_called_as_they_would_be_now(tmp_path: Path) -> None:
    home, step = tmp_path / "home", 6
    store = new_store(home)
    store.commit_changes([PutMessage(message(1, "theirs")), PutMessage(message(1, "ours", outgoing=True))])
    store.close()
    with opened(home) as connection:
        connection.pragma("user_version", step - 1)
        migrate(connection, {step: database._schema_files()[step]})
        ids = dict(connection.execute("SELECT text, id FROM message"))
    assert ids == {"theirs": received_id(BOB.id, message(1).id), "ours": message(1).id}


def test_what_waited_before_it_had_a_kind_is_told_apart_by_what_it_says() -> None:
    step, key, secret = 16, bytes(1184), bytes(32)
    said: dict[OutboxKind, list[payload.Payload]] = {
        OutboxKind.TEXT: [Text(MessageId("0" * 32), 1.0, "hi")],
        OutboxKind.REKEY: [payload.RekeyOffer(1, Epoch(2), key), payload.RekeyAnswer(1, bytes(1088))],
        OutboxKind.RETENTION: [payload.Retention(3600.0, 1)],
        OutboxKind.RECOVERY: [payload.RecoveryOffer(secret, key), payload.RecoveryOffer(secret, key, True)],
        OutboxKind.MESH: [payload.MeshRenewed(1, secret)],
    }
    bodies = {payload.encode_payload(each): kind for kind, payloads in said.items() for each in payloads}
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE outbox (payload BLOB NOT NULL, renewal INTEGER NOT NULL) STRICT")
    for body, kind in bodies.items():
        connection.execute("INSERT INTO outbox VALUES (?, ?)", (body, kind is not OutboxKind.TEXT))
    connection.pragma("user_version", step - 1)
    migrate(connection, {step: database._schema_files()[step]})
    assert {body: OutboxKind(kind) for body, kind in connection.execute("SELECT * FROM outbox")} == bodies
    connection.close()


def test_a_newer_store_is_not_touched(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    with opened(home) as connection:
        connection.pragma("user_version", 99)
    with pytest.raises(StoreError, match="newer"):
        Store.open_store(home, KeyFile())


def test_an_open_store_has_the_settings_it_relies_on(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    names = (
        "cipher",
        "journal_mode",
        "synchronous",
        "secure_delete",
        "foreign_keys",
        "trusted_schema",
        "temp_store",
    )
    settings = [store._connection.pragma(name) for name in names]
    assert settings == ["chacha20", "wal", 2, 1, 1, 0, 2]
    assert store.load_memory().contacts == (BOB,)
    store.close()
