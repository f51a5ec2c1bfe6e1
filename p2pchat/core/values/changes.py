"""Each change that a node makes to what it remembers.

Knows: what is put and dropped. Does not know: how it is kept (``store`` does).
"""

from __future__ import annotations

from p2pchat.core.values.files import FileChange
from p2pchat.core.values.introductions import IntroductionChange
from p2pchat.core.values.records import (
    Contact,
    HeldCell,
    Identity,
    MeshRecord,
    Message,
    OutboxEntry,
    PatienceState,
    RecoveryState,
    SessionState,
    Tried,
)
from p2pchat.core.values.references import Reference
from p2pchat.core.values.room_records import RoomChange
from p2pchat.data import dataclass
from p2pchat.types import (
    ContactId,
    MeshId,
    MessageId,
    MessageState,
)


@dataclass(frozen=True, slots=True)
class PutPatience:
    patience: PatienceState


@dataclass(frozen=True, slots=True)
class PutIdentity:
    identity: Identity


@dataclass(frozen=True, slots=True)
class PutMesh:
    mesh: MeshRecord


@dataclass(frozen=True, slots=True)
class PutListeners:
    """Where members of a mesh listen: all that is remembered of it."""

    mesh: MeshId
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DropMesh:
    """Forget the mesh and what is held of it; contacts can no longer be reached through it."""

    id: MeshId


@dataclass(frozen=True, slots=True)
class PutContact:
    contact: Contact


@dataclass(frozen=True, slots=True)
class DropContact:
    """Forget the contact, its session, its outbox and its history."""

    id: ContactId


@dataclass(frozen=True, slots=True)
class PutSession:
    session: SessionState


@dataclass(frozen=True, slots=True)
class PutRecovery:
    recovery: RecoveryState


@dataclass(frozen=True, slots=True)
class PutOutbox:
    entry: OutboxEntry


@dataclass(frozen=True, slots=True)
class DropOutbox:
    id: MessageId


@dataclass(frozen=True, slots=True)
class PutMessage:
    """Add to history, with what waited for it. A message with the same conversation, direction and id is left
    as it is."""

    message: Message
    keep_earlier: bool = False
    """Whether what a line said before is kept."""


@dataclass(frozen=True, slots=True)
class PutReference:
    """Apply it to its line, or have it wait for that."""

    reference: Reference
    waits_until: float
    keep_earlier: bool = False


@dataclass(frozen=True, slots=True)
class DropVersions:
    """Forget what lines said before they were corrected or withdrawn."""


@dataclass(frozen=True, slots=True)
class SetMessageState:
    """Move the state of an outgoing message or reference. A final state is never left."""

    id: MessageId
    state: MessageState


@dataclass(frozen=True, slots=True)
class PutCells:
    """Keep these, whole."""

    mesh: MeshId
    cells: tuple[HeldCell, ...]


@dataclass(frozen=True, slots=True)
class DropCells:
    """Forget these, by their numbers; those that are not there count as forgotten."""

    mesh: MeshId
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DropExpiredMessages:
    """Forget the lines and references whose time has come, but for what waits to be delivered or read."""

    now: float


@dataclass(frozen=True, slots=True)
class PutTried:
    tried: Tried


@dataclass(frozen=True, slots=True)
class DropTried:
    """Forget one, by its mark."""

    mark: bytes


Change = (
    PutIdentity
    | PutMesh
    | PutListeners
    | DropMesh
    | PutContact
    | DropContact
    | PutSession
    | PutRecovery
    | PutOutbox
    | DropOutbox
    | PutMessage
    | PutReference
    | DropVersions
    | SetMessageState
    | DropExpiredMessages
    | PutCells
    | DropCells
    | PutTried
    | DropTried
    | PutPatience
    | RoomChange
    | FileChange
    | IntroductionChange
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a line or reference that was kept, where that is not the line as it was given."""

    change: PutMessage | PutReference
    line: Message | None
    """The line as it is now; None: nothing is new, because it was here before, or waits, or no longer
    counts."""
