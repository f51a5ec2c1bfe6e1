"""A picture becomes lines of text that fit, with colours only where they are welcome."""

from __future__ import annotations

import pytest
from rich.text import Text

from p2pchat.pictures.drawing import WIDTH_MAX, drawn_text, terminal_width


def test_lines_fit_and_have_no_blanks_at_their_ends() -> None:
    assert drawn_text(Text("two words", "red"), 5) == "two\nwords"
    assert "\x1b[31m" in drawn_text(Text("two", "red"), 5, coloured=True)


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("300", WIDTH_MAX)])
def test_no_picture_is_wider_than_one_reads(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal_width() == width
