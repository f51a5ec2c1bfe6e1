"""Who is let in by the path of the request."""

from __future__ import annotations

import pytest

from p2pchat.wire.places import check_rendezvous
from rendezvous.door import Door, Entrance, checked_path, read_tokens

TOKEN = "0123456789abcdefABCD-_"


@pytest.mark.parametrize(
    ("path", "tokens", "asked", "entrance"),
    [
        ("", (), "/", Entrance.CLIENT),
        ("", (), "/anything/at/all", Entrance.CLIENT),
        ("", (), "/healthz", Entrance.HEALTH),
        ("/chat/rv", (), "/chat/rv", Entrance.CLIENT),
        ("/chat/rv", (), "/chat/rv/", Entrance.CLIENT),
        ("/chat/rv", (), "/chat/rv/healthz", Entrance.HEALTH),
        ("/chat/rv", (), "/chat", Entrance.ELSEWHERE),
        ("/chat/rv", (), "/chat/rv/more", Entrance.ELSEWHERE),
        ("/chat/rv", (), "/", Entrance.ELSEWHERE),
        ("", (TOKEN,), "/" + TOKEN, Entrance.CLIENT),
        ("", (TOKEN,), f"/{TOKEN}/", Entrance.CLIENT),
        ("", ("x" * 16, TOKEN), f"/below/a/web/server/{TOKEN}", Entrance.CLIENT),
        ("", (TOKEN,), "/", Entrance.PRIVATE),
        ("", (TOKEN,), f"/{TOKEN}x", Entrance.PRIVATE),
        ("", (TOKEN,), f"/?{TOKEN}", Entrance.PRIVATE),
        ("", (TOKEN,), "/healthz", Entrance.HEALTH),
        ("/chat/rv", (TOKEN,), f"/chat/rv/{TOKEN}", Entrance.CLIENT),
        ("/chat/rv", (TOKEN,), f"/{TOKEN}", Entrance.ELSEWHERE),
        ("/chat/rv", (TOKEN,), "/chat/rv", Entrance.PRIVATE),
        ("", (TOKEN,), "/\udcff", Entrance.PRIVATE),
    ],
)
def test_the_path_decides(path: str, tokens: tuple[str, ...], asked: str, entrance: Entrance) -> None:
    assert Door(path, tokens).decide_entrance(asked) is entrance


def test_tokens_can_be_changed_and_an_address_with_one_can_be_told_to_others() -> None:
    door = Door("/rv", (TOKEN,))
    door.replace_tokens(("another-token-of-some-length",))
    assert door.decide_entrance("/rv/" + TOKEN) is Entrance.PRIVATE
    check_rendezvous((f"wss://meet.example.org/rv/{TOKEN}", "wss://meet.example.org/" + "t" * 48))


def test_a_token_file_has_a_token_a_line() -> None:
    assert read_tokens(f"# for the family\n{TOKEN}\n\n  {'x' * 16} \n") == (TOKEN, "x" * 16)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 tokens"),
        ("# nothing\n", "0 tokens"),
        (f"{TOKEN}\nshort\n", "line 2 "),
        ("x" * 49, "line 1 "),
        ("with blanks in between", "line 1 "),
        (f"{TOKEN}\n" * 1001, "1001 tokens"),
    ],
)
def test_what_is_no_token_is_told_by_its_line_and_not_repeated(text: str, said: str) -> None:
    with pytest.raises(ValueError) as refused:
        read_tokens(text)
    assert said in str(refused.value) and "short" not in str(refused.value)


def test_a_path_is_one_that_an_address_can_have() -> None:
    assert checked_path("/chat/rv/") == "/chat/rv"
    assert checked_path("/") == ""
    for wrong in ("chat", "/a b", "/a?b", "/ä"):
        with pytest.raises(ValueError, match="not a path"):
            checked_path(wrong)
