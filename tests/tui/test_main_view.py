"""Every part has its place on a screen of any size, and there is always one to write."""

from __future__ import annotations

import pytest

from tests.support.fake_node import FakeNode, contact, message
from tests.tui.conftest import Desk, Open, said


def shown(it: Desk) -> list[str]:
    return [f"the {part}" for part in ("people", "talk", "mesh") if it.chat.query_one(f"#{part}").display]


@pytest.mark.parametrize("size", [(120, 40), (60, 20), (30, 8)])
async def test_every_view_fits_every_size(desk: Open, size: tuple[int, int]) -> None:
    node = FakeNode("bob", "carol", "an extremely long nickname of somebody")
    node.said = [*said(50), message("w", "wide 日本語 🎉 " * 30), *said(3, "carol")]
    async with desk(node, size=size) as it:
        for keys in (("f1",), ("f7",), ("f3",), ("f5",), ("f6",), ("f2",), ("f4",)):
            await it.press(*keys)
            assert all(len(line) <= size[0] + 1 for line in it.screen.split("\n"))
            await it.press("escape")


async def test_a_narrow_terminal_shows_one_thing_at_a_time(desk: Open) -> None:
    async with desk(size=(60, 20)) as it:
        assert "the people" not in shown(it)
        await it.press("f2")
        assert shown(it) == ["the people"]
        await it.press("down", "enter")
        assert shown(it) == ["the talk"]
        assert it.chat.model.current == "carol"
        assert it.writing.has_focus


REASON = (
    "no way between your two networks: yours changes ports for every destination (symmetric NAT), and theirs"
    " lets no stranger in; a TURN server beside the rendezvous helps, or a friend with a public address in"
    " this mesh"
)


def words(text: str) -> str:
    """What is written, however it is broken into lines."""
    return " ".join(text.replace("▎", " ").split())


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_what_is_in_the_way_can_be_read_to_its_end(desk: Open, size: tuple[int, int]) -> None:
    node = FakeNode("bob", "carol")
    node.people["bob"] = contact("bob", hindrance=REASON)
    async with desk(node, size=size) as it:
        await it.until(lambda: f"! {REASON}" in words(it.screen))
        await it.type("hello")
        assert "hello" in it.screen
        await it.press("ctrl+n")
        assert it.chat.model.current == "carol"
        assert "no way" not in it.screen, "it is not in the way of this conversation"


async def test_in_a_low_terminal_the_panel_has_all_that_is_in_the_way(desk: Open) -> None:
    node = FakeNode("bob")
    node.people["bob"] = contact("bob", hindrance=REASON)
    async with desk(node, size=(60, 14)) as it:
        await it.until(lambda: "… F4: all" in it.screen)
        await it.press("f4")
        await it.until(lambda: REASON in words(it.screen))


async def test_the_panel_says_how_we_hide(desk: Open) -> None:
    async with desk(size=(120, 40)) as it:
        await it.press("f4")
        await it.until(lambda: it.screen.count("hidden among 8 computers") == 2)
        assert "stores 17 packets for absent people" in it.screen


async def test_the_panel_leaves_in_sight_where_one_writes_and_goes_when_it_is_in_the_way(desk: Open) -> None:
    async with desk(size=(80, 24)) as it:
        await it.press("f4")
        await it.type("where do I type")
        assert "where do I type" in it.screen
        assert "neighbour" in it.screen
        await it.press("escape")
        assert "neighbour" not in it.screen
        assert it.writing.has_focus, "Escape closed the panel, and selected nothing"
        await it.press("f4", "enter")
        assert "me where do I type" in it.screen, "what was sent is in sight"


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (12, 4)])
async def test_there_is_always_a_place_to_write(desk: Open, size: tuple[int, int]) -> None:
    async with desk(size=size) as it:
        await it.type("hello")
        assert "hello" in it.screen


async def test_the_list_goes_by_when_messages_came_and_not_by_their_writers_clocks(desk: Open) -> None:
    node = FakeNode("bob", "carol")
    async with desk(node) as it:
        for sender, at in (("bob", "2030-01-01T00:00:00Z"), ("carol", "2020-01-01T00:00:00Z")):
            node.happens(message(sender, "hi", sender=sender, at=at))
            await it.until(lambda sender=sender: it.chat.model.people[sender].last is not None)  # type: ignore[misc]
        assert [each.name for each in it.chat.model.in_order()] == ["carol", "bob"]


async def test_the_open_conversation_is_marked_without_any_colour(desk: Open) -> None:
    async with desk(FakeNode("bob", "carol")) as it:
        assert "▌● bob" in it.screen
        assert " ● carol" in it.screen
        await it.press("ctrl+n")
        assert "▌● carol" in it.screen
