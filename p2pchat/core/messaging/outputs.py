"""What a conversation wants done.

Knows: the names. Does not know: how any of it is done (``conversations``).
"""

from __future__ import annotations

from dataclasses import field

from p2pchat.core.session.turns import Turn
from p2pchat.core.values.effects import Effect
from p2pchat.core.values.introductions import Source
from p2pchat.core.values.user_inputs import Haste
from p2pchat.crypto.envelope import TagDelta
from p2pchat.data import dataclass
from p2pchat.types import ContactId, MeshId
from p2pchat.wire import payload as wire
from p2pchat.wire.files import FileNotice, FileWord
from p2pchat.wire.introductions import IntroductionWord
from p2pchat.wire.room_offers import RoomWord


@dataclass(frozen=True, slots=True)
class SendCell:
    """A sealed cell for every member of the contact's mesh."""

    cell: bytes
    haste: Haste = Haste.SOON


@dataclass(frozen=True, slots=True)
class TagsChanged:
    """The tags to listen for have changed."""

    delta: TagDelta


@dataclass(frozen=True, slots=True)
class RetentionDecided:
    """The two people have a new retention time."""

    seconds: float
    turn: int
    by_them: bool


@dataclass(frozen=True, slots=True)
class MeshTold:
    """The contact tells in which mesh it is."""

    renewed: wire.MeshRenewed


@dataclass(frozen=True, slots=True)
class RoomWordTold:
    """The contact sends a word about letting a person into a room."""

    word: RoomWord


@dataclass(frozen=True, slots=True)
class IntroductionTold:
    """The contact says something of an introduction."""

    word: IntroductionWord


@dataclass(frozen=True, slots=True)
class FileTold:
    """The contact sends a word about a file, or a part of one."""

    message: FileWord | FileNotice


@dataclass(frozen=True, slots=True)
class Renewed:
    """The session is a new one; ``transcript`` is a hash of the exchange that made it."""

    transcript: bytes


@dataclass(frozen=True, slots=True)
class Turned:
    """Something happened to the session that people must know."""

    turn: Turn
    waiting: int
    """Messages that wait for the person's word."""


Output = (
    Effect
    | SendCell
    | TagsChanged
    | RetentionDecided
    | Renewed
    | Turned
    | MeshTold
    | RoomWordTold
    | IntroductionTold
    | FileTold
)


@dataclass(frozen=True, slots=True)
class SendInto:
    """A sealed cell for every member of a mesh, ``GEOMETRY.cell`` bytes."""

    mesh: MeshId
    cell: bytes = field(repr=False)
    haste: Haste = Haste.SOON
    """Whether it may wait for a place among cover."""


@dataclass(frozen=True, slots=True)
class MeshReported:
    """A contact tells in which mesh it is."""

    contact: ContactId
    renewed: wire.MeshRenewed = field(repr=False)


@dataclass(frozen=True, slots=True)
class RoomWordReported:
    """A contact sends a word about letting a person into a room."""

    contact: ContactId
    word: RoomWord = field(repr=False)


@dataclass(frozen=True, slots=True)
class IntroductionReported:
    """A contact, or a member of a room, says something of an introduction."""

    source: Source
    word: IntroductionWord = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileReported:
    """A contact sends a word about a file, or a part of one."""

    contact: ContactId
    message: FileWord | FileNotice = field(repr=False)


Routed = Effect | SendInto | MeshReported | RoomWordReported | IntroductionReported | FileReported
"""What is left when a conversation's meshes and its contact's record are seen to."""
