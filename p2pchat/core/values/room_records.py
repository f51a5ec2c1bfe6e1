"""What a home keeps of its rooms, as values.

Knows: the shape of what is kept. Does not know: SQL, or what is in the records of a room (``room.room``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from p2pchat.data import dataclass
from p2pchat.types import ContactId, ConversationId, MemberId, MeshId, MessageId, RoomOfferId


class RoomRole(Enum):
    """The office of a member."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Loudness(Enum):
    """Of what is said in a room, what makes a noise here."""

    ALL = "all"
    MENTIONS = "mentions"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room in which this home is or was."""

    id: ConversationId
    name: str
    """Its name here, unique among the rooms of this home: the room's own name, with a number where another is
    called so."""
    mesh: MeshId
    """Where its members are."""
    own: MemberId
    """Who we are in it."""
    joined_at: float
    brought_by: ContactId | None = None
    """The contact whose offer we accepted; None: we have founded it."""
    loudness: Loudness = Loudness.ALL
    known: Mapping[MemberId, ContactId] = field(default_factory=dict)
    """Which members are contacts of ours, as far as offers have shown it."""


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room, with what its machine needs to resume."""

    record: RoomRecord
    records: Mapping[bytes, bytes] = field(repr=False)
    """All that the machine has kept, but messages for others, which are read when they are asked for."""


class OfferState(Enum):
    """How far an offer has come."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """The one who was invited wants to come in, and is not yet."""


@dataclass(frozen=True, slots=True)
class RoomOfferRecord:
    """An offer of a room that is not over."""

    id: RoomOfferId
    contact: ContactId
    """Who made it, or to whom it was made."""
    name: str
    """The room's name, when the offer was made."""
    size: int
    """How many were in."""
    at: float
    """When it was made, or came."""
    room: ConversationId | None = None
    """Of which room of ours; None: it was made to us."""
    state: OfferState = OfferState.OPEN
    keys: bytes = field(default=b"", repr=False)
    """What the newcomer brings: our own secret keys, or of another the public ones."""
    parts: tuple[bytes, ...] = field(default=(), repr=False)
    """What has come of our welcome."""

    @property
    def outgoing(self) -> bool:
        """Whether it is of ours."""
        return self.room is not None


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Where a line of a room belongs, and what is to be known of it."""

    number: int = 0
    """Its author's number for it; 0: it is ours, and was not written yet."""
    to: int = 0
    """To how many others it was written; of ours."""
    reached: int = 0
    """How many of them have it."""
    through: MemberId | None = None
    """It is here as this member has it: nothing else shows that its author wrote it."""
    lacks: int = 0
    """So many of the messages that it follows no member has."""
    differs: bool = False
    """Its author was told something else than we were."""
    could_read: tuple[MemberId, ...] = ()
    """Who was out already and could read it: its author did not know."""


@dataclass(frozen=True, slots=True)
class PutRoom:
    room: RoomRecord


@dataclass(frozen=True, slots=True)
class PutRoomRecords:
    """Keep, or, None, erase records of a room's machine."""

    room: ConversationId
    records: Mapping[bytes, bytes | None] = field(repr=False)
    expires_at: float | None = None
    """When messages among them are to be forgotten, kept for others or not; None: when the machine says."""


@dataclass(frozen=True, slots=True)
class DropRoomRecords:
    """Forget all that a room's machine has kept, messages for others as well."""

    room: ConversationId


@dataclass(frozen=True, slots=True)
class DropRoom:
    """Forget a room, its records and its history."""

    id: ConversationId


@dataclass(frozen=True, slots=True)
class PutRoomOffer:
    offer: RoomOfferRecord


@dataclass(frozen=True, slots=True)
class DropRoomOffer:
    id: RoomOfferId


@dataclass(frozen=True, slots=True)
class PlaceRoomLine:
    """A line or reference of ours was written: its number, and to how many others."""

    id: MessageId
    number: int
    to: int


@dataclass(frozen=True, slots=True)
class ReachRoomLines:
    """One more member has our lines from one number to another."""

    room: ConversationId
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class NarrowRoomLine:
    """A line of ours goes to so many others from now on: of who is out without it, it is not awaited."""

    id: MessageId
    to: int


RoomChange = (
    PutRoom
    | PutRoomRecords
    | DropRoomRecords
    | DropRoom
    | PutRoomOffer
    | DropRoomOffer
    | PlaceRoomLine
    | ReachRoomLines
    | NarrowRoomLine
)
