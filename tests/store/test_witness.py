"""A store that was set back, by a page or as a whole, says so, once, and goes on."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from p2pchat.core.values.changes import Change, DropContact, PutContact, PutIdentity, PutMessage, PutSession
from p2pchat.core.values.records import SessionState
from p2pchat.errors import StoreError
from p2pchat.store import KeyFile, Passphrase, Store
from p2pchat.store.witness import ALL_OLDER, COUNT_FILE, PARTS_OLDER, UNCOUNTED
from tests.support.homes import BOB, KNOWN, WITH_BOB, identity, message, new_store

LOCK = Passphrase("correct horse")
PAGE = 4096


def session(number: int) -> PutSession:
    return PutSession(SessionState(BOB.id, b"olm %d" % number, b"chains %d" % number * 50))


def found(home: Path) -> str:
    store = Store.open_store(home, LOCK)
    said = store.load_memory().set_back
    store.close()
    return said


def moved_on(home: Path) -> tuple[bytes, bytes]:
    """A home that blocked bob and talked on: its store before that, and after."""
    store = new_store(home, LOCK)
    store.commit_changes([session(5)])
    store.close()
    before = (home / "store.db").read_bytes()
    store = Store.open_store(home, LOCK)
    store.commit_changes([session(90)])
    store.commit_changes([PutContact(replace(BOB, blocked=True))])
    store.close()
    return before, (home / "store.db").read_bytes()


def test_a_single_page_put_back_is_noticed_whichever_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before, after = moved_on(home)
    unlike = 0
    for at in range(0, min(len(before), len(after)), PAGE):
        if before[at : at + PAGE] == after[at : at + PAGE]:
            continue
        copy = tmp_path / str(at)
        shutil.copytree(home, copy)
        (copy / "store.db").write_bytes(after[:at] + before[at : at + PAGE] + after[at + PAGE :])
        try:
            store = Store.open_store(copy, LOCK)
            memory = store.load_memory()
        except StoreError:  # an index that does not fit its table
            unlike += 1
            continue
        store.close()
        same = memory.contacts[0].blocked and memory.sessions[0].olm == b"olm 90"
        unlike += not same
        assert same or memory.set_back == PARTS_OLDER
    assert unlike >= 2, "the contact's page and the session's"


def test_a_whole_older_store_is_noticed_once_and_opens(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before, _ = moved_on(home)
    (home / "store.db").write_bytes(before)
    assert found(home) == ALL_OLDER
    assert found(home) == ""


def test_a_copy_put_back_again_is_noticed_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before, _ = moved_on(home)
    for _ in range(3):
        (home / "store.db").write_bytes(before)
        assert found(home) == ALL_OLDER


@pytest.mark.parametrize("count", [None, b"", b"0 00", b"99999 " + b"0" * 32, b"\xff\xfe", b"nonsense"])
def test_a_count_that_is_gone_or_forged_is_noticed_once(tmp_path: Path, count: bytes | None) -> None:
    home = tmp_path / "home"
    moved_on(home)
    if count is None:
        (home / COUNT_FILE).unlink()
    else:
        (home / COUNT_FILE).write_bytes(count)
    assert found(home) == UNCOUNTED
    assert found(home) == ""


def test_a_home_put_back_with_its_count_is_taken_for_what_it_is(tmp_path: Path) -> None:
    """As when a whole home is restored, or a machine from a snapshot: nothing in the home can tell."""
    home = tmp_path / "home"
    new_store(home, LOCK).close()
    shutil.copytree(home, tmp_path / "older")
    store = Store.open_store(home, LOCK)
    store.commit_changes([session(1)])
    store.close()
    assert found(tmp_path / "older") == ""


def test_what_is_done_rightly_is_never_taken_for_a_setting_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = new_store(home, LOCK)
    batches: tuple[list[Change], ...] = (
        [session(1)],
        [PutMessage(message(1)), session(2)],
        [PutContact(replace(BOB, name="Robert")), session(3)],
        [PutIdentity(identity("Alicia"))],
        [],
        [DropContact(BOB.id)],
        [*KNOWN, session(4)],
    )
    for batch in batches:
        store.commit_changes(batch)
        shutil.copytree(home, tmp_path / "killed")  # with its log, as it stands
        assert found(tmp_path / "killed") == ""
        shutil.rmtree(tmp_path / "killed")
        store.fold_log()
    store.history.forget_conversation(WITH_BOB)
    store.close()
    assert found(home) == ""


def test_a_batch_that_was_not_kept_does_not_count(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = new_store(home, LOCK)
    with pytest.raises(StoreError):
        store.commit_changes([session(7), PutMessage(message(1, "half a character \ud800"))])
    store.commit_changes([PutMessage(message(2))])
    store.close()
    assert found(home) == ""


def test_a_home_from_before_there_were_witnesses_opens_without_a_word(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = new_store(home)
    store._connection.execute("DELETE FROM witness")  # as its migration leaves it
    store._connection.close()
    (home / COUNT_FILE).unlink()
    store = Store.open_store(home, KeyFile())
    assert store.load_memory().set_back == ""
    store.close()
    assert (home / COUNT_FILE).exists()
