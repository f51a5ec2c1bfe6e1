"""Introductions, and how one met a contact, are kept with the other records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from p2pchat.core.values.changes import PutContact
from p2pchat.core.values.introductions import DropIntroduction, PutIntroduction
from p2pchat.types import IntroductionId
from tests.support.homes import BOB, new_store

ONE, OTHER = IntroductionId(b"a" * 16), IntroductionId(b"b" * 16)


def test_introductions_are_kept_replaced_and_forgotten(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit_changes([PutIntroduction(OTHER, b"open"), PutIntroduction(ONE, b"asked")])
    store.commit_changes([PutIntroduction(ONE, b"answered")])
    assert store.load_memory().introductions == (b"answered", b"open")
    store.commit_changes([DropIntroduction(ONE), DropIntroduction(ONE)])
    assert store.load_memory().introductions == (b"open",)


def test_how_one_met_a_contact_is_kept(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    met = replace(BOB, how="room", through_room="walkers", introduced_by="ana")
    store.commit_changes([PutContact(met)])
    assert store.load_memory().contacts == (met,)
    store.commit_changes([PutContact(replace(met, how="words", through_room="", introduced_by=""))])
    assert store.load_memory().contacts[0].through_room == ""
