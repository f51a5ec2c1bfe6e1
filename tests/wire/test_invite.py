"""Codes and links: read forgivingly, written in one way, refused with a line that helps."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.invite import (
    LINK_CHARS,
    NAMEPLATE_MAX,
    InviteCode,
    InviteLink,
    parse,
    parse_code,
    parse_link,
)
from p2pchat.wire.words import WORDS

CODE = InviteCode(42, ("tango", "marble", "orbit"))
LINK = InviteLink(b"s" * 16, b"f" * 16, ("wss://meet.example.org", "ws://127.0.0.1:8765/x/y"))

words = st.sampled_from(WORDS)
codes = st.builds(InviteCode, st.integers(1, NAMEPLATE_MAX), st.tuples(words, words, words))
hosts = st.from_regex(
    r"wss?://[a-z0-9]{1,20}([.-][a-z0-9]{1,5})?(:[1-9][0-9]{0,3})?(/[a-z]{0,5})?", fullmatch=True
)
key = st.binary(min_size=16, max_size=16)
links = st.builds(InviteLink, key, key, st.lists(hosts, max_size=6).map(tuple))


@given(codes)
def test_codes_come_back_equal(code: InviteCode) -> None:
    assert parse(str(code)) == code


@given(links)
def test_links_come_back_equal_and_stay_short(link: InviteLink) -> None:
    assert len(str(link)) <= LINK_CHARS
    assert parse(str(link)) == link


def test_a_code_looks_as_it_is_said() -> None:
    assert str(CODE) == "42-tango-marble-orbit"


@pytest.mark.parametrize(
    "typed",
    [
        " 42-tango-marble-orbit\n",
        "42 TANGO Marble  orbit",
        "042_tango_marble_orbit",
        "42, tango, marble, orbit.",
        '"42-tango - marble - orbit"',
        "42\ttango\tmarble\torbit",
        "(42\u2013tango\u2013marble\u2013orbit)",
        "“42\u2011tango—marble\u2212orbit”.",
        "<42-tango-marble-orbit>",
        "— «42-tango-marble-orbit»",
        "[`42-tango-marble-orbit`]",
    ],
)
def test_a_code_may_be_typed_in_many_ways(typed: str) -> None:
    assert parse(typed) == CODE


@pytest.mark.parametrize("typed", ["<%s>", "(%s)", '"%s".', "„%s“,", " [%s] \n", "`%s`"])
def test_a_link_may_stand_in_brackets_or_quotes(typed: str) -> None:
    assert parse(typed % LINK) == LINK


@pytest.mark.parametrize(
    "typed", ["", "42", "tango-marble-orbit", "42-tango-marble", "42-tango-marble-orbit-x"]
)
def test_what_has_not_the_form_of_a_code_is_told_the_form(typed: str) -> None:
    with pytest.raises(Malformed, match="number and three words, like 42-tango-marble-orbit"):
        parse(typed)


@pytest.mark.parametrize("number", ["1234567890", "4x2", "٤٢", "forty-two"])
def test_a_number_that_is_none_or_endless_is_told_the_form(number: str) -> None:
    with pytest.raises(Malformed, match="number and three words"):
        parse(f"{number}-tango-marble-orbit")


def test_nameplates_start_at_one() -> None:
    with pytest.raises(Malformed, match="from 1 to"):
        parse_code("0-tango-marble-orbit")


def test_a_mistyped_word_is_named_and_the_nearest_suggested() -> None:
    with pytest.raises(
        Malformed, match=r"'marbel' is not one of the words of a code; did you mean .*'marble'"
    ):
        parse("42-tango-marbel-orbit")
    with pytest.raises(Malformed, match="'xqzw' is not one of the words of a code; ask for the code again"):
        parse("42-tango-xqzw-orbit")


def test_an_endless_or_hostile_word_is_shown_short_and_harmless() -> None:
    with pytest.raises(Malformed) as caught:
        parse("42-tango-marble-\x1b[31m" + "x" * 5000)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 120


def test_a_link_broken_over_lines_is_read() -> None:
    text = str(LINK)
    assert parse(f"  {text[:30]}\n  {text[30:]} \n") == LINK
    assert parse("P2PChat:Join/" + text.removeprefix("p2pchat:join/")) == LINK


@given(st.integers(0, 60), st.characters(codec="ascii", exclude_categories=["Cc", "Zs"]))
def test_a_link_with_a_changed_character_is_refused_or_another_link(position: int, character: str) -> None:
    text = str(LINK)
    position += len("p2pchat:join/")
    changed = text[:position] + character + text[position + 1 :]
    try:
        assert str(parse_link(changed)) == changed
    except Malformed:
        assert changed != text


@pytest.mark.parametrize("cut", range(14, len(str(LINK))))
def test_a_link_cut_short_is_refused_unless_it_ends_with_an_address(cut: int) -> None:
    try:
        shorter = parse_link(str(LINK)[:cut])
    except Malformed:
        return
    assert shorter.rendezvous in ((), LINK.rendezvous[:1])


@pytest.mark.parametrize(
    "text",
    [
        "p2pchat:",
        "p2pchat:join",
        "p2pchat:join/",
        "p2pchat:join/AQ",
        "p2pchat:join/é",
        "p2pchat:join/" + "A" * 44,
        "p2pchat:join/" + "A" * LINK_CHARS,
        "p2pchat:leave/" + str(LINK).removeprefix("p2pchat:join/"),
    ],
)
def test_what_is_no_link_is_refused(text: str) -> None:
    assert _refused(text)


def test_an_address_in_a_link_must_be_ascii_and_whole() -> None:
    bare = InviteLink(b"s" * 16, b"f" * 16, ())
    head = urlsafe_b64decode(str(bare).removeprefix("p2pchat:join/"))
    for tail in (b"\x06ws://\xff", b"\x09ws://a", b"\0", b"\x08http://a"):
        with pytest.raises(Malformed, match="damaged"):
            parse_link("p2pchat:join/" + urlsafe_b64encode(head + tail).decode().rstrip("="))


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda tail: "p2pchat:join/" + tail))
def test_any_text_is_an_invite_or_malformed(text: str) -> None:
    try:
        invite = parse(text)
    except Malformed:
        return
    assert parse(str(invite)) == invite


def test_secrets_are_not_shown_by_accident() -> None:
    assert "marble" not in repr(CODE)
    assert "ssss" not in repr(LINK)


@pytest.mark.parametrize("parts", [(b"s" * 15, b"f" * 16), (b"s" * 16, b"f" * 17)])
def test_a_link_has_keys_of_one_size(parts: tuple[bytes, bytes]) -> None:
    with pytest.raises(Malformed):
        InviteLink(*parts, ())


def _refused(text: str) -> bool:
    try:
        parse(text)
    except Malformed:
        return True
    return False
