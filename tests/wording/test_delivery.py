"""How far a message to a room has come is said with a mark, and with whole names."""

from __future__ import annotations

import pytest

from p2pchat.wording.delivery import reached_mark, reached_sentences
from p2pchat.wording.signs import ASCII, UNICODE


@pytest.mark.parametrize(
    ("state", "reached", "of", "mark", "ascii"),
    [
        ("relayed", 7, 9, "✓ 7 of 9", "+ 7 of 9"),
        ("delivered", 7, 9, "✓ 7 of 9", "+ 7 of 9"),
        ("delivered", 9, 9, "✓✓", "++"),
        ("relayed", 9, 9, "✓✓", "++"),
        ("relayed", 0, 9, "✓", "+"),
        ("queued", 0, 9, "·", "."),
        ("expired", 7, 9, "✗", "x"),
        ("delivered", 0, 0, "✓✓", "++"),
    ],
)
def test_a_mark_counts_the_members_until_all_have_it(
    state: str, reached: int, of: int, mark: str, ascii: str
) -> None:
    assert UNICODE.mark_of(state, reached, of) == mark
    assert ASCII.mark_of(state, reached, of) == ascii


def test_a_message_that_nobody_counts_has_no_mark_of_its_own() -> None:
    assert reached_mark(UNICODE.marks, "relayed", 0, 0) is None


WHOLE = "delivered to 7 of 9 · not yet to lea and iva"


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (44, (WHOLE,)),
        (43, ("delivered to 7 of 9", "not yet to lea and iva")),
        (22, ("delivered to 7 of 9", "not yet to lea and iva")),
        (21, ("delivered to 7 of 9",)),
    ],
)
def test_who_waits_is_named_in_one_line_or_two(width: int, lines: tuple[str, ...]) -> None:
    assert reached_sentences(7, 9, ["lea", "iva"], lambda words: len(words) <= width) == lines


def test_as_many_names_as_fit_stand_there_and_none_is_cut() -> None:
    names = ["lea", "iva", "a long name", "jo"]
    seen = set()
    for width in range(20, 90):
        lines = reached_sentences(5, 9, names, lambda words, width=width: len(words) <= width)  # type: ignore[misc]
        assert all(len(line) <= width for line in lines)
        seen.add(" · ".join(lines))
    assert seen == {
        "delivered to 5 of 9",
        "delivered to 5 of 9 · not yet to lea and 3 others",
        "delivered to 5 of 9 · not yet to lea, iva and 2 others",
        "delivered to 5 of 9 · not yet to lea, iva, a long name and jo",
    }


def test_nobody_is_named_where_the_names_do_not_fit_the_count() -> None:
    assert reached_sentences(7, 9, ["lea"], lambda words: True) == ("delivered to 7 of 9",)
    assert reached_sentences(7, 9, [], lambda words: True) == ("delivered to 7 of 9",)


def test_one_who_waits_is_named_alone() -> None:
    assert reached_sentences(1, 2, ["lea"], lambda words: True) == ("delivered to 1 of 2 · not yet to lea",)
