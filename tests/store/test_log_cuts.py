"""What is gone is gone: a killed node's files, the log cut at every frame, opened with the right key."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from p2pchat.core.values.changes import DropContact, DropExpiredMessages, PutMessage, PutReference, PutSession
from p2pchat.core.values.records import Message, SessionState
from p2pchat.core.values.references import Reference, ReferenceKind
from p2pchat.errors import StoreError
from p2pchat.store import Passphrase, Store
from p2pchat.types import MessageId, MessageName, MessageState
from tests.support.homes import BOB, KNOWN, WITH_BOB, message, new_store

LOCK = Passphrase("correct horse")
ROOT = Path(__file__).parents[2]
FRAME = 24 + 4096
SAID = "burn after reading"


def session(number: int) -> PutSession:
    return PutSession(SessionState(BOB.id, b"olm %d" % number, b"chains" * 300))


def cuts(home: Path, into: Path) -> Iterator[Store]:
    """The home as a thief could set it back after a kill: with each beginning of its log."""
    log = (home / "store.db-wal").read_bytes() if (home / "store.db-wal").exists() else b""
    for frames in range(max(0, len(log) - 32) // FRAME + 1):
        copy = into / str(frames)
        copy.mkdir()
        for name in ("keys", "store.db"):
            shutil.copy(home / name, copy)
        (copy / "store.db-wal").write_bytes(log[: 32 + frames * FRAME])
        try:
            store = Store.open_store(copy, LOCK)
        except StoreError:
            continue
        yield store
        store.close()
        shutil.rmtree(copy)


def texts(store: Store) -> list[str]:
    return [line.text for line in store.history.read_messages(None)]


def words_of_the_index(store: Store) -> set[str]:
    connection = store._connection
    connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, message_text, row)")
    return {str(term) for (term,) in connection.execute("SELECT term FROM temp.words")}


def olm_states(home: Path, into: Path) -> set[bytes]:
    states: set[bytes] = set()
    for store in cuts(home, into):
        with suppress(StoreError):  # from before there was an identity
            states |= {each.olm for each in store.load_memory().sessions}
    return states


def full_of_secrets(home: Path) -> Store:
    store = new_store(home, LOCK)
    for number in range(12):
        store.commit_changes([PutMessage(message(number, f"{SAID}, {number}")), session(number)])
    return store


def forget_all(store: Store) -> None:
    assert store.history.forget_conversation(WITH_BOB) == 12


def forget_each(store: Store) -> None:
    assert all(store.history.forget_message(MessageId(f"{number:032x}")) for number in range(12))


def edit_each(store: Store) -> None:
    assert all(store.history.edit_message(MessageId(f"{number:032x}"), "nothing") for number in range(12))


def refer_to_each(store: Store, kind: ReferenceKind, text: str) -> None:
    for number in range(12):
        line = message(number)
        id, name = MessageId(f"{number + 64:032x}"), MessageName(line.id)
        reference = Reference(id, line.conversation, BOB.id, kind, name, 1, 2.0, text, MessageState.DELIVERED)
        (settled,) = store.commit_changes([PutReference(reference, 9e9)])
        assert settled.line is not None


def correction_of(line: Message, expires_at: float | None = None) -> Reference:
    id, name, kind = MessageId("f" * 32), MessageName(line.id), ReferenceKind.CORRECTION
    known = MessageState.DELIVERED
    return Reference(id, WITH_BOB, BOB.id, kind, name, 1, 2.0, SAID, known, expires_at=expires_at)


def texts_of_references(store: Store) -> list[str]:
    return [text for (text,) in store._connection.execute("SELECT text FROM reference")]


def correct_each(store: Store) -> None:
    refer_to_each(store, ReferenceKind.CORRECTION, "nothing")


def withdraw_each(store: Store) -> None:
    refer_to_each(store, ReferenceKind.WITHDRAWAL, "")


def expire(store: Store) -> None:
    store.commit_changes([DropExpiredMessages(1e9)])


def remove(store: Store) -> None:
    store.commit_changes([DropContact(BOB.id)])


@pytest.mark.parametrize("way", [forget_all, forget_each, edit_each, correct_each, withdraw_each, remove])
def test_what_was_forgotten_is_in_no_beginning_of_the_log(tmp_path: Path, way: object) -> None:
    home = tmp_path / "home"
    store = full_of_secrets(home)
    way(store)  # type: ignore[operator]
    store.commit_changes([*KNOWN, session(99), PutMessage(message(99, "afterwards"))])
    looked = 0
    for cut in cuts(home, tmp_path):
        looked += 1
        assert not any(SAID in text for text in texts(cut))
        assert "urn" not in words_of_the_index(cut)
    assert looked > 3
    store.close()


def test_what_disappears_by_itself_is_in_no_beginning_of_the_log_either(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = full_of_secrets(home)
    store._connection.execute("UPDATE message SET expires_at = 5, heard = 1")
    expire(store)
    assert [text for cut in cuts(home, tmp_path) for text in texts(cut)] == []
    store.close()


def test_a_correction_that_no_line_has_leaves_no_text_after_its_time(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = new_store(home, LOCK)
    store.commit_changes([PutReference(correction_of(message(1), expires_at=5.0), 9e9)])
    assert SAID in {text for cut in cuts(home, tmp_path) for text in texts_of_references(cut)}
    expire(store)
    assert {text for cut in cuts(home, tmp_path) for text in texts_of_references(cut)} == {""}
    store.close()


def test_a_correction_of_a_deleted_line_is_never_written(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = new_store(home, LOCK)
    store.commit_changes([PutMessage(message(1, "nothing"))])
    assert store.history.forget_message(message(1).id)
    store.commit_changes([PutReference(correction_of(message(1)), 9e9), session(1)])
    assert [text for cut in cuts(home, tmp_path) for text in texts_of_references(cut)] == []
    store.close()


def test_states_of_a_session_from_before_the_log_was_cut_are_gone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = full_of_secrets(home)
    assert len(olm_states(home, tmp_path)) > 10, "this search finds what is there"
    store.fold_log()
    assert olm_states(home, tmp_path) == {b"olm 11"}
    store.commit_changes([session(12)])
    assert olm_states(home, tmp_path) == {b"olm 11", b"olm 12"}
    store.close()


def test_a_log_left_by_a_killed_node_is_cut_at_the_next_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code = "import os, sys, pathlib; from tests.store.test_log_cuts import full_of_secrets\n"
    code += "store = full_of_secrets(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, str(home)], cwd=ROOT, check=False)
    assert os.path.getsize(home / "store.db-wal") > FRAME
    store = Store.open_store(home, LOCK)
    assert os.path.getsize(home / "store.db-wal") == 0
    assert olm_states(home, tmp_path) == {b"olm 11"}
    store.close()


def test_a_reader_in_the_way_does_not_fail_the_cut(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = full_of_secrets(home)
    store._connection.pragma("busy_timeout", 1)
    other = apsw.Connection(str(home / "store.db"), flags=apsw.SQLITE_OPEN_READONLY)
    store.fold_log()
    other.close()
    store.close()
