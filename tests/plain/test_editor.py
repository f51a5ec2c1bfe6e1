"""The line being written obeys the keys that shells have taught, whatever comes in which pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.chat.widths import count_columns
from p2pchat.plain.editor import LineEditor
from p2pchat.plain.keys import ACTIONS, LEAVE, REDRAW, SUSPEND

FAMILY = "👩\u200d👩\u200d👧"


def editor(*offers: str) -> LineEditor:
    return LineEditor(lambda text: [offer for offer in offers if offer.startswith(text)])


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("hallo\x1b[D\x1b[D\x7fl\x1b[Cx", "hallxo"),
        ("one two\x17three", "one three"),
        ("abc\x01X\x05Y", "XabcY"),
        ("abc\x1b[H\x1b[3~\x04", "c"),
        ("abc\x02\x0b", "ab"),
        ("abc\x02\x15", "c"),
        ("one two\x1bbX", "one Xtwo"),
        ("one two\x01\x1bfX", "oneX two"),
        (f"a{FAMILY}\x7f", "a"),
        (f"{FAMILY}b\x1b[D\x1b[DX", f"X{FAMILY}b"),
        ("two\\\rlines", "two\nlines"),
        ("two\x1b\rlines\nthree", "two\nlines\nthree"),
        ("\x1b[200~a\rb\x1b[201~c", "a\nbc"),
        ("\x1b[99;1~\x1bOP\x00x", "x"),
    ],
)
def test_keys_do_what_they_do_in_a_shell(keys: str, text: str) -> None:
    line = editor()
    assert line.take_keys(keys).lines == []
    assert line.text == text


def test_enter_gives_the_line_away_unless_it_is_blank() -> None:
    line = editor()
    assert line.take_keys("one\r \r\x15two\r").lines == ["one", "two"]
    assert line.text == ""


def test_lines_written_or_cleared_before_come_back() -> None:
    line = editor()
    line.take_keys("one\rtwo\x03draft")
    for keys, text in (("\x1b[A", "two"), ("\x10", "one"), ("\x1b[A", "one"), ("\x1b[B\x0e", "draft")):
        line.take_keys(keys)
        assert line.text == text


def test_leaving_is_for_an_empty_line() -> None:
    line = editor()
    assert line.take_keys("ab\x01\x04").wishes == []
    assert line.take_keys(f"\x04{LEAVE}{SUSPEND}{REDRAW}").wishes == [LEAVE, SUSPEND, REDRAW]


def test_tab_goes_through_what_the_line_may_become() -> None:
    line = editor("/invite", "/invite link", "/join")
    line.take_keys("/in\t")
    assert line.text == "/invite"
    line.take_keys("\t")
    assert line.text == "/invite link"
    line.take_keys("\tx\t")
    assert line.text == "/invitex"


def test_what_is_given_back_does_not_overwrite() -> None:
    line = editor()
    assert line.put_back("lost") and line.text == "lost"
    assert not line.put_back("more") and line.text == "lost"


TYPED = (*ACTIONS, "a", "日", FAMILY, " ", "\x1b[200~p\rq\x1b[201~")
KEYS = st.lists(st.sampled_from(TYPED), max_size=12)


@settings(max_examples=60)
@given(KEYS, st.integers(1, 40))
def test_pieces_do_not_matter_and_the_row_always_fits(keys: list[str], width: int) -> None:
    whole, piecewise = editor(), editor()
    typed = "".join(keys)
    whole.take_keys(typed)
    for key in keys:  # a key alone may be cut anywhere but behind a bare escape
        for piece in (key[:2], key[2:]) if len(key) > 2 and key[0] == "\x1b" else (key,):
            piecewise.take_keys(piece)
    assert (whole.text, whole.buffer.place) == (piecewise.text, piecewise.buffer.place)
    row, column = whole.buffer.draw_row("me> ", width + 5)
    assert 0 <= column <= count_columns(row) <= width + 5
    assert not {"\n", "\x1b"} & set(row)
