"""Who is on the other side of each conversation: contacts, and rooms with their members.

Knows: what is unread with each, and their order. Does not know: how lines come, or the screen.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from p2pchat.control.rooms import ROOM_SIGN, MemberInfo, RoomInfo
from p2pchat.errors import UsageError
from p2pchat.text import harmless_name

if TYPE_CHECKING:
    from p2pchat.chat.lines import ChatLine
    from p2pchat.client import Node
    from p2pchat.control.answers import ContactInfo

UNREAD_MAX: Final = 1000
"""Ids kept for one counterpart; further messages of a flood stay unheard and are offered again later."""

NOTICES_MAX: Final = 100
"""Changes of a room that are kept to be shown, while a chat is open."""

HUES: Final = 8
"""Colours of names."""


class Counterpart:
    """A contact or a room, and the last message there."""

    def __init__(self) -> None:
        self.last: ChatLine | None = None
        self.place = 0
        """Grows with each message in the order of arrival: the clocks of others do not count."""
        self.unread: dict[str, None] = {}
        """Ids of unread messages."""
        self.mentions: dict[str, None] = {}
        """Those of them that mention us."""
        self.unheard = 0
        """Messages that came while no chat was open, and that the node tells to the first listener."""

    @property
    def name(self) -> str:
        """As it is typed."""
        raise NotImplementedError

    @property
    def muted(self) -> bool:
        """Whether no message makes a noise."""
        raise NotImplementedError

    @property
    def loud(self) -> Mapping[str, None]:
        """The unread messages that make a noise."""
        return {} if self.muted else self.unread

    def is_loud(self, line: ChatLine) -> bool:
        """Whether a new message makes a noise."""
        return not self.muted

    def note_unread(self, line: ChatLine) -> None:
        """Count a message as unread."""
        if len(self.unread) < UNREAD_MAX:
            self.unread[line.id] = None
            if line.for_us:
                self.mentions[line.id] = None

    def note_read(self, ids: Iterable[str]) -> None:
        """Count messages no longer as unread."""
        for id in ids:
            self.unread.pop(id, None)
            self.mentions.pop(id, None)


class Person(Counterpart):
    """A contact."""

    def __init__(self, contact: ContactInfo) -> None:
        super().__init__()
        self.contact = contact

    @property
    def name(self) -> str:
        return self.contact.name

    @property
    def muted(self) -> bool:
        return self.contact.muted or self.contact.blocked


class ChatRoom(Counterpart):
    """A room in which we are or were."""

    def __init__(self, room: RoomInfo) -> None:
        super().__init__()
        self.room = room
        self.members: Sequence[MemberInfo] = ()
        """Empty until somebody looks."""
        self.hues: dict[str, int] = {}
        """The colours of names, those of former members too."""
        self.notices: list[tuple[str, ChatLine]] = []
        """Changes of the room since the chat began, each with the id of the message before it."""

    @property
    def name(self) -> str:
        return self.room.name

    @property
    def muted(self) -> bool:
        return self.room.notify == "none"

    @property
    def loud(self) -> Mapping[str, None]:
        return self.mentions if self.room.notify == "mentions" else super().loud

    def is_loud(self, line: ChatLine) -> bool:
        return line.for_us if self.room.notify == "mentions" else super().is_loud(line)

    @property
    def lacking(self) -> list[str]:
        """The members that have not told yet that they have our newest message."""
        return [member.name for member in self.members if member.lacks and not member.own]

    def note_change(self, line: ChatLine) -> None:
        """Keep a change, to be shown where it happened."""
        self.notices.append((self.last.id if self.last is not None else "", line))
        del self.notices[:-NOTICES_MAX]

    def with_notices(self, lines: Sequence[ChatLine], *, oldest: bool) -> list[ChatLine]:
        """Lines of the history, with the changes between them. ``oldest``: none came before them."""
        shown = [notice for before, notice in self.notices if oldest and not before]
        for line in lines:
            shown += [line, *(notice for before, notice in self.notices if before == line.id)]
        return shown


class Counterparts:
    """All contacts and rooms of a home, and the rooms to which contacts invite us."""

    def __init__(self, renamed: Callable[[str, str], None]) -> None:
        self.people: dict[str, Person] = {}
        """Contacts by name, in the order in which they were added."""
        self.rooms: dict[str, ChatRoom] = {}
        """Rooms by name, in the order in which we came in."""
        self.offers: dict[str, RoomInfo] = {}
        """Invitations by the bare names of their rooms."""
        self._renamed = renamed
        self._places = 0

    def find_by_name(self, name: str) -> Counterpart | None:
        """A contact or a room by name."""
        return self.rooms.get(name) or self.people.get(name)

    def find_named(self, name: str) -> Counterpart:
        """The same, of a room also without its sign. Raises UsageError for an unknown name."""
        found = self.find_by_name(name) or self.rooms.get(f"{ROOM_SIGN}{name}")
        if found is None:
            kind = "room" if name.startswith(ROOM_SIGN) else "contact"
            raise UsageError(f"you have no {kind} called {harmless_name(name)}")
        return found

    async def read_contacts(self, node: Node) -> None:
        """Read the contacts again, which may have new names."""
        known = {person.contact.fingerprint: person for person in self.people.values()}
        people = {}
        for contact in await node.contacts():
            person = known.get(contact.fingerprint) or Person(contact)
            self._renamed(person.name, contact.name)
            person.contact = contact
            people[person.name] = person
        self.people.clear()
        self.people.update(people)

    async def read_rooms(self, node: Node) -> None:
        """Read the rooms again, which may have new names, and the invitations."""
        known = {room.room.id: room for room in self.rooms.values()}
        rooms, offers = {}, {}
        for info in await node.list_rooms():
            if info.state in ("offered", "accepted"):
                offers[info.name] = info
                continue
            room = known.get(info.id) or ChatRoom(info)
            self._renamed(room.name, info.name)
            room.room = info
            rooms[room.name] = room
        self.rooms.clear()
        self.rooms.update(rooms)
        self.offers.clear()
        self.offers.update(offers)

    def list_ordered(self) -> list[Counterpart]:
        """The latest conversation comes first; those without messages come last, rooms before contacts."""
        every: list[Counterpart] = [*self.rooms.values(), *self.people.values()]
        return sorted(every, key=lambda one: one.place if one.last else 0, reverse=True)

    def note_last(self, counterpart: Counterpart, line: ChatLine) -> None:
        """The newest message with a counterpart."""
        self._places += 1
        counterpart.last, counterpart.place = line, self._places

    def count_unread(self) -> int:
        """Unread messages that made a noise."""
        return sum(len(counterpart.loud) for counterpart in self.list_ordered())

    def count_mentions(self) -> int:
        """Those of them that mention us."""
        return sum(len(counterpart.mentions) for counterpart in self.list_ordered() if not counterpart.muted)

    def hues_in(self, room: ChatRoom) -> dict[str, int]:
        """The colour of each member's name: a contact has one in all rooms, and who goes keeps it."""
        for member in room.members:
            person = self.people.get(member.name) if member.contact else None
            room.hues[member.name] = hue_of(person.contact.fingerprint if person is not None else member.id)
        return dict(room.hues)


def hue_of(key: str) -> int:
    """The colour of a key; of a name where no key is known."""
    return zlib.crc32(key.encode()) % HUES
