"""What a person wants of a node: inputs about messages, invites, contacts, meshes and backups.

Knows: the vocabulary. Does not know: names, which the daemon resolves and checks; what follows.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from p2pchat.core.values.references import ReferenceKind
from p2pchat.data import dataclass
from p2pchat.types import ContactId, ConversationId, MeshId, MessageId
from p2pchat.wire.invite import InviteCode, InviteLink


@dataclass(frozen=True, slots=True)
class Target:
    """A line of a conversation, by its author and its id here."""

    id: MessageId
    ours: bool


@dataclass(frozen=True, slots=True)
class MessageSubmitted:
    id: MessageId
    conversation: ConversationId
    text: str = field(repr=False)
    answers: Target | None = None
    mentions: tuple[ContactId, ...] = ()
    """In a room, of members, as authors are named (``types.person_of``)."""
    wants: bool = False
    """The person waits for its delivery: in a room, members are asked to tell."""


@dataclass(frozen=True, slots=True)
class ReferenceSubmitted:
    """The person says something of a line."""

    id: MessageId
    conversation: ConversationId
    kind: ReferenceKind
    target: Target
    turn: int
    """Higher than that of the last one of that kind that we said of the line (``messaging.referring``)."""
    text: str = field(default="", repr=False)
    """What a correction says; a reaction's sign, empty to take one back."""
    mentions: tuple[ContactId, ...] = ()
    wants: bool = False
    """As of a message."""


ContentInput = MessageSubmitted | ReferenceSubmitted
"""What the person says."""


class Haste(Enum):
    """How soon a cell of ours is to leave, where several wait."""

    FIRST = 1
    """A receipt: its sender sends again."""
    SOON = 2
    PATIENT = 3
    """It is not urgent: it may take the place of cover."""


class CellFate(Enum):
    """What has become of a cell of ours."""

    LEFT = "left"
    """It is on its way."""
    RETURNED = "returned"
    """It came back from the mesh: others have it."""
    LOST = "lost"
    """It is probably lost with the link over which it left."""


@dataclass(frozen=True, slots=True)
class CellSubmitted:
    """Broadcast a cell, ``GEOMETRY.cell`` bytes: one of ours whose session is on disk (``effects.WhenKept``),
    or one that was sealed elsewhere, the simulator's load."""

    mesh: MeshId
    cell: bytes = field(repr=False)
    haste: Haste = Haste.SOON


@dataclass(frozen=True, slots=True)
class InviteOpened:
    """Wait for someone at ``key``; ``invite`` is a local number under which events report."""

    invite: int
    link: bool
    """True: a link (128-bit secret); False: a nameplate and three words."""
    name: str | None
    """The name the new contact gets here, or None for the nickname they offer."""
    rendezvous: tuple[str, ...]
    deadline: float
    code: InviteCode | InviteLink | None = None
    """One of ours that was given away before, to be waited at again; None: a new one."""
    mesh: MeshId | None = None
    """Into which of our meshes it leads; None: into the first."""


@dataclass(frozen=True, slots=True)
class InviteEntered:
    """Join with a code or link from another person."""

    invite: int
    code: InviteCode | InviteLink
    name: str | None
    rendezvous: tuple[str, ...]
    """Where to look for them as well; what is typed here is trusted as the code is."""
    deadline: float
    accept_new: bool = False
    """Meet them also where neither the person nor the code said, but they do; otherwise that is left out."""


@dataclass(frozen=True, slots=True)
class InviteCancelled:
    invite: int


@dataclass(frozen=True, slots=True)
class ContactRenamed:
    contact: ContactId
    name: str


@dataclass(frozen=True, slots=True)
class ContactVerified:
    contact: ContactId
    verified: bool


@dataclass(frozen=True, slots=True)
class ContactBlocked:
    contact: ContactId
    blocked: bool


@dataclass(frozen=True, slots=True)
class ContactMuted:
    contact: ContactId
    muted: bool


@dataclass(frozen=True, slots=True)
class ContactRetentionChosen:
    """What is said with them shall last so long; 0: for ever."""

    contact: ContactId
    seconds: float


@dataclass(frozen=True, slots=True)
class ContactRenewed:
    """Make a new session with them if needed; what waits for their restored home may go."""

    contact: ContactId


@dataclass(frozen=True, slots=True)
class ContactRemoved:
    contact: ContactId
    keep_mesh: bool = False
    """Continue to relay for a mesh in which we no longer have contacts."""
    renew_mesh: bool = False
    """Move, with the remaining contacts, to a mesh with a new secret, which the removed contact is not
    told."""


ContactInput = (
    ContactRenamed
    | ContactVerified
    | ContactBlocked
    | ContactMuted
    | ContactRetentionChosen
    | ContactRenewed
    | ContactRemoved
)
"""What the user decided about one contact."""


@dataclass(frozen=True, slots=True)
class MeshLeft:
    """Leave a mesh, and delete the contacts that are reached only through it."""

    mesh: MeshId


@dataclass(frozen=True, slots=True)
class NameChosen:
    """Use this nickname for future contacts."""

    name: str


@dataclass(frozen=True, slots=True)
class RendezvousAdded:
    """Meet there, too; ``mesh`` None: it is our own, for invites that we answer and meshes that we found."""

    url: str
    mesh: MeshId | None
    typed: bool = True
    """By the person; otherwise a contact named it and the person agreed."""


@dataclass(frozen=True, slots=True)
class RendezvousRemoved:
    """No longer meet there; ``mesh`` None: it is no longer our own."""

    url: str
    mesh: MeshId | None


@dataclass(frozen=True, slots=True)
class RecoveryKeysDrawn:
    """A backup is about to be made, for which a new recovery key is drawn for each contact."""


@dataclass(frozen=True, slots=True)
class RecoveryKeysTold:
    """The backup is made: contacts are told of those keys. ``alone``: all earlier keys become invalid."""

    alone: bool


KeysInput = RecoveryKeysDrawn | RecoveryKeysTold
"""What the user did about backups."""


MeshInput = MeshLeft | RendezvousAdded | RendezvousRemoved
"""What the user decided about meshes and where they are met."""
