"""A conversation is read a page at a time, and a text that is begun stays in it."""

from __future__ import annotations

from p2pchat.errors import LimitError
from tests.support.fake_node import FakeNode, message
from tests.tui.conftest import Open, said, talk


async def test_older_lines_come_when_they_are_scrolled_to(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = said(350)
    node.was_heard = [str(line.id) for line in node.said]
    async with desk(node) as it:
        assert it.lines[-1].endswith("line 349")
        assert len(it.scrollback.messages) == 100
        await it.press("escape", "home")
        await it.until(lambda: len(it.scrollback.messages) == 200)
        while not it.scrollback.messages.oldest:
            await it.press("home")
        await it.press("home")
        assert it.lines[1].endswith("line 0")
        await it.press("ctrl+end")
        assert it.lines[-1].endswith("line 349")


async def test_a_long_text_is_pasted_whole_and_one_too_long_is_refused_kindly(desk: Open) -> None:
    async with desk() as it:
        await it.paste("x\n" * 5_000)
        assert len(it.writing.text) == 10_000
        await it.press("ctrl+c")
        await it.paste("x" * 70_000)
        assert it.writing.text == ""
        assert [each.message for each in it.chat._notifications] == [
            "that is more than a message holds (64 KiB); send it in parts, or as a file elsewhere"
        ]


async def test_what_is_begun_waits_in_its_conversation(desk: Open) -> None:
    async with desk() as it:
        await it.type("half a")
        await it.press("ctrl+n")
        assert it.chat.model.current == "carol"
        assert it.writing.text == ""
        await it.press("ctrl+p")
        assert it.writing.text == "half a"


async def test_what_cannot_be_sent_is_given_back(desk: Open) -> None:
    node = FakeNode("bob")
    node.refuse = [LimitError("too much waits for bob")]
    async with desk(node) as it:
        await it.type("more")
        await it.press("enter")
        await it.until(lambda: it.writing.text == "more")
        assert not [line for line in it.lines if "more" in line]


async def test_a_line_stands_before_the_first_that_was_not_read(desk: Open) -> None:
    node = FakeNode("bob", "carol")
    node.said = talk(3)
    async with desk(node, whom="carol") as it:
        await it.chat.model.take_event(message("n1", "one"))
        await it.chat.model.take_event(message("n2", "two"))
        node.said += [message("n1", "one"), message("n2", "two")]
        await it.press("ctrl+g")
        rows = [line for line in it.lines if line]
        assert "2 new" in rows[-3]
        assert rows[-2].endswith("one")
        await it.type("so")
        await it.press("enter")
        assert not [line for line in it.lines if "2 new" in line], "a person who answers has read"


async def test_what_came_while_no_chat_was_open_stands_below_the_line_too(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = talk(300)
    node.was_heard = [str(line.id) for line in node.said[:150]]
    async with desk(node) as it:
        for missed in node.said[-150:]:
            it.node.happens(missed)
        await it.until(lambda: len(it.node.was_heard) == 300)
        await it.settle()
        assert it.lines[-1].endswith("line 299")
        assert it.scrollback.messages._unread == "m150"
        assert [each.message.id for each in it.scrollback.messages.entries] == [
            f"m{n}" for n in range(50, 300)
        ]


async def test_more_unread_than_a_page_is_loaded_up_to_the_line(desk: Open) -> None:
    node = FakeNode("bob", "carol")
    async with desk(node, whom="carol") as it:
        for number, line in enumerate(talk(250)):
            node.said.append(line)
            if number >= 30:
                await it.chat.model.take_event(line)
        await it.press("ctrl+g")
        assert len(it.scrollback.messages) == 250
        assert it.lines[-1].endswith("line 249")
        await it.press("escape", "home")
        back = it.scrollback
        assert any(
            "220 new" in title for place in range(250) for _, title in back.messages.headings_of(place)
        )
