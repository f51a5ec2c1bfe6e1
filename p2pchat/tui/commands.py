"""The slash commands of the chat, and its keys: one table that help, completion and the chat itself read.

Knows: their names and what they are for. Does not know: how any of them is carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from p2pchat.config.table import SETTINGS
from p2pchat.errors import UsageError


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    name: str
    argument: str
    about: str
    takes: tuple[str, ...] = ()
    """What may follow it; ``NAME`` stands for the contacts."""


COMMANDS: Final = (
    Command("/help", "", "this list"),
    Command("/switch", "NAME", "talk with someone else", ("NAME",)),
    Command("/who", "", "everyone you know, and who is here"),
    Command("/search", "[TEXT]", "find what was said"),
    Command("/invite", "[link]", "a code for a new friend", ("link",)),
    Command("/join", "CODE", "answer a friend's code"),
    Command("/verify", "[yes]", "compare the safety number", ("yes",)),
    Command("/rename", "NEW", "call this contact something else"),
    Command("/mute", "[off]", "no noise about this contact", ("off",)),
    Command("/block", "[off]", "stop hearing this contact", ("off",)),
    Command(
        "/disappear",
        "SPAN|off",
        "forget what is said after a while, on both sides",
        ("8h", "1d", "4w", "off"),
    ),
    Command("/forget", "", "forget what was said with this contact"),
    Command("/remove", "", "forget this contact, and all that was said"),
    Command("/profile", "", "how your messages are hidden, and links"),
    Command("/doctor", "", "what works from here, who learns what"),
    Command("/set", "[KEY VALUE]", "settings, kept for good", ("KEY",)),
    Command("/theme", "NAME", "other colours, kept for good"),
    Command("/quit", "", "leave"),
)

KEYS: Final = (
    ("Enter", "send"),
    ("Alt-Enter, Ctrl-J", "begin a new line"),
    ("Up, Down", "at the edge of what you write: what you wrote before"),
    ("Tab", "complete a command"),
    ("Ctrl-C", "clear what you wrote (Up: have it back); in a dialog: close it"),
    ("PgUp, PgDn", "scroll; Ctrl-End: to the newest"),
    ("Escape", "select the newest message (Up, Down: others); letters go on writing"),
    ("Enter, Ctrl-O", "on a selected message: what can be done with it"),
    ("Ctrl-R, Ctrl-C, Delete", "on a selected message: reply, copy, delete here"),
    ("Right", "on a selected message: show all of it, or fold it"),
    ("Ctrl-N, Ctrl-P", "next, previous conversation; Ctrl-G: next unread"),
    ("F1", "this help"),
    ("F2", "the list of people, and back"),
    ("F3, Ctrl-F", "search"),
    ("F4", "the mesh and your privacy profile"),
    ("F5, F6", "invite a friend; answer a code"),
    ("F7", "compare the safety number"),
    ("F8, F9", "mute, block whom you look at"),
    ("F10", "settings"),
    ("Ctrl-Z", "suspend"),
    ("Ctrl-D, Ctrl-Q", "leave"),
)

MARKS_HELP: Final = (
    "… not sent yet   · queued   ✓ handed to the mesh   ✓✓ delivered   ✗ given up or taken back\n"
    "✎ rewritten here: nobody else has this text"
)


def parsed(line: str) -> tuple[str, str]:
    """A command line's command and what follows. Raises UsageError."""
    name, _, rest = line.strip().partition(" ")
    if name not in {command.name for command in COMMANDS}:
        raise UsageError(f"there is no {name}; /help lists what there is, // sends a line beginning with /")
    return name, rest.strip()


def completions(text: str, names: Iterable[str], themes: Sequence[str]) -> list[str]:
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
