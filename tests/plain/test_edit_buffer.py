"""The buffer changes at one place, between letters that belong together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from p2pchat.chat.widths import count_columns
from p2pchat.plain.edit_buffer import EditBuffer

FAMILY = "👩\u200d👩\u200d👧"


def written(text: str) -> EditBuffer:
    buffer = EditBuffer()
    buffer.set_text(text)
    return buffer


def test_letters_that_belong_together_are_one_step() -> None:
    buffer = written(f"a{FAMILY}b")
    buffer.move_left()
    buffer.delete_before()
    assert (buffer.text, buffer.place) == ("ab", 1)


def test_words_are_cut_and_passed_whole() -> None:
    buffer = written("one two three")
    buffer.cut_word()
    buffer.move_word_left()
    assert (buffer.text, buffer.place) == ("one two ", 4)
    buffer.cut_before()
    buffer.move_word_right()
    buffer.cut_after()
    assert (buffer.text, buffer.place) == ("two", 3)


@given(st.text(max_size=60), st.integers(0, 60), st.integers(1, 40))
def test_the_place_is_always_in_sight(text: str, place: int, width: int) -> None:
    buffer = written(text)
    buffer.place = min(place, len(text))
    row, column = buffer.draw_row("me> ", width + 5)
    assert 0 <= column <= count_columns(row) <= width + 5
