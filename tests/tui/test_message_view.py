"""The newest is in sight and stays there, and what one reads does not move."""

from __future__ import annotations

import pytest

from p2pchat.control.events import MessageEvent
from tests.support.fake_node import FakeNode, message
from tests.tui.conftest import Open, talk


def _light(colour: tuple[int, ...]) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [each / 255 for each in colour]
    red, green, blue = (
        each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_the_newest_lines_stand_under_their_day_with_how_far_ours_have_come(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [
        message("1", "hi", at="2026-01-02T12:00:00Z"),
        message("2", "ho", outgoing=True, state="delivered", at="2026-01-02T12:01:00Z"),
        message("3", "ha", outgoing=True, state="queued", at="2026-01-03T12:02:00Z"),
        message("4", "he", outgoing=True, state="expired", at="2026-01-03T12:03:00Z"),
    ]
    async with desk(node) as it:
        shown = [line for line in it.lines if line]
        assert shown[0].startswith("── Friday 2 January 2026 ─")
        assert shown[1].endswith("bob hi")
        assert shown[2].endswith("me  ho ✓✓")
        assert shown[3].startswith("── Saturday 3 January 2026 ─")
        assert shown[4].endswith("me  ha · queued")
        assert shown[5].endswith("me  he ✗ expired")


async def test_text_that_attacks_the_terminal_is_shown_and_does_nothing(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "\x1b[2J\u202eevil [bold]markup[/] \x07")]
    async with desk(node) as it:
        assert any("␛[2J�evil [bold]markup[/] ␇" in line for line in it.lines)


async def test_a_huge_message_is_folded_until_it_is_asked_for(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "\n".join(f"row {n}" for n in range(10_000))), message("2", "x" * 65_000)]
    async with desk(node) as it:
        assert it.lines[-1].strip() == "… 63 000 more characters (Esc, Right)"
        before = it.scrollback.virtual_size.height
        assert before < 60
        await it.press("escape", "up", "right")
        assert it.scrollback.virtual_size.height > before + 9_900


async def test_wide_characters_stay_in_their_columns(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "日本語" * 40), message("2", "👩‍👩‍👧 ok", outgoing=True)]
    async with desk(node) as it:
        back = it.scrollback
        width = back.scrollable_content_region.width
        assert {back.render_line(y).cell_length for y in range(back.size.height)} == {width}


async def test_a_resize_keeps_the_newest_in_view(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message(str(n), f"{n} " + "word " * 30) for n in range(60)]
    async with desk(node) as it:
        await it.pilot.resize_terminal(50, 20)
        await it.settle()
        assert it.scrollback.scroll_y == it.scrollback.max_scroll_y


@pytest.mark.parametrize("size", [(100, 30), (60, 20)])
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
        top = it.scrollback.messages.line_at(int(it.scrollback.scroll_y))[0]
        await it.press("f4", "f4")
        assert it.scrollback.messages.line_at(int(it.scrollback.scroll_y))[0] == top
        await it.pilot.resize_terminal(60, 24)
        await it.settle()
        assert it.scrollback.messages.line_at(int(it.scrollback.scroll_y))[0] == top


async def test_every_letter_of_the_talk_can_be_read_in_every_theme(desk: Open) -> None:
    async with desk() as it:
        back = it.scrollback
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
