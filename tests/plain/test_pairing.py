"""An invite in line mode waits beside the chat, one at a time."""

from __future__ import annotations

import asyncio

import pytest

from p2pchat.chat.model import ChatModel
from p2pchat.control.events import InviteEvent, StrangerEvent
from p2pchat.errors import UsageError
from p2pchat.plain.pairing import BackgroundPairing
from tests.support.fake_node import FakeNode, added, told


def begun(node: FakeNode) -> tuple[BackgroundPairing, list[str]]:
    lines: list[str] = []
    return BackgroundPairing(ChatModel(node, lambda _: None), lines.append), lines


async def told_of(lines: list[str], part: str) -> None:
    async with asyncio.timeout(5):
        while not any(part in line for line in lines):
            await asyncio.sleep(0)


async def test_an_invite_tells_its_code_and_then_the_contact() -> None:
    node = FakeNode("bob")
    node.invitation = [told(InviteEvent, code="1-a-b-c"), told(StrangerEvent, strangers=1), added("dora")]
    pairing, lines = begun(node)
    pairing.begin_invite(False)
    await told_of(lines, "/switch dora")
    assert "1-a-b-c" in lines[0]


async def test_a_second_pairing_waits_for_the_first_to_be_taken_back() -> None:
    pairing, _ = begun(FakeNode("bob"))
    pairing.begin_join("1-a-b-c")
    with pytest.raises(UsageError):
        pairing.begin_invite(False)
    await pairing.cancel_pairing()
    pairing.begin_invite(False)
    await asyncio.sleep(0)
    await pairing.cancel_pairing()


async def test_what_failed_is_told() -> None:
    node = FakeNode("bob")
    node.invitation = [UsageError("no rendezvous is known")]
    pairing, lines = begun(node)
    pairing.begin_invite(True)
    await told_of(lines, "no rendezvous is known")
