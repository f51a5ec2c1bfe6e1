"""What a room wants done, and what it tells.

Knows: the names. Does not know: how any of it is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from p2pchat.core.room.roster import VoidedRemoval
from p2pchat.core.room.timeline import MessagePlace
from p2pchat.data import dataclass
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.introductions import IntroductionWord


@dataclass(frozen=True, slots=True)
class SendRoomCell:
    """A sealed cell for every member of the mesh. What was to be kept before it is in front of it."""

    cell: bytes = field(repr=False)
    patient: bool = False
    """It is not urgent: it may take the place of cover."""


@dataclass(frozen=True, slots=True)
class KeepRecords:
    """Records to be written, or, None, erased, before any cell behind it leaves."""

    records: Mapping[bytes, bytes | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FetchMessages:
    """Messages that are kept are to be read for a member who asked for them."""

    receiver: MemberId
    places: tuple[tuple[MemberId, int], ...]


@dataclass(frozen=True, slots=True)
class RoomLine:
    """Somebody says something, in its place in the order."""

    sender: MemberId
    number: int
    payload: bytes = field(repr=False)
    through: MemberId | None = None
    """As this member has it: there is no MAC of the sender's for us."""
    lacks: tuple[MessagePlace, ...] = ()
    """Parents that no member has."""
    differs: bool = False
    """Its sender was told something else than we were."""
    could_read: frozenset[MemberId] = frozenset()
    """Who is out, as we know, and could read it: the sender did not know."""


@dataclass(frozen=True, slots=True)
class RosterChanged:
    """Somebody came, went, or has another office; or the room has another name, or retention."""

    joined: tuple[MemberId, ...]
    left: tuple[MemberId, ...]
    owner: MemberId | None
    admins: tuple[MemberId, ...]
    name: str
    retention_s: int
    voided: tuple[VoidedRemoval, ...] = ()


@dataclass(frozen=True, slots=True)
class ReachedMember:
    """A member says that it has all of our messages up to a number."""

    member: MemberId
    number: int


@dataclass(frozen=True, slots=True)
class MemberSpoke:
    """The first right MAC of a member: until then it was not there as far as we know."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class GapFound:
    """No member has so many messages of a member."""

    member: MemberId
    count: int


@dataclass(frozen=True, slots=True)
class OtherToldOtherwise:
    """A member was found to say different things to different people."""

    member: MemberId
    entries: tuple[EntryId, ...] = ()
    """Two of the log; else it was two messages of one number, or two commits."""


@dataclass(frozen=True, slots=True)
class MemberUneven:
    """A member's commit gives us another share than it confirms."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class HomePutBack:
    """Others have more of our messages than we know of: this home was put back to a copy, or another runs."""


@dataclass(frozen=True, slots=True)
class WithheldEntries:
    """These members' entries name some that no member has."""

    members: tuple[MemberId, ...]


@dataclass(frozen=True, slots=True)
class MemberWrote:
    """A member says something of an introduction to us alone."""

    member: MemberId
    word: IntroductionWord


RoomNews = (
    RoomLine
    | RosterChanged
    | ReachedMember
    | MemberSpoke
    | GapFound
    | OtherToldOtherwise
    | MemberUneven
    | HomePutBack
    | WithheldEntries
    | MemberWrote
)
"""What people are told."""

RoomOutput = SendRoomCell | KeepRecords | FetchMessages | RoomNews
