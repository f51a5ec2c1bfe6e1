"""The slash commands of a chat: one table that help, completion and the chat itself read.

Knows: their names and what they are for. Does not know: how any of them is carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from p2pchat.chat.referring import SIGNS
from p2pchat.config.table import SETTINGS
from p2pchat.errors import UsageError


@dataclass(frozen=True, slots=True)
class ChatCommand:
    """One command."""

    name: str
    argument: str
    about: str
    takes: tuple[str, ...] = ()
    """What may follow it; ``NAME`` stands for the contacts."""


COMMANDS: Final = (
    ChatCommand("/help", "", "this list"),
    ChatCommand("/switch", "NAME", "talk with someone else", ("NAME",)),
    ChatCommand("/who", "", "everyone you know, and who is here"),
    ChatCommand("/history", "[N]", "the last lines again, or N of them"),
    ChatCommand("/search", "[TEXT]", "find what was said"),
    ChatCommand("/reply", "[^N] TEXT", "answer their last message, or Nth from the end"),
    ChatCommand("/react", "[^N] SIGN|off", "one sign for that message", (*SIGNS, "off")),
    ChatCommand("/correct", "[^N] TEXT", "have your last message say this, for both"),
    ChatCommand("/withdraw", "[^N]", "have it say nothing any more, for both"),
    ChatCommand("/invite", "[link]", "a code for a new friend", ("link",)),
    ChatCommand("/join", "CODE", "answer a friend's code"),
    ChatCommand("/verify", "[yes]", "compare the safety number", ("yes",)),
    ChatCommand("/rename", "NEW", "call this contact something else"),
    ChatCommand("/mute", "[off]", "no noise about this contact", ("off",)),
    ChatCommand("/block", "[off]", "stop hearing this contact", ("off",)),
    ChatCommand(
        "/disappear",
        "SPAN|off",
        "forget what is said after a while, on both sides",
        ("8h", "1d", "4w", "off"),
    ),
    ChatCommand("/forget", "", "forget what was said with this contact"),
    ChatCommand("/remove", "", "forget this contact, and all that was said"),
    ChatCommand("/profile", "", "how your messages are hidden, and links"),
    ChatCommand("/doctor", "", "what works from here, who learns what"),
    ChatCommand("/set", "[KEY VALUE]", "settings, kept for good", ("KEY",)),
    ChatCommand("/theme", "NAME", "other colours, kept for good"),
    ChatCommand("/quit", "", "leave"),
)


def parse_command(line: str) -> tuple[str, str]:
    """A command line's command and what follows. Raises UsageError."""
    name, _, rest = line.strip().partition(" ")
    if name not in {command.name for command in COMMANDS}:
        raise UsageError(f"there is no {name}; /help lists what there is, // sends a line beginning with /")
    return name, rest.strip()


def complete(text: str, names: Iterable[str], themes: Sequence[str]) -> list[str]:
    """What a line may become; nothing unless it begins with one slash."""
    if not text.startswith("/") or text.startswith("//") or "\n" in text:
        return []
    name, blank, rest = text.partition(" ")
    if not blank:
        return [command.name for command in COMMANDS if command.name.startswith(name)]
    known = next((command for command in COMMANDS if command.name == name), None)
    if known is None:
        return []
    if name == "/set":
        return [f"/set {each}" for each in _settings(rest) if each.startswith(rest)]
    takes = list(names) if known.takes == ("NAME",) else list(themes) if name == "/theme" else known.takes
    return [f"{name} {each}" for each in takes if each.startswith(rest)]


def _settings(rest: str) -> list[str]:
    """The keys, or a key with each value that it may have."""
    key, blank, _ = rest.partition(" ")
    if not blank:
        return list(SETTINGS)
    words = SETTINGS[key].kind.words if key in SETTINGS else ()
    return [f"{key} {each}" for each in (*words, "default")]


def parse_setting(rest: str) -> tuple[str, str | None]:
    """A key and its new value, as ``/set`` has them; without a value, None. Raises UsageError."""
    key, _, value = rest.partition(" ")
    if not value.strip():
        raise UsageError(f"/set {key} needs a value, or 'default'; /set alone shows all settings")
    return key, None if value.strip() == "default" else value.strip()
