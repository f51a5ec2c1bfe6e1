"""Contacts without a code, with real nodes: through a room, and by a friend."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from p2pchat.client import Node
from p2pchat.control.introductions import IntroductionEvent, IntroductionInfo
from p2pchat.errors import NotInTime, UsageError
from tests.support.nodes import friends, messages

pytestmark = pytest.mark.real


async def look_for_request(node: Node) -> IntroductionInfo:
    """Look until somebody asks."""
    async with asyncio.timeout(30):
        while True:
            asking = [one for one in await node.list_introductions() if one.state == "requested"]
            if asking:
                return asking[0]
            await until(node, lambda event: event.change == "requested")


async def until(node: Node, is_it: Callable[[IntroductionEvent], bool]) -> None:
    """Listen until something becomes of an introduction, or for a moment."""
    try:
        async with asyncio.timeout(0.5):
            async for event in node.listen():
                if isinstance(event, IntroductionEvent) and is_it(event):
                    return
    except TimeoutError:
        return


async def test_two_members_of_a_room_become_contacts_and_write_to_each_other(tmp_path: Path) -> None:
    async with friends(tmp_path, "ana", "bob", "carol") as (ana, bob, carol):
        await ana.create_room("friends")
        await ana.invite_to_room("#friends", ["bob", "carol"])
        for guest in (bob, carol):
            async with asyncio.timeout(20):
                while not await guest.list_rooms():
                    await asyncio.sleep(0.05)
            await guest.accept_room("friends")
        async with asyncio.timeout(20):
            while len(await bob.list_members("#friends")) < 3:
                await asyncio.sleep(0.05)
        await bob.add_contact("#friends", "carol")
        asking = await look_for_request(carol)
        assert (asking.name, asking.room, asking.by) == ("bob", "#friends", "ana")
        known = await carol.accept_contact("bob")
        assert (known.through_room, known.introduced_by, known.verified) == ("#friends", "ana", False)
        await carol.send("bob", "a word with you")
        (line,) = await messages(bob, 1, "carol")
        assert line.text == "a word with you"
        assert (await bob.contact("carol")).safety_number == (await carol.contact("bob")).safety_number
        (member,) = [one for one in await bob.list_members("#friends") if one.name == "carol"]
        assert member.contact and not member.verified


async def test_a_friend_introduces_two_who_write_to_each_other(tmp_path: Path) -> None:
    async with friends(tmp_path, "ana", "bob", "carol") as (ana, bob, carol):
        await ana.introduce_contacts("bob", "carol")
        asking = await look_for_request(bob)
        assert (asking.name, asking.by, asking.room) == ("carol", "ana", None)
        with pytest.raises(NotInTime):
            await bob.accept_contact("carol", timeout=0.2)
        assert (await look_for_request(carol)).name == "bob"
        known = await carol.accept_contact("bob")
        assert (known.how, known.introduced_by) == ("friend", "ana")
        await carol.send("bob", "ana says you sail")
        (line,) = await messages(bob, 1, "carol")
        assert line.text == "ana says you sail"
        assert await ana.list_introductions() == await bob.list_introductions() == []
        with pytest.raises(UsageError, match="two different"):
            await ana.introduce_contacts("bob", "bob")


async def test_a_new_home_is_asked_nothing(lone: Node) -> None:
    assert await lone.list_introductions() == []
    for ask in (
        lone.add_contact("#friends", "bob"),
        lone.introduce_contacts("bob", "carol"),
        lone.accept_contact("bob"),
        lone.decline_contact("bob"),
    ):
        with pytest.raises(UsageError):
            await ask
