"""The slash commands of a chat: one table that help, completion and the chat itself read.

Knows: the names and uses of commands. Does not know: how a command is carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Final

from p2pchat.chat.referring import SIGNS
from p2pchat.config.table import SETTINGS
from p2pchat.control.rooms import ROOM_SIGN
from p2pchat.data import dataclass
from p2pchat.errors import UsageError

if TYPE_CHECKING:
    from p2pchat.chat.model import ChatModel

MENTION: Final = "@"


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
    ChatCommand("/switch", "NAME", "switch to another contact or #room", ("NAME",)),
    ChatCommand("/who", "", "all contacts and rooms, and who is online"),
    ChatCommand("/history", "[N]", "show the last messages again, or N of them"),
    ChatCommand("/search", "[TEXT]", "search the messages"),
    ChatCommand("/reply", "[^N] TEXT", "reply to their last message, or Nth from the end"),
    ChatCommand("/react", "[^N] SIGN|off", "react to that message with one sign", (*SIGNS, "off")),
    ChatCommand("/correct", "[^N] TEXT", "correct your last message, for all"),
    ChatCommand("/withdraw", "[^N]", "withdraw your last message, for all"),
    ChatCommand("/invite", "[link]", "make a code for a new friend", ("link",)),
    ChatCommand("/join", "CODE", "answer a friend's code"),
    ChatCommand("/contact", "WHAT …", "contacts without a code: add, accept … (see below)"),
    ChatCommand("/room", "WHAT …", "rooms: create, invite, accept … (see below)"),
    ChatCommand("/verify", "[yes]", "compare the safety number, or a room's words", ("yes",)),
    ChatCommand("/rename", "NEW", "give this contact or room another name"),
    ChatCommand("/mute", "[off]", "no notifications here; in a room also: mentions", ("off", "mentions")),
    ChatCommand("/block", "[off]", "block this contact", ("off",)),
    ChatCommand(
        "/disappear",
        "SPAN|off",
        "let messages disappear after some time, for all",
        ("8h", "1d", "4w", "off"),
    ),
    ChatCommand("/forget", "", "delete the messages of this conversation here"),
    ChatCommand("/remove", "", "delete this contact, and all messages with it"),
    ChatCommand("/profile", "", "your links, and how your messages are hidden"),
    ChatCommand("/doctor", "", "what works from here, and what others learn"),
    ChatCommand("/set", "[KEY VALUE]", "settings, saved", ("KEY",)),
    ChatCommand("/theme", "NAME", "other colours, saved"),
    ChatCommand("/quit", "", "leave"),
)


ROOM_COMMANDS: Final = (
    ChatCommand("/room create", "NAME", "make a room, which you own"),
    ChatCommand("/room invite", "[NAME…]", "invite contacts to this room", ("CONTACT",)),
    ChatCommand("/room accept", "[NAME]", "accept an invitation", ("OFFER",)),
    ChatCommand("/room decline", "[NAME]", "decline an invitation", ("OFFER",)),
    ChatCommand("/room members", "", "who is in, and who brought whom"),
    ChatCommand("/room verify", "", "twelve words to compare with members"),
    ChatCommand("/room role", "NAME ROLE", "make a member owner, admin or member", ("MEMBER",)),
    ChatCommand("/room remove", "NAME", "put a member out", ("MEMBER",)),
    ChatCommand("/room rename", "NEW", "give the room another name, for all"),
    ChatCommand("/room mute", "[mentions|off]", "notifications: none, mentions, all", ("mentions", "off")),
    ChatCommand("/room disappear", "SPAN|off", "let messages disappear, for all", ("8h", "1d", "4w", "off")),
    ChatCommand("/room leave", "[HEIR…]", "leave; your history stays", ("MEMBER",)),
    ChatCommand("/room renew", "", "another room with the same people"),
    ChatCommand("/room forget", "", "delete a room that you left"),
)
"""What ``/room`` does, in the room of the open conversation."""

CONTACT_COMMANDS: Final = (
    ChatCommand("/contact add", "NAME", "ask a member of this room to be a contact", ("MEMBER",)),
    ChatCommand("/contact introduce", "NAME NAME", "introduce two contacts", ("PAIR",)),
    ChatCommand("/contact accept", "[NAME]", "accept who asks to be a contact", ("REQUEST",)),
    ChatCommand("/contact decline", "[NAME]", "decline who asks to be a contact", ("REQUEST",)),
    ChatCommand("/contact requests", "", "who asks, whom you ask, whom you introduce"),
)
"""What ``/contact`` does."""

ROLES: Final = ("owner", "admin", "member")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a line may name."""

    contacts: Sequence[str] = ()
    rooms: Sequence[str] = ()
    offers: Sequence[str] = ()
    requests: Sequence[str] = ()
    """Who asks to be a contact."""
    people: Sequence[str] = ()
    """Who can be mentioned in the open conversation."""
    themes: Sequence[str] = field(default_factory=tuple)

    def list_words(self, kind: str) -> Sequence[str]:
        """The words that an argument stands for."""
        match kind:
            case "NAME":
                return [*self.rooms, *self.contacts]
            case "CONTACT":
                return [name for name in self.contacts if name not in self.people]
            case "OFFER":
                return self.offers
            case "REQUEST":
                return self.requests
            case "PAIR":
                return [
                    *self.contacts,
                    *(
                        f"{contact} {other}"
                        for contact in self.contacts
                        for other in self.contacts
                        if contact != other
                    ),
                ]
            case "MEMBER":
                return self.people
            case word:
                return [word]


