"""What was begun is kept sealed until it is sent or given up, and goes with its contact."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from p2pchat.core.values.changes import DropContact, PutContact
from p2pchat.store import KeyFile, Store
from p2pchat.types import ContactId, conversation_with
from tests.support.homes import BOB, new_store

CAROL = replace(BOB, id=ContactId("c" * 64), name="Carol")
WITH_BOB = conversation_with(BOB.id)
TEXT = "what I never said"


def test_a_draft_is_there_after_the_next_start_and_an_empty_one_is_none(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit_changes([PutContact(CAROL)])
    store.keep_draft(WITH_BOB, "first")
    store.keep_draft(WITH_BOB, TEXT)
    store.keep_draft(conversation_with(CAROL.id), "and you?")
    store.keep_draft(conversation_with(CAROL.id), "")
    store.close()
    store = Store.open_store(tmp_path / "home", KeyFile())
    assert store.read_drafts() == {WITH_BOB: TEXT}
    assert store.load_memory().set_back == ""
    store.close()


def test_a_draft_lies_open_nowhere_and_goes_with_its_contact(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = new_store(home)
    store.keep_draft(WITH_BOB, TEXT)
    assert all(TEXT.encode() not in each.read_bytes() for each in home.iterdir() if each.is_file())
    store.commit_changes([DropContact(BOB.id)])
    assert store.read_drafts() == {}
    store.close()
