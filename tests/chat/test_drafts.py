"""What is begun is kept a moment later, and is there again."""

from __future__ import annotations

import asyncio

import pytest

from p2pchat.chat.drafts import Drafts
from p2pchat.errors import ControlError
from tests.support.fake_node import FakeNode


async def test_what_is_begun_is_kept_and_there_again_and_what_is_sent_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("p2pchat.chat.drafts.DRAFT_S", 0)
    node = FakeNode("bob", "carol")
    drafts = Drafts(node)
    keeping = asyncio.ensure_future(drafts.keep_changes())
    for name, text in (("bob", "half"), ("carol", "/remove"), ("bob", "half a line"), ("nobody", "x")):
        drafts.note_text(name, text)
    while node.begun != {"bob": "half a line"}:
        await asyncio.sleep(0)
    again = Drafts(node)
    await again.load_kept()
    assert again.text_for("bob") == "half a line"
    drafts.note_text("bob", "")
    while node.begun:
        await asyncio.sleep(0)
    keeping.cancel()


async def test_what_was_written_before_it_is_known_what_was_kept_stays() -> None:
    node = FakeNode("bob")
    node.begun = {"bob": "old"}
    drafts = Drafts(node)
    drafts.note_text("bob", "new")
    await drafts.load_kept()
    assert drafts.text_for("bob") == "new"


async def test_a_node_that_knows_no_drafts_is_no_reason_not_to_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise ControlError("there is no such method")

    node = FakeNode("bob")
    monkeypatch.setattr(node, "read_drafts", refuse)
    monkeypatch.setattr(node, "keep_draft", refuse)
    drafts = Drafts(node)
    await drafts.load_kept()
    drafts.note_text("bob", "half a line")
    await drafts.keep_now()
    assert drafts.text_for("bob") == "half a line"
