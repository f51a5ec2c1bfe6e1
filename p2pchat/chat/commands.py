"""The slash commands of a chat: one table that help, completion and the chat itself read.

Knows: the names and uses of commands. Does not know: how a command is carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from p2pchat.chat.referring import SIGNS
from p2pchat.config.table import SETTINGS
from p2pchat.data import dataclass
from p2pchat.errors import UsageError


@dataclass(frozen=True, slots=True)
class ChatCommand:
    """One command."""

    name: str
    argument: str
    about: str
    takes: tuple[str, ...] = ()
    """The arguments of the command; ``NAME`` stands for the contacts."""


COMMANDS: Final = (
    ChatCommand("/help", "", "this list"),
    ChatCommand("/switch", "NAME", "switch to another contact", ("NAME",)),
    ChatCommand("/who", "", "all contacts, and which are online"),
    ChatCommand("/history", "[N]", "show the last messages again, or N of them"),
    ChatCommand("/search", "[TEXT]", "search the messages"),
    ChatCommand("/reply", "[^N] TEXT", "reply to their last message, or Nth from the end"),
    ChatCommand("/react", "[^N] SIGN|off", "react to that message with one sign", (*SIGNS, "off")),
    ChatCommand("/correct", "[^N] TEXT", "correct your last message, for both"),
    ChatCommand("/withdraw", "[^N]", "withdraw your last message, for both"),
    ChatCommand("/invite", "[link]", "make a code for a new friend", ("link",)),
    ChatCommand("/join", "CODE", "answer a friend's code"),
    ChatCommand("/verify", "[yes]", "compare the safety number", ("yes",)),
    ChatCommand("/rename", "NEW", "give this contact another name"),
    ChatCommand("/mute", "[off]", "no notifications about this contact", ("off",)),
    ChatCommand("/block", "[off]", "block this contact", ("off",)),
    ChatCommand(
        "/disappear",
        "SPAN|off",
        "let messages disappear after some time, for both",
        ("8h", "1d", "4w", "off"),
    ),
    ChatCommand("/forget", "", "delete the messages with this contact"),
    ChatCommand("/remove", "", "delete this contact, and all messages with it"),
    ChatCommand("/profile", "", "your links, and how your messages are hidden"),
    ChatCommand("/doctor", "", "what works from here, and what others learn"),
    ChatCommand("/set", "[KEY VALUE]", "settings, saved", ("KEY",)),
    ChatCommand("/theme", "NAME", "other colours, saved"),
    ChatCommand("/quit", "", "leave"),
)


def parse_command(line: str) -> tuple[str, str]:
    """The command and the arguments of a line. Raises UsageError."""
    name, _, rest = line.strip().partition(" ")
    if name not in {command.name for command in COMMANDS}:
        raise UsageError(f"there is no {name}; /help lists all commands, // sends a line that begins with /")
    return name, rest.strip()


def complete(text: str, names: Iterable[str], themes: Sequence[str]) -> list[str]:
    """Completions of a line; none unless it begins with one slash."""
    if not text.startswith("/") or text.startswith("//") or "\n" in text:
        return []
    name, blank, rest = text.partition(" ")
    if not blank:
        return [command.name for command in COMMANDS if command.name.startswith(name)]
    known = next((command for command in COMMANDS if command.name == name), None)
    if known is None:
        return []
    if name == "/set":
        return [f"/set {setting}" for setting in _settings(rest) if setting.startswith(rest)]
    takes = list(names) if known.takes == ("NAME",) else list(themes) if name == "/theme" else known.takes
    return [f"{name} {word}" for word in takes if word.startswith(rest)]


def _settings(rest: str) -> list[str]:
    """The keys of settings, or a key with each of its values."""
    key, blank, _ = rest.partition(" ")
    if not blank:
        return list(SETTINGS)
    words = SETTINGS[key].kind.words if key in SETTINGS else ()
    return [f"{key} {word}" for word in (*words, "default")]


def parse_setting(rest: str) -> tuple[str, str | None]:
    """A key and its new value, as ``/set`` has them; without a value, None. Raises UsageError."""
    key, _, value = rest.partition(" ")
    if not value.strip():
        raise UsageError(f"/set {key} needs a value, or 'default'; /set alone shows all settings")
    return key, None if value.strip() == "default" else value.strip()
