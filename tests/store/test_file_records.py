"""Files are kept and read back, and go with their contact."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from p2pchat.core.values.changes import DropContact
from p2pchat.core.values.files import DropFile, FileState, PutFile
from p2pchat.store import KeyFile, Store
from p2pchat.types import ContactId
from tests.support.file_records import make_file
from tests.support.homes import BOB, new_store

FILE = make_file(b"content", expires_at=9.0)
OURS = make_file(b"ours", 2, outgoing=True, state=FileState.OFFERED)


def test_files_come_back_as_they_were_kept(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit_changes([PutFile(OURS), PutFile(FILE)])
    moved = replace(FILE, state=FileState.WHOLE, changed_at=7.0, pieces=b"\1")
    store.commit_changes([PutFile(moved)])
    store.close()
    again = Store.open_store(tmp_path / "home", KeyFile())
    assert again.load_memory().files == (moved, OURS)
    again.commit_changes([DropFile(FILE.id)])
    assert again.load_memory().files == (OURS,)
    again.close()


def test_files_go_with_their_contact(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit_changes([PutFile(FILE), DropContact(BOB.id)])
    assert store.load_memory().files == ()
    store.commit_changes([PutFile(FILE), PutFile(replace(OURS, contact=ContactId("e" * 64)))])
    assert store.load_memory().files == (), "nothing is kept of who is no contact"
    store.close()
