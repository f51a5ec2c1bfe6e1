"""A part of the screen is drawn from its own column, over what was there, and not beyond its end."""

from __future__ import annotations

from rich.console import Console
from rich.segment import Segment
from textual.strip import Strip

from p2pchat.chat.widths import count_columns
from p2pchat.tui.drawing import drawn
from tests.support.screen import Screen


def screen_with(*parts: tuple[int, str]) -> Screen:
    """A line of ten columns full of dots, on a terminal that draws each character for itself, and parts on
    it."""
    screen = Screen(1, 10, lambda before, new: count_columns(new))
    screen.feed("." * 10)
    for x, text in parts:
        screen.feed(drawn(Strip([Segment(text)]), x, 0, Console()))
    return screen


def test_what_all_terminals_draw_alike_is_drawn_as_it_is() -> None:
    assert screen_with((1, "ab "), (4, "日本")).text == ".ab 日本.."


def test_what_is_drawn_wider_pushes_no_blank_over_its_end() -> None:
    (line,) = screen_with((1, "👍🏽   ")).cells
    assert line == [".", "👍", "", "🏽", "", " ", ".", ".", ".", "."]


def test_what_is_drawn_narrower_leaves_nothing_of_what_was_there() -> None:
    screen = Screen(1, 10, lambda before, new: min(1, count_columns(new)))
    screen.feed("." * 10 + drawn(Strip([Segment("👍🏽👍🏽  ")]), 1, 0, Console()))
    assert screen.cells[0] == [".", "👍", "🏽", "👍", "🏽", " ", " ", ".", ".", "."]
