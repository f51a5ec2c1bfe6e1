"""Lines that were written before come back in their order."""

from __future__ import annotations

from p2pchat.plain.input_history import REMEMBERED, InputHistory


def test_one_goes_back_and_comes_forward_to_what_was_begun() -> None:
    history = InputHistory()
    history.add_line("one")
    history.add_line("two")
    assert [history.step_back(text) for text in ("begun", "two", "one")] == ["two", "one", None]
    assert [history.step_forward(text) for text in ("one", "two", "begun")] == ["two", "begun", None]


def test_blank_lines_and_repetitions_are_not_kept() -> None:
    history = InputHistory()
    for line in ("one", " ", "one"):
        history.add_line(line)
    assert [history.step_back(""), history.step_back("")] == ["one", None]


def test_the_oldest_lines_go_first() -> None:
    history = InputHistory()
    for number in range(REMEMBERED + 1):
        history.add_line(str(number))
    found = [history.step_back("") for _ in range(REMEMBERED)]
    assert (found[0], found[-1], history.step_back("")) == (str(REMEMBERED), "1", None)
