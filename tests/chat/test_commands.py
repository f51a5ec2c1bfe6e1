"""One table of commands: what may be typed completes itself, and what may not is said so."""

from __future__ import annotations

import pytest

from p2pchat.chat import commands
from p2pchat.errors import UsageError
from tests.chat.conftest import Told
from tests.support.fake_rooms import member

KNOWN = commands.Vocabulary(
    contacts=["bob", "carol"],
    rooms=["#garden", "#seed swap"],
    offers=["choir"],
    people=["bob", "Anna Lena"],
    themes=["nord", "dracula"],
)


@pytest.mark.parametrize(
    ("text", "completions"),
    [
        ("/in", ["/invite"]),
        ("/switch b", ["/switch bob"]),
        ("/switch #", ["/switch #garden", "/switch #seed swap"]),
        ("/theme n", ["/theme nord"]),
        ("/invite ", ["/invite link"]),
        ("/room re", ["/room remove", "/room rename", "/room renew"]),
        ("/room accept ", ["/room accept choir"]),
        ("/room invite ", ["/room invite carol"]),
        ("/room invite dora c", ["/room invite dora carol"]),
        ("/room invite carol ", []),
        ("/room remove b", ["/room remove bob"]),
        ("/room role bob a", ["/room role bob admin"]),
        ("/room mute ", ["/room mute mentions", "/room mute off"]),
        ("/room dance ", []),
        ("hi @b", ["hi @bob "]),
        ("hi\n@ANNA l", ["hi\n@Anna Lena "]),
        ("hi @", ["hi @bob ", "hi @Anna Lena "]),
        ("see #g", ["see #garden "]),
        ("mail@b", []),
        ("hi @bob ", []),
        ("number #1", []),
        ("hi", []),
        ("//in", []),
        ("/in\nx", []),
        ("/nope ", []),
    ],
)
def test_commands_and_names_complete_themselves(text: str, completions: list[str]) -> None:
    assert commands.complete(text, KNOWN) == completions


async def test_members_of_the_open_room_may_be_named(told: Told) -> None:
    told.node.put_room("#garden", member("me", own=True), member("yuki"))
    await told.model.load_people()
    assert commands.vocabulary(told.model).people == ["bob"]
    told.model.open_conversation("garden")
    await told.model.look_round()
    assert commands.vocabulary(told.model).people == ["yuki"]
    assert commands.vocabulary(told.model).rooms == ["#garden"]


def test_a_command_is_taken_apart() -> None:
    assert commands.parse_command("/switch  bob b ") == ("/switch", "bob b")
    with pytest.raises(UsageError, match="there is no /dance"):
        commands.parse_command("/dance")


@pytest.mark.parametrize(
    ("rest", "meant"), [("theme nord", ("theme", "nord")), ("theme  default ", ("theme", None))]
)
def test_a_setting_is_a_key_and_a_value_or_its_default(rest: str, meant: tuple[str, str | None]) -> None:
    assert commands.parse_setting(rest) == meant


def test_a_setting_without_a_value_says_what_is_missing() -> None:
    with pytest.raises(UsageError, match="/set theme needs a value"):
        commands.parse_setting("theme")
