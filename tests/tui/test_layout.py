"""What was said is drawn whole, in its columns, with the newest in sight."""

from __future__ import annotations

import re

import pytest

from tests.support.fake_node import FakeNode, message
from tests.tui.conftest import Desk, Open, talk

URL = "https://example.org/a/long/path/with?query=1&another=2&and=so+on#" + "x" * 60
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
CJK = "日本語の文章はとても長いです" * 8


def all_rows(it: Desk) -> str:
    """The text of all messages that are loaded, rows joined: what was wrapped is whole again."""
    back = it.scrollback
    rows = []
    for y in range(0, back.virtual_size.height, back.size.height):
        back.scroll_to(y=y, animate=False, immediate=True)
        first = y - int(back.scroll_y)
        rows += [back.render_line(row).text[10:] for row in range(first, back.size.height)]
    return "".join(row.rstrip() for row in rows)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (31, 12)])
async def test_no_letter_is_lost_where_a_line_is_broken(desk: Open, size: tuple[int, int]) -> None:
    node, texts = FakeNode("bob"), (URL, WORD, CJK)
    node.said = [message(text[:3], text, at="2026-01-02T00:00:00Z") for text in texts]
    async with desk(node, size=size) as it:
        back = it.scrollback
        for line in talk(60):  # the bar beside the lines comes, and takes a column
            await it.chat.model.take_event(line)
        await it.settle()
        assert not back.show_horizontal_scrollbar
        assert back.show_vertical_scrollbar
        assert back.scrollable_content_region.width == back.messages.width
        rows = re.sub(r"\s", "", all_rows(it))
        assert all(text in rows for text in texts)
        await it.pilot.resize_terminal(size[0] + 7, size[1])
        await it.settle()
        assert back.scrollable_content_region.width == back.messages.width


async def test_pasted_code_keeps_its_indentation(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "if x:\n\tfor i in y:\n\t\tprint(i)\na\tb\n    four")]
    async with desk(node) as it:
        rows = [line[line.index("if x") :] if "if x" in line else line for line in it.lines]
        column = next(line for line in it.lines if "if x" in line).index("if x")
        rows = [line[column:] for line in it.lines if line.strip()][1:]
        assert rows == ["if x:", "    for i in y:", "        print(i)", "a   b", "    four"]


async def test_a_message_that_is_unfolded_keeps_its_kind_of_clock(desk: Open) -> None:
    node = FakeNode("bob")
    node.kept["time-format"] = "12h"
    node.said = [message("long", "\n".join(f"row {n}" for n in range(30)), at="2026-01-02T00:00:00Z")]
    async with desk(node, size=(80, 60)) as it:
        (before,) = [line for line in it.lines if line.endswith("row 0")]
        await it.press("escape", "right")
        assert before in it.lines
        assert any(line.endswith("row 29") for line in it.lines)
