"""How contacts, rooms and members are called here.

Knows: the names that are shown, and whom or what a typed name means. Does not know: what is said to them.

A contact's name and a room's are unique here, and looked after by the core. Members of a room choose their
own: one that is a contact has the contact's name, and one whose name looks like another's gets the beginning
of its id behind it, so that each name that is shown means one member.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from functools import cached_property
from typing import Final, Protocol, TypeVar

from p2pchat import looks
from p2pchat.control.rooms import ROOM_SIGN
from p2pchat.core.values.records import Contact
from p2pchat.core.values.room_records import RoomOfferRecord
from p2pchat.core.values.status import MemberStatus, RoomStatus
from p2pchat.data import dataclass
from p2pchat.errors import UsageError
from p2pchat.text import harmless_name, person_name
from p2pchat.types import ContactId, ConversationId, MemberId, RoomOfferId, conversation_with, person_of

MARK: Final = "~"
"""Between a name and the beginning of an id."""

SHORTEST: Final = 4
"""Hexadecimal digits of an id behind a name."""

K = TypeVar("K", bound=Hashable)
I = TypeVar("I", bound=bytes)  # noqa: E741


class HasRooms(Protocol):
    """Lists the rooms of a home, and the offers of rooms."""

    def list_rooms(self) -> tuple[RoomStatus, ...]: ...

    def list_offers(self) -> tuple[RoomOfferRecord, ...]: ...


@dataclass(frozen=True, slots=True)
class Partner:
    """A contact or a room, to which a person writes."""

    conversation: ConversationId
    name: str
    """As it is typed."""
    contact: Contact | None = None


def is_room(conversation: str) -> bool:
    """Tell whether a conversation is that of a room."""
    return conversation.startswith(ROOM_SIGN)


def unique_names(names: Mapping[I, str], taken: Iterable[str] = ()) -> dict[I, str]:
    """Give each id a name, so that no two of them look the same, nor one and a name that is ``taken``."""
    uses = Counter(key for name in (*names.values(), *taken) for key in looks.keys(name))
    shown: dict[I, str] = {}
    for id, name in names.items():
        if MARK in name or any(uses[key] > 1 for key in looks.keys(name)):
            name = f"{name}{MARK}{_beginning(id, names)}"
        shown[id] = name
    return shown


def _beginning(id: bytes, ids: Collection[bytes]) -> str:
    """The shortest beginning of an id that no other has."""
    digits = id.hex()
    others = [other.hex() for other in ids if other != id]
    size = SHORTEST
    while size < len(digits) and any(other.startswith(digits[:size]) for other in others):
        size += 1
    return digits[:size]


def name_members(
    members: Iterable[MemberStatus], contacts: Mapping[ContactId, str], own_name: str
) -> dict[MemberId, str]:
    """Name the members of a room: ourselves and contacts by our names for them, all others by their own.
    ``contacts``: all of this home."""
    roster = list(members)
    ours = {member.id: own_name for member in roster if member.own}
    for member in roster:
        if not member.own and member.contact is not None and member.contact in contacts:
            ours[member.id] = contacts[member.contact]
    others = {member.id: person_name(member.name) for member in roster if member.id not in ours}
    return {**ours, **unique_names(others, {own_name, *contacts.values()})}


def name_offers(offers: Iterable[RoomOfferRecord]) -> dict[RoomOfferId, str]:
    """Name the rooms that contacts offer us."""
    return unique_names({offer.id: offer.name for offer in offers if not offer.outgoing})


def pick(
    name: str, shown: Mapping[K, str], kind: str, look: str, others: Iterable[tuple[str, str]] = ()
) -> K:
    """Find what a typed name means: the exact name, or else the only one that fits in any case, composition,
    or as it is shown. ``kind``: what it is; ``look``: where its name is listed; ``others``: kinds and names
    of what may have been meant instead, if it has the same name. Raises UsageError."""
    matches = (
        [key for key, known in shown.items() if known == name]
        or [key for key, known in shown.items() if looks.same(known, name)]
        or [key for key, known in shown.items() if harmless_name(known) == name]
    )
    if len(matches) == 1:
        return matches[0]
    alike = [known for known in shown.values() if known.partition(MARK)[0] == name]
    meant = [f"the {other} {called!r}" for other, called in others if _is_same_name(called, name)]
    near = alike or meant or difflib.get_close_matches(name, shown.values(), n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; see '{look}'"
    raise UsageError(f"there is no {kind} called {name!r}{hint}")


def _is_same_name(called: str, name: str) -> bool:
    return looks.same(called.removeprefix(ROOM_SIGN), name.removeprefix(ROOM_SIGN))


class Names:
    """All names, as they were when this object was made or a room was first looked up."""

    def __init__(self, own: str, contacts: Iterable[Contact], rooms: HasRooms) -> None:
        self.own = own
        self._contacts = {contact.id: contact for contact in contacts}
        self._called = {contact.id: contact.name for contact in self._contacts.values()}
        self._source = rooms
        self._members: dict[ConversationId, dict[MemberId, str]] = {}
        self._former: dict[ConversationId, dict[MemberId, str]] = {}

    @cached_property
    def _rooms(self) -> dict[ConversationId, RoomStatus]:
        return {room.record.id: room for room in self._source.list_rooms()}

    # --- what is shown

    def partner_name(self, who: str) -> str:
        """Return the name of a contact or room, by its id or the conversation's; the beginning of the id if
        it is gone."""
        if not is_room(who):
            return self._called.get(ContactId(who), who[:12])
        room = self._rooms.get(ConversationId(who))
        return f"{ROOM_SIGN}{room.record.name}" if room is not None else who[:12]

    def author_name(self, conversation: ConversationId, author: ContactId | None) -> str:
        """Return the name of the writer of a line; None: the person here."""
        if author is None:
            return self.own
        if not is_room(conversation):
            return self.partner_name(conversation)
        people = {**self._former_of(conversation), **self.members_of(conversation)}
        found = (name for member, name in people.items() if person_of(member) == author)
        return next(found, f"former member{MARK}{author[:SHORTEST]}")

    def member_name(self, room: ConversationId, member: MemberId) -> str:
        """Return the name of a member of a room."""
        return self.author_name(room, person_of(member))

    def inviter_of(self, room: ConversationId, member: MemberId) -> MemberId | None:
        """Who let a member in; None: it has founded the room, or is not in."""
        roster = self._rooms[room].members if room in self._rooms else ()
        return next((one.brought_by for one in roster if one.id == member), None)

    def members_of(self, room: ConversationId) -> dict[MemberId, str]:
        """Return the names of all members of a room, in the order of the roster."""
        if room not in self._members:
            roster = self._rooms[room].members if room in self._rooms else ()
            self._members[room] = name_members(roster, self._called, self.own)
        return self._members[room]

    def _former_of(self, room: ConversationId) -> dict[MemberId, str]:
        """The names of members that are out: as contacts they have ours, else their own, unless another has
        it now."""
        if room not in self._former:
            status = self._rooms.get(room)
            former = dict(status.former) if status is not None else {}
            known = status.record.known if status is not None else {}
            ours = {who: self._called[known[who]] for who in former if known.get(who) in self._called}
            others = {who: name for who, name in former.items() if who not in ours}
            taken = {self.own, *self._called.values(), *self.members_of(room).values()}
            self._former[room] = {**ours, **unique_names(others, taken)}
        return self._former[room]

    def list_room_names(self) -> list[str]:
        """List the names of all rooms, without their sign."""
        return [room.record.name for room in self._rooms.values()]

    def people_of(self, conversation: ConversationId) -> dict[str, ContactId]:
        """Return the people that can be mentioned in a conversation, by name."""
        if is_room(conversation):
            members = self.members_of(conversation).items()
            return {name: person_of(member) for member, name in members if name != self.own}
        return {name: id for id, name in self._called.items() if conversation_with(id) == conversation}

    # --- what a typed name means. All raise UsageError.

    def find_partner(self, name: str) -> Partner:
        """Find a contact, or a room if the name begins with its sign. Raises UsageError."""
        if name.startswith(ROOM_SIGN) and name not in self._called.values():
            room = self.find_room(name)
            return Partner(room.record.id, f"{ROOM_SIGN}{room.record.name}")
        contact = self.find_contact(name)
        if any(name == f"{ROOM_SIGN}{room.record.name}" for room in self._rooms.values()):
            raise UsageError(
                f"a contact and a room are called {name!r}; rename the contact: p2pchat contacts rename"
            )
        return Partner(conversation_with(contact.id), contact.name, contact)

    def find_contact(self, name: str) -> Contact:
        """Find a contact by name. Raises UsageError."""
        rooms = [("room", f"{ROOM_SIGN}{room}") for room in self.list_room_names()]
        return self._contacts[pick(name, self._called, "contact", "p2pchat contacts", rooms)]

    def find_room(self, name: str) -> RoomStatus:
        """Find a room in which we are or were, with or without its sign. Raises UsageError."""
        called = {id: room.record.name for id, room in self._rooms.items()}
        if name.startswith(ROOM_SIGN) and name not in called.values():
            name = name.removeprefix(ROOM_SIGN)
        contacts = [("contact", contact) for contact in self._called.values()]
        return self._rooms[pick(name, called, "room", "p2pchat room", contacts)]

    def find_offer(self, name: str) -> RoomOfferRecord:
        """Find a room that a contact offers us, with or without its sign. Raises UsageError."""
        offers = self._source.list_offers()
        shown = name_offers(offers)
        if name.startswith(ROOM_SIGN) and name not in shown.values():
            name = name.removeprefix(ROOM_SIGN)
        id = pick(name, shown, "room to which you are invited", "p2pchat room")
        return next(offer for offer in offers if offer.id == id)

    def find_member(self, room: ConversationId, name: str) -> MemberId:
        """Find a member of a room. Raises UsageError."""
        typed = ROOM_SIGN + self._rooms[room].record.name
        return pick(name, self.members_of(room), f"member of {typed}", "p2pchat room members")
