"""What a room costs, as the page says it."""

from __future__ import annotations

from pathlib import Path

from scripts.support.room_costs import costs_of, table

PAGE = Path(__file__).parents[2] / "docs" / "measurements.md"


def test_the_page_has_the_table_that_our_code_makes() -> None:
    assert table() in PAGE.read_text()


def test_a_message_is_one_cell_however_many_are_in() -> None:
    assert [costs_of(size)["message"] for size in (3, 10, 50)] == [1, 1, 1]
