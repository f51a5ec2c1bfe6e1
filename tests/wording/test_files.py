"""What a person reads of a file, and of what its sending means."""

from __future__ import annotations

import pytest

from p2pchat.control.files import FileStateName
from p2pchat.wording.files import file_line, file_words, mesh_question, size_words
from tests.support.fake_files import file

STATES: list[FileStateName] = [
    "accepted",
    "whole",
    "declined",
    "cancelled",
    "wrong",
    "lost",
    "full",
    "expired",
]


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1500, "1.5 kB"),
        (300_000, "300 kB"),
        (2**32, "4.3 GB"),
    ],
)
def test_sizes_are_short(size: int, words: str) -> None:
    assert size_words(size) == words


def test_an_offer_says_how_to_take_it_and_hides_nothing() -> None:
    offered = file("9f86d081" * 4, name="a\x1b[2J\u202eb", contact="b\nob")
    line = file_line(offered)
    assert line is not None and line.endswith("to take it: p2pchat files accept 9f86d081")
    assert all(sign.isprintable() for sign in line)
    assert file_words(offered).endswith("(300 kB)")


@pytest.mark.parametrize("state", STATES)
def test_every_state_of_ours_is_told(state: FileStateName) -> None:
    assert file_line(file(outgoing=True, state=state))


def test_what_we_did_ourselves_is_not_told() -> None:
    assert file_line(file(state="accepted")) is file_line(file(state="saved")) is None
    assert file_line(file(outgoing=True)) is None


def test_the_question_says_how_many_cells_and_how_long() -> None:
    question = mesh_question("report.pdf", 1_000_000)
    assert "1250 cells" in question and "9 minutes" in question
    assert "less than two minutes" in mesh_question("small.txt", 0)
