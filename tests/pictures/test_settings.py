"""Settings stand in a table, the longest value folded."""

from __future__ import annotations

from p2pchat.pictures.drawing import drawn_text
from p2pchat.pictures.settings import settings_picture


def test_what_is_not_set_is_a_dash() -> None:
    rows = [("profile", "strong", "home"), ("proxy", "", "default")]
    text = drawn_text(settings_picture(rows), 60)
    assert [line.split() for line in text.splitlines()] == [
        ["setting", "value", "from"],
        ["profile", "strong", "home"],
        ["proxy", "-", "default"],
    ]
