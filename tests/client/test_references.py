"""Replies, reactions, corrections, withdrawals and mentions between two real nodes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from p2pchat.client import Event, Node
from p2pchat.control.events import (
    AnsweredInfo,
    CorrectedEvent,
    HistoryLine,
    MessageEvent,
    ReactionEvent,
    ReactionInfo,
    VersionInfo,
    WithdrawnEvent,
)
from p2pchat.errors import UsageError
from tests.support.nodes import friends

pytestmark = pytest.mark.real


@asynccontextmanager
async def listening(node: Node, own: bool = False) -> AsyncIterator[list[Event]]:
    """What a node tells inside the block."""
    heard: list[Event] = []

    async def listen() -> None:
        async for event in node.listen(own=own):
            heard.append(event)  # noqa: PERF401 -- it never ends

    listener = asyncio.get_running_loop().create_task(listen())
    try:
        yield heard
    finally:
        listener.cancel()


async def until(heard: list[Event], kind: type[Event]) -> Event:
    async with asyncio.timeout(20.0):
        while not (found := [event for event in heard if isinstance(event, kind)]):
            await asyncio.sleep(0.02)
    return found[-1]


async def last(node: Node, name: str) -> HistoryLine:
    return (await node.history(name, limit=1))[0]


async def test_what_refers_to_a_message_is_the_same_at_both_ends(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob), listening(bob) as heard:
        question = await alice.send("bob", "when, @Bob?")
        came = await last(bob, "alice")
        assert (came.mentions, (await last(alice, "bob")).mentions) == (["bob"], ["bob"])

        await bob.send("alice", "at eight", reply_to=came.id)
        reply = await last(alice, "bob")
        assert reply.reply_to == AnsweredInfo(id=question.id, sender="alice", text="when, @Bob?")

        await bob.react_to(came.id, "👍")
        assert (await alice.history("bob"))[0].reactions == [
            ReactionInfo(sender="bob", sign="👍", state="delivered")
        ]
        again = await bob.react_to(came.id, "👍")
        assert again.state == "delivered"
        await bob.react_to(came.id, "")
        assert (await alice.history("bob"))[0].reactions == []

        await alice.correct_message(question.id, "where?")
        corrected = await until(heard, CorrectedEvent)
        assert isinstance(corrected, CorrectedEvent) and (corrected.by, corrected.text) == ("alice", "where?")
        assert (await bob.history("alice"))[0].corrected == "delivered"
        assert (await last(alice, "bob")).reply_to == AnsweredInfo(
            id=question.id, sender="alice", text="where?"
        )

        await alice.withdraw_message(question.id)
        withdrawn = await until(heard, WithdrawnEvent)
        assert isinstance(withdrawn, WithdrawnEvent) and withdrawn.text == ""
        answered = (await last(alice, "bob")).reply_to
        assert answered == AnsweredInfo(id=question.id, sender="alice", text="", withdrawn=True)
        line = (await bob.history("alice"))[0]
        assert (line.withdrawn, line.earlier, line.mentions) == ("delivered", [], [])
        assert await bob.search("where") == []
        with pytest.raises(UsageError, match="was withdrawn"):
            await bob.react_to(line.id, "👍")
        assert [event for event in heard if isinstance(event, ReactionEvent)] == []


async def test_the_reader_s_setting_says_whether_earlier_versions_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2PCHAT_KEEP_VERSIONS", "yes")
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        message = await alice.send("bob", "at eight")
        await alice.correct_message(message.id, "at nine")
        line = await last(bob, "alice")
        assert line.text == "at nine"
        assert line.earlier == [VersionInfo(at=(await last(alice, "bob")).at, text="at eight")]
        await alice.withdraw_message(message.id)
        assert [version.text for version in (await last(bob, "alice")).earlier] == ["at eight", "at nine"]


async def test_a_subscriber_to_all_of_a_home_hears_its_own_messages(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob), listening(alice, own=True) as heard:
        await bob.send("alice", "hi")
        came = await until(heard, MessageEvent)
        assert isinstance(came, MessageEvent)
        await alice.react_to(came.id, "🎉")
        told = await until(heard, ReactionEvent)
        assert isinstance(told, ReactionEvent) and (told.by, told.sign, told.id) == ("alice", "🎉", came.id)
        assert [reaction.sign for reaction in told.reactions] == ["🎉"]


async def test_a_message_that_was_corrected_is_not_sent_again_under_its_key(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        first = await alice.send("bob", "at eight", id="the time")
        await alice.correct_message(first.id, "at nine")
        again = await alice.send("bob", "at eight", id="the time")
        assert again.id == first.id and len(await bob.history("alice")) == 1
