"""What the person here wants of rooms, and what comes from the disk for them.

Knows: these inputs of ``core.NodeMachine.handle``. Does not know: what follows from them, or what is said in
a room: that comes as in a conversation of two (``inputs.ContentInput``).

``room`` is always the room's conversation (``types.conversation_in``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from p2pchat.core.values.room_records import Loudness, RoomRole
from p2pchat.data import dataclass
from p2pchat.types import ContactId, ConversationId, MemberId, MeshId, RoomOfferId


@dataclass(frozen=True, slots=True)
class RoomFounded:
    """Found a room, in which we are alone. It has its name here when the input is kept: no other room of this
    home is called so."""

    name: str
    mesh: MeshId | None = None
    """Where it is to be; None: where the first contact is."""


@dataclass(frozen=True, slots=True)
class RoomOffered:
    """Invite a contact, who learns the room's name and size, and is let in on accepting."""

    room: ConversationId
    contact: ContactId


@dataclass(frozen=True, slots=True)
class RoomOfferWithdrawn:
    """Take an offer of ours back, as long as the contact is not in."""

    offer: RoomOfferId


@dataclass(frozen=True, slots=True)
class RoomOfferAnswered:
    """Accept an offer of a contact's, or decline it."""

    offer: RoomOfferId
    accept: bool


@dataclass(frozen=True, slots=True)
class RoomLeft:
    """Go; what was said stays here. ``heirs``: where we are the owner, who is to be, in order."""

    room: ConversationId
    heirs: tuple[MemberId, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomForgotten:
    """Forget a room in which we are not any more, with all that was said."""

    room: ConversationId


@dataclass(frozen=True, slots=True)
class MemberRemoved:
    """Put a member out."""

    room: ConversationId
    member: MemberId


@dataclass(frozen=True, slots=True)
class RoleGiven:
    """Give a member an office; ``OWNER`` hands the room over."""

    room: ConversationId
    member: MemberId
    role: RoomRole


@dataclass(frozen=True, slots=True)
class RoomRenamed:
    """Give a room another name, for all members."""

    room: ConversationId
    name: str


@dataclass(frozen=True, slots=True)
class RoomRetention:
    """What is said in the room from now on shall last so long; 0: for ever."""

    room: ConversationId
    seconds: int


@dataclass(frozen=True, slots=True)
class RoomLoudness:
    """Of what the person here is told with a noise."""

    room: ConversationId
    loudness: Loudness


@dataclass(frozen=True, slots=True)
class RoomRecordsFetched:
    """What ``FetchRoomRecords`` asked for; None where it is not there."""

    room: ConversationId
    receiver: MemberId
    """As in the effect."""
    records: Mapping[bytes, bytes | None] = field(repr=False)


RoomInput = (
    RoomFounded
    | RoomOffered
    | RoomOfferWithdrawn
    | RoomOfferAnswered
    | RoomLeft
    | RoomForgotten
    | MemberRemoved
    | RoleGiven
    | RoomRenamed
    | RoomRetention
    | RoomLoudness
)
"""What the person wants of rooms."""

ForRooms = RoomInput | RoomRecordsFetched
"""What concerns rooms alone."""