def vocabulary(model: ChatModel, themes: Iterable[str] = ()) -> Vocabulary:
    """What a line may name in a chat as it is now."""
    known, room = model.known, model.room
    if room is not None:
        people = [member.name for member in room.members if not member.own]
    else:
        people = [model.current] if model.current else []
    requests = list(model.introductions.requests)
    return Vocabulary(
        list(known.people), list(known.rooms), list(known.offers), requests, people, sorted(themes)
    )


def parse_command(line: str) -> tuple[str, str]:
    """The command and the arguments of a line. Raises UsageError."""
    name, _, rest = line.strip().partition(" ")
    if name not in {command.name for command in COMMANDS}:
        raise UsageError(f"there is no {name}; /help lists all commands, // sends a line that begins with /")
    return name, rest.strip()


def complete(text: str, known: Vocabulary) -> list[str]:
    """Completions of a line: of a command, or of the ``@name`` or ``#room`` at its end."""
    if not text.startswith("/") or text.startswith("//") or "\n" in text:
        named = _complete_name(text, MENTION, known.people)
        return named or _complete_name(
            text, ROOM_SIGN, [name.removeprefix(ROOM_SIGN) for name in known.rooms]
        )
    name, blank, rest = text.partition(" ")
    if not blank:
        return [command.name for command in COMMANDS if command.name.startswith(name)]
    if name == "/room":
        return _complete_room(rest, known)
    if name == "/contact":
        return _complete_part(CONTACT_COMMANDS, name, rest, known)
    command = next((command for command in COMMANDS if command.name == name), None)
    if command is None:
        return []
    if name == "/set":
        return [f"/set {setting}" for setting in _settings(rest) if setting.startswith(rest)]
    words = (
        known.themes
        if name == "/theme"
        else [word for kind in command.takes for word in known.list_words(kind)]
    )
    return [f"{name} {word}" for word in words if word.startswith(rest)]


def _complete_room(rest: str, known: Vocabulary) -> list[str]:
    verb, blank, argument = rest.partition(" ")
    name = f"/room {verb}"
    if not blank or verb not in ("role", "invite"):
        return _complete_part(ROOM_COMMANDS, "/room", rest, known)
    words = known.list_words("MEMBER" if verb == "role" else "CONTACT")
    if verb == "role":
        words = [*words, *(f"{word} {role}" for word in words for role in ROLES if argument.startswith(word))]
    else:  # several, one after another
        before, _, argument = argument.rpartition(" ")
        named = before.split()
        words = [
            " ".join((*named, word)) for word in words if word not in named and word.startswith(argument)
        ]
        return [f"{name} {word}" for word in words]
    return [f"{name} {word}" for word in words if word.startswith(argument)]


def _complete_part(table: Iterable[ChatCommand], begun: str, rest: str, known: Vocabulary) -> list[str]:
    """Complete what stands after a command of two words."""
    verb, blank, argument = rest.partition(" ")
    name = f"{begun} {verb}"
    if not blank:
        return [command.name for command in table if command.name.startswith(name)]
    kinds = [kind for command in table if command.name == name for kind in command.takes]
    words = [word for kind in kinds for word in known.list_words(kind)]
    return [f"{name} {word}" for word in words if word.startswith(argument)]


def _complete_name(text: str, sign: str, names: Iterable[str]) -> list[str]:
    """The text with each name that the word at its end may be the beginning of."""
    place = text.rfind(sign)
    if place < 0 or text[place - 1 : place].isalnum():
        return []
    begun = text[place + 1 :].casefold()
    fitting = [name for name in names if name.casefold().startswith(begun)]
    return [f"{text[:place]}{sign}{name} " for name in fitting]


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
