"""What was said is drawn whole, in its columns, with the newest in sight."""

from __future__ import annotations

import re

import pytest

from p2pchat.control.events import MessageEvent
from tests.support.fake_node import FakeNode, message
from tests.tui.conftest import Desk, Open

URL = "https://example.org/a/long/path/with?query=1&another=2&and=so+on#" + "x" * 60
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
CJK = "日本語の文章はとても長いです" * 8


def talk(count: int, text: str = "line") -> list[MessageEvent]:
    return [
        message(f"m{n}", f"{text} {n}", at=f"2026-01-02T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z")
        for n in range(count)
    ]


def all_rows(it: Desk) -> str:
    """The text of all messages that are loaded, rows joined: what was wrapped is whole again."""
    back = it.chat.scrollback
    rows = []
    for y in range(0, back.virtual_size.height, back.size.height):
        back.scroll_to(y=y, animate=False, immediate=True)
        first = y - int(back.scroll_y)
        rows += [back.render_line(row).text[10:] for row in range(first, back.size.height)]
    return "".join(row.rstrip() for row in rows)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20), (31, 12), (100, 30)])
@pytest.mark.parametrize("text", [URL, WORD, CJK])
async def test_no_letter_is_lost_where_a_line_is_broken(desk: Open, size: tuple[int, int], text: str) -> None:
    node = FakeNode("bob")
    node.said = [message("long", text, at="2026-01-02T00:00:00Z")]
    async with desk(node, size=size) as it:
        back = it.chat.scrollback
        for line in talk(60):  # the bar beside the lines comes, and takes a column
            await it.chat.model.take_event(line)
        await it.settle()
        assert not back.show_horizontal_scrollbar
        assert back.show_vertical_scrollbar
        assert back.scrollable_content_region.width == back._width
        assert re.sub(r"\s", "", text) in re.sub(r"\s", "", all_rows(it))
        await it.pilot.resize_terminal(size[0] + 7, size[1])
        await it.settle()
        assert back.scrollable_content_region.width == back._width


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (60, 20)])
@pytest.mark.parametrize(
    "said",
    [
        talk(27),
        talk(400, "many words that take more than a single row of the screen, as they do " * 2),
        [*talk(9), message("huge", "x" * 65_000, at="2026-01-03T00:00:00Z"), message("end", "line 9")],
    ],
)
async def test_a_conversation_opens_at_its_newest_message(
    desk: Open, size: tuple[int, int], said: list[MessageEvent]
) -> None:
    node = FakeNode("bob", "carol")
    node.said = said
    last = str(said[-1].text)[-8:].strip()
    async with desk(node, size=size, whom="carol") as it:
        await it.press("ctrl+n")
        assert it.lines[-1].endswith(last)
        await it.press("f4", "f4")
        assert it.lines[-1].endswith(last), "the panel and back"
        await it.press("ctrl+j", "ctrl+j", "ctrl+j")
        assert it.lines[-1].endswith(last), "while what one writes grows"
        await it.chat.model.take_event(message("new", "the newest", at="2026-01-04T00:00:00Z"))
        await it.settle()
        assert it.lines[-1].endswith("the newest")
        await it.pilot.resize_terminal(size[0] - 9, size[1] - 3)
        await it.settle()
        assert it.lines[-1].endswith("the newest")


async def test_what_comes_while_one_reads_older_lines_is_counted_and_gone_to(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = talk(90)
    async with desk(node) as it:
        await it.press("pageup", "pageup")
        top = it.lines[0]
        for number in range(3):
            await it.chat.model.take_event(message(f"n{number}", f"new {number}", at="2026-01-03T00:00:00Z"))
        await it.settle()
        assert it.lines[0] == top, "what one reads stays where it is"
        assert "↓ 3 new · Ctrl-End" in it.screen
        await it.press("ctrl+end")
        assert it.lines[-1].endswith("new 2")
        assert "↓ 3 new" not in it.screen


async def test_what_one_reads_stays_where_it_is_through_the_panel_and_other_sizes(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = talk(90, "a text of some words that takes more than one row, ")
    async with desk(node) as it:
        await it.press("pageup", "pageup", "pageup")
        top = it.chat.scrollback._at(int(it.chat.scrollback.scroll_y))[0]
        await it.press("f4", "f4")
        assert it.chat.scrollback._at(int(it.chat.scrollback.scroll_y))[0] == top
        await it.pilot.resize_terminal(60, 24)
        await it.settle()
        assert it.chat.scrollback._at(int(it.chat.scrollback.scroll_y))[0] == top


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
        assert not [line for line in it.lines if "2 new" in line], "whoever answers has read"


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
        assert it.chat.scrollback._unread == "m150"
        assert [each.id for each in it.chat.scrollback._messages()] == [f"m{n}" for n in range(50, 300)]


async def test_more_unread_than_a_page_is_loaded_up_to_the_line(desk: Open) -> None:
    node = FakeNode("bob", "carol")
    async with desk(node, whom="carol") as it:
        for number, line in enumerate(talk(250)):
            node.said.append(line)
            if number >= 30:
                await it.chat.model.take_event(line)
        await it.press("ctrl+g")
        assert len(it.chat.scrollback) == 250
        assert it.lines[-1].endswith("line 249")
        await it.press("escape", "home")
        back = it.chat.scrollback
        assert any("220 new" in title for place in range(250) for _, title in back._above(place))


async def test_pasted_code_keeps_its_indentation(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "if x:\n\tfor i in y:\n\t\tprint(i)\na\tb\n    four")]
    async with desk(node) as it:
        rows = [line[line.index("if x") :] if "if x" in line else line for line in it.lines]
        column = next(line for line in it.lines if "if x" in line).index("if x")
        rows = [line[column:] for line in it.lines if line.strip()][1:]
        assert rows == ["if x:", "    for i in y:", "        print(i)", "a   b", "    four"]


def _light(colour: tuple[int, ...]) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [each / 255 for each in colour]
    red, green, blue = (
        each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_every_letter_of_the_talk_can_be_read_in_every_theme(desk: Open) -> None:
    async with desk() as it:
        back = it.chat.scrollback
        for theme in set(it.chat.available_themes) - {"ansi-dark", "ansi-light"}:  # the terminal's own
            it.chat.theme = theme
            await it.pilot.pause()
            for kind in back.COMPONENT_CLASSES:
                style = back.get_component_rich_style(kind)
                assert style.color is not None
                assert style.bgcolor is not None
                dark, light = sorted(
                    _light(tuple(each.get_truecolor())) for each in (style.color, style.bgcolor)
                )
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (theme, kind)


async def test_the_open_conversation_is_marked_without_any_colour(desk: Open) -> None:
    async with desk(FakeNode("bob", "carol")) as it:
        assert "▌● bob" in it.screen
        assert " ● carol" in it.screen
        await it.press("ctrl+n")
        assert "▌● carol" in it.screen


async def test_a_message_that_is_unfolded_keeps_its_kind_of_clock(desk: Open) -> None:
    node = FakeNode("bob")
    node.kept["time-format"] = "12h"
    node.said = [message("long", "\n".join(f"row {n}" for n in range(30)), at="2026-01-02T00:00:00Z")]
    async with desk(node, size=(80, 60)) as it:
        (before,) = [line for line in it.lines if line.endswith("row 0")]
        await it.press("escape", "right")
        assert before in it.lines
        assert any(line.endswith("row 29") for line in it.lines)
