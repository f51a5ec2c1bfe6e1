"""Whatever is received, what is printed moves no cursor, turns no direction and forges no line."""

from __future__ import annotations

import shlex
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.text import (
    INVISIBLE_RUN,
    REPLACEMENT,
    harmless,
    harmless_name,
    indented,
    one_line,
    seen,
    shortened,
    typed,
)

BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

NASTY = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cc", "Cf", "Cs", "Mn", "Zl", "Zp"]),
        st.sampled_from("\x1b\x9b\r\n\u202e\u200b\u200d\U000e0041a"),
    ),
    max_size=200,
)


def _obeyed(shown: str) -> list[str]:
    """The characters of ``shown`` that a terminal or its text engine would act on."""
    return [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in BIDI]


@given(NASTY)
@settings(max_examples=300)
def test_one_line_holds_nothing_a_terminal_obeys(text: str) -> None:
    assert _obeyed(one_line(text)) == []


@given(NASTY)
@settings(max_examples=300)
def test_harmless_keeps_only_line_feeds(text: str) -> None:
    assert set(_obeyed(harmless(text))) <= {"\n"}


@given(NASTY)
@settings(max_examples=300)
def test_a_name_holds_nothing_a_terminal_obeys_nor_anything_unseen(name: str) -> None:
    shown = harmless_name(name)
    assert _obeyed(shown) == []
    assert not any(unicodedata.category(c) == "Cf" for c in shown if c.isascii() or c in "\u200b\ufeff\u2060")


@given(NASTY)
@settings(max_examples=200)
def test_what_is_shown_can_always_be_encoded(text: str) -> None:
    for show in (harmless, one_line, harmless_name):
        show(text).encode("utf-8")


@given(NASTY)
@settings(max_examples=200)
def test_showing_twice_changes_nothing(text: str) -> None:
    for show in (harmless, one_line, harmless_name):
        assert show(show(text)) == show(text)


@given(st.text(st.sampled_from("a\u200b\u0301\u200d\ufeff\U000e0041"), max_size=200))
def test_zero_width_floods_are_cut(text: str) -> None:
    run = 0
    for character in one_line(text):
        run = run + 1 if unicodedata.category(character) in ("Mn", "Cf") else 0
        assert run <= INVISIBLE_RUN


@pytest.mark.parametrize(
    "text",
    [
        "plain words, and punctuation; 100 %",
        "żółć ñandú Ångström",
        "שלום עולם",
        "السلام عليكم",
        "می‌خواهم",
        "हिन्दी में",
        "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇺🇳 ❤️",
        "漢字かな交じり文",
    ],
)
def test_honest_text_of_any_script_is_left_alone(text: str) -> None:
    assert one_line(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x9b31m", f"{REPLACEMENT}31m"),
        ("a\x00b\x7f", "a␀b␡"),
        ("abc\rdef", "abc␍def"),
        ("user\u202egnp.exe", f"user{REPLACEMENT}gnp.exe"),
        ("\ud800", REPLACEMENT),
        ("one\ntwo\r\nthree\u2028four\x85five", "one⏎two⏎three⏎four⏎five"),
        ("a\tb", "a b"),
    ],
)
def test_what_is_harmful_is_shown_instead_of_obeyed(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_later_lines_are_moved_right_so_that_none_poses_as_a_message() -> None:
    assert indented("hello\n12:00  bob: I owe you", 4) == "hello\n    12:00  bob: I owe you"


@pytest.mark.parametrize(
    "name", ["bob\u200b", "bo\u00adb", "b\u200dob", "bob\u3164", "\U000e0062bob", "b\ufe0fob"]
)
def test_a_name_cannot_look_like_another(name: str) -> None:
    assert REPLACEMENT in harmless_name(name)


@pytest.mark.parametrize("name", ["bob", "Zoë", "علی‌رضا", "👩‍💻", "太郎", "❤️ ☎️"])
def test_an_honest_name_is_left_alone(name: str) -> None:
    assert harmless_name(name) == name


_RANGES = """
ad-ad 34f-34f 61c-61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 3164-3164 fe00-fe0f
feff-feff ffa0-ffa0 fff0-fff8 1bca0-1bca3 1d173-1d17a e0000-e0fff
"""
"""Unicode's DerivedCoreProperties.txt, Default_Ignorable_Code_Point."""

IGNORABLE = [
    chr(code)
    for first, last in (each.split("-") for each in _RANGES.split())
    for code in range(int(first, 16), int(last, 16) + 1)
]


def test_nothing_that_may_be_ignored_stays_in_a_name() -> None:
    assert [hex(ord(each)) for each in IGNORABLE if REPLACEMENT not in harmless_name(f"b{each}ob")] == []
    assert [hex(ord(each)) for each in IGNORABLE if seen(f"b{each}ob") != "bob"] == []


@given(NASTY)
@settings(max_examples=200)
def test_what_is_to_be_typed_is_one_plain_word(name: str) -> None:
    words = shlex.split(f"command {typed(name)}")
    assert words[-1] == harmless_name(name)
    assert len(words) == (3 if name.startswith("-") else 2)
    assert (words[1] == "--") is name.startswith("-")


def test_shortened_never_passes_its_width() -> None:
    assert shortened("a" * 50, 10) == "a" * 9 + "…"
    assert shortened("a\nb", 10) == "a⏎b"
