"""What people are told of rooms, beside what is said there.

Knows: these events. Does not know: why they happen, or the words in which people are told.
"""

from __future__ import annotations

from enum import Enum

from p2pchat.core.values.room_records import RoomOfferRecord
from p2pchat.data import dataclass
from p2pchat.types import ConversationId, MemberId, MessageId


class RoomTurn(Enum):
    """What happened."""

    CREATED = "created"
    """We have founded it."""
    ENTERED = "entered"
    """We are in."""
    ENDED = "ended"
    """We have left, or were put out."""
    FORGOTTEN = "forgotten"
    JOINED = "joined"
    """``member`` was let in; ``by``: by whom, so far as it is known."""
    SPOKE = "spoke"
    """The first word of ``member`` has come that only it could write."""
    GONE = "gone"
    """``member`` has left, or was put out."""
    ROLE = "role"
    """``member`` has another office."""
    RENAMED = "renamed"
    """``before``: how it was called here."""
    RETENTION = "retention"
    LOUDNESS = "loudness"
    KEPT_IN = "kept in"
    """``member`` is still in: the removal does not count, for ``by`` has undone it."""
    GAP = "gap"
    """No member has so many (``count``) messages of ``member``."""
    TOLD_OTHERWISE = "told otherwise"
    """``member`` said different things to different people."""
    UNEVEN = "uneven"
    """``member`` has given us other keys than others."""
    WITHHELD = "withheld"
    """``member`` builds upon what no member has."""
    PUT_BACK = "put back"
    """This home was put back to a copy, or another one runs: nothing is said here before others are heard."""


@dataclass(frozen=True, slots=True)
class RoomTurned:
    """Something happened in a room; how it is now, ``NodeMachine.rooms`` says."""

    room: ConversationId
    turn: RoomTurn
    member: MemberId | None = None
    by: MemberId | None = None
    count: int = 0
    before: str = ""


class OfferTurn(Enum):
    """What became of an offer."""

    MADE = "made"
    """By us, or to us."""
    ACCEPTED = "accepted"
    """By us; or by the contact, who cannot be let in at the moment, but will be."""
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    """It was not answered for two weeks."""
    VOID = "void"
    """Who made it is out, or may not let people in any more, or has lost it."""
    FULL = "full"
    """The room has no place left, or one of the two homes has none for another room."""
    FAILED = "failed"
    """What the newcomer was given does not fit."""
    ALREADY_IN = "already in"
    """The newcomer was in already, by another offer of the same room."""
    ENTERED = "entered"
    """The newcomer is in."""


@dataclass(frozen=True, slots=True)
class RoomOfferTurned:
    """Something became of an offer; after all but ``MADE`` and ``ACCEPTED`` it is over."""

    offer: RoomOfferRecord
    turn: OfferTurn


@dataclass(frozen=True, slots=True)
class MessageReached:
    """A message of ours is with ``reached`` of the ``to`` others in the room."""

    id: MessageId
    room: ConversationId
    reached: int
    to: int
    at: float


RoomEvent = RoomTurned | RoomOfferTurned | MessageReached
