"""One table of commands: what may be typed completes itself, and what may not is said so."""

from __future__ import annotations

import pytest

from p2pchat.chat import commands
from p2pchat.errors import UsageError


def test_commands_complete_their_names_and_arguments() -> None:
    assert commands.complete("/in", [], []) == ["/invite"]
    assert commands.complete("/switch b", ["bob", "carol"], []) == ["/switch bob"]
    assert commands.complete("/theme n", [], ["nord", "dracula"]) == ["/theme nord"]
    assert commands.complete("/invite ", [], []) == ["/invite link"]
    for nothing in ("hi", "//in", "/in\nx", "/nope "):
        assert commands.complete(nothing, ["bob"], []) == []


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
