"""What can happen to a node: the inputs of ``core.NodeMachine.handle``.

Knows: the vocabulary of inputs. Does not know: what follows from them.

Long because it is one vocabulary: all inputs are in one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import Enum

from p2pchat.core.values.files import ForFiles
from p2pchat.core.values.records import HeldCell
from p2pchat.core.values.references import ReferenceKind
from p2pchat.core.values.room_inputs import ForRooms
from p2pchat.data import dataclass
from p2pchat.types import ContactId, ConversationId, LinkId, MeshId, MessageId, Topic
from p2pchat.wire.description import Description
from p2pchat.wire.ice import Servers
from p2pchat.wire.invite import InviteCode, InviteLink
from p2pchat.wire.signalling import FromServer

Sought = MeshId | Topic
"""What is looked for on this machine's own network: a mesh, or an invite."""


@dataclass(frozen=True, slots=True)
class Started:
    """The node runs from now on; always the first input."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The deadline of ``next_wakeup`` has come."""


@dataclass(frozen=True, slots=True)
class StopAnnounced:
    """The node is about to stop: take leave of contacts."""


@dataclass(frozen=True, slots=True)
class ShutDown:
    """What that caused is on disk and on its way: send what waits, take leave of neighbours. The last
    input."""


# --- the rendezvous connections


@dataclass(frozen=True, slots=True)
class RendezvousUp:
    """Connected; ``clock``: what time it is there, if it has said so, to a second or two; Unix seconds."""

    url: str
    clock: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RendezvousDown:
    """Could not connect, or the connection ended: also because the server ``flooded`` us."""

    url: str
    reason: str
    flooded: bool = False


@dataclass(frozen=True, slots=True)
class ServersHinted:
    """A rendezvous has told which STUN and TURN servers there are on its host."""

    url: str
    servers: Servers


@dataclass(frozen=True, slots=True)
class SignalReceived:
    url: str
    message: FromServer


# --- this machine's network


@dataclass(frozen=True, slots=True)
class NetworkChanged:
    """It reaches others in another way than before, or again, or has slept."""


@dataclass(frozen=True, slots=True)
class NearbyFound:
    """Where others may be met on this machine's own network now. Nothing of it is kept or told to others."""

    own: tuple[str, ...]
    """Where we listen ourselves: URLs."""
    places: Mapping[Sought, Sequence[str]]
    """Where each mesh, and the host of each invite, was found besides."""


@dataclass(frozen=True, slots=True)
class Urged:
    """A person wants something now that others are needed for."""


# --- the WebRTC links


@dataclass(frozen=True, slots=True)
class OfferMade:
    """The engine has gathered candidates for the offer that ``MakeOffer`` asked for."""

    link: LinkId
    description: Description


@dataclass(frozen=True, slots=True)
class AnswerMade:
    """The engine has gathered candidates for the answer that ``MakeAnswer`` asked for."""

    link: LinkId
    description: Description


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The data channel is open; the fingerprints are those that DTLS itself saw, 32 bytes each."""

    link: LinkId
    own_fingerprint: bytes
    peer_fingerprint: bytes
    remote: str = field(default="", compare=False)
    """At which address the other end is; empty where that is not known, or is a TURN server's."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The engine gave up on the link, at any stage; always the last input about it."""

    link: LinkId
    reason: str


@dataclass(frozen=True, slots=True)
class LinkShaken:
    """The address is gone from which the link was made; it may come back."""

    link: LinkId


@dataclass(frozen=True, slots=True)
class FrameReceived:
    link: LinkId
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FramesDrained:
    """``count`` frames of earlier ``SendFrame`` effects have left the engine's buffer: credit returns."""

    link: LinkId
    count: int


NetworkInput = ServersHinted | NetworkChanged | Urged | LinkShaken
"""What concerns the ways by which links are made."""


LinkInput = OfferMade | AnswerMade | LinkUp | LinkDown | FrameReceived | FramesDrained
"""What concerns one link."""


# --- memory


@dataclass(frozen=True, slots=True)
class CellsFetched:
    """What ``FetchCells`` asked for, as far as it is still there."""

    mesh: MeshId
    numbers: tuple[int, ...]
    """As in the effect."""
    cells: tuple[HeldCell, ...]
    """Whole, ordered by ``number``."""


# --- what the user asks for (names are resolved and checked by the daemon)


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
class ContactLasts:
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
    | ContactLasts
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


NodeInput = (
    Started
    | TimerFired
    | StopAnnounced
    | ShutDown
    | RendezvousUp
    | RendezvousDown
    | ServersHinted
    | SignalReceived
    | NetworkChanged
    | NearbyFound
    | Urged
    | LinkShaken
    | OfferMade
    | AnswerMade
    | LinkUp
    | LinkDown
    | FrameReceived
    | FramesDrained
    | CellsFetched
    | MessageSubmitted
    | ReferenceSubmitted
    | CellSubmitted
    | InviteOpened
    | InviteEntered
    | InviteCancelled
    | ContactRenamed
    | ContactVerified
    | ContactBlocked
    | ContactMuted
    | ContactLasts
    | ContactRenewed
    | ContactRemoved
    | MeshLeft
    | NameChosen
    | RecoveryKeysDrawn
    | RecoveryKeysTold
    | RendezvousAdded
    | RendezvousRemoved
)
"""What concerns the rest of the node."""


Input = NodeInput | ForRooms | ForFiles
