"""What a node wants done: the outputs of ``core.NodeMachine.handle``, and the events it reports.

Knows: the vocabulary of effects. Does not know: how they are carried out.

Frames, and all else that concerns links, are carried out at once and in order. What people are told, what
goes to a rendezvous and ``WhenKept`` come after every ``Persist`` that was ordered before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import TypeVar

from p2pchat.core.values.changes import Change, PutMessage, PutReference, Settled
from p2pchat.core.values.files import FileEffect, FileMoved
from p2pchat.core.values.inputs import Input
from p2pchat.core.values.introductions import IntroductionTurned
from p2pchat.core.values.records import Contact, Message
from p2pchat.core.values.references import Reference
from p2pchat.core.values.refusals import InviteFailure, Rejected
from p2pchat.core.values.room_events import RoomEvent
from p2pchat.data import dataclass
from p2pchat.types import (
    CellId,
    ContactId,
    ConversationId,
    LinkId,
    MemberId,
    MeshId,
    MessageId,
    MessageState,
    NodeId,
)
from p2pchat.wire.description import Description
from p2pchat.wire.ice import NO_SERVERS, Servers
from p2pchat.wire.invite import InviteCode, InviteLink
from p2pchat.wire.signalling import FromClient

T = TypeVar("T")

# --- the rendezvous connections


@dataclass(frozen=True, slots=True)
class ConnectRendezvous:
    """Open a connection; answered by ``RendezvousUp`` or ``RendezvousDown``."""

    url: str
    typed: bool = False
    """By the person. What others named is connected to at a public address or not at all."""
    nearby: bool = False
    """It was found on this machine's own network, and is connected to there or not at all."""


@dataclass(frozen=True, slots=True)
class CloseRendezvous:
    """Close it; no input follows."""

    url: str


@dataclass(frozen=True, slots=True)
class Signal:
    url: str
    message: FromClient


# --- the WebRTC links


@dataclass(frozen=True, slots=True)
class MakeOffer:
    """Begin a new link; answered by ``OfferMade`` or ``LinkDown``."""

    link: LinkId
    relayed: bool = False
    """Whether a TURN server of a rendezvous is to help."""
    servers: Servers = NO_SERVERS
    """What rendezvous have hinted, to be asked beside the user's own."""


@dataclass(frozen=True, slots=True)
class MakeAnswer:
    """Begin a link for a peer's offer; answered by ``AnswerMade`` or ``LinkDown``, then ``LinkUp``."""

    link: LinkId
    offer: Description
    relayed: bool = False
    servers: Servers = NO_SERVERS
    """As in ``MakeOffer``."""


@dataclass(frozen=True, slots=True)
class AcceptAnswer:
    """Complete the link that ``MakeOffer`` began; answered by ``LinkUp`` or ``LinkDown``."""

    link: LinkId
    answer: Description


@dataclass(frozen=True, slots=True)
class SendFrame:
    """Hand one sealed frame of ``GEOMETRY.frame`` bytes to the engine, in order."""

    link: LinkId
    data: bytes = field(repr=False)


def frames_first(outputs: Iterable[T]) -> list[T]:
    """The frames among them before all else. A frame is sealed under its place on its link, and dealing with
    the other outputs may seal more: those come after what is sealed already, or the other end closes the
    link."""
    waiting = list(outputs)
    frames = [output for output in waiting if isinstance(output, SendFrame)]
    return frames + [output for output in waiting if not isinstance(output, SendFrame)] if frames else waiting


@dataclass(frozen=True, slots=True)
class CloseLink:
    """Close it, after what was handed over has been sent; no input follows, not even ``LinkDown``."""

    link: LinkId


# --- memory


@dataclass(frozen=True, slots=True)
class Persist:
    change: Change


@dataclass(frozen=True, slots=True)
class WhenKept:
    """Tell the node this as soon as all that was ordered to be kept so far is on disk: so begins what rests
    on it, as a cell of our own on the session by which it was sealed."""

    input: Input


@dataclass(frozen=True, slots=True)
class FetchCells:
    """Read held cells from the disk; answered by ``CellsFetched``."""

    mesh: MeshId
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FetchRoomRecords:
    """Read records of a room from the disk, for a member who asked; answered by ``RoomRecordsFetched``."""

    room: ConversationId
    receiver: MemberId
    names: tuple[bytes, ...]


# --- events for people and scripts


@dataclass(frozen=True, slots=True)
class MessageArrived:
    message: Message


@dataclass(frozen=True, slots=True)
class MessageSent:
    """A message of ours was accepted: a view of the history shows it, too."""

    message: Message


@dataclass(frozen=True, slots=True)
class LineReferred:
    """Something that refers to a line was said, here or by the contact: people are told if it counts."""

    reference: Reference
    line: Message | None = None
    """As it is then; the core does not know it, the store does (``news``)."""


@dataclass(frozen=True, slots=True)
class MessageMoved:
    """What we said, or said of a line, reached a new state."""

    id: MessageId
    conversation: ConversationId
    state: MessageState
    at: float


@dataclass(frozen=True, slots=True)
class ContactChanged:
    contact: Contact
    change: str
    """``added``, ``renamed``, ``verified``, ``unverified``, ``blocked``, ``unblocked``, ``muted``,
    ``unmuted``, ``disappearing``, ``over quota`` or ``removed``."""
    by_them: bool = False
    """Whether the contact decided it, and not the person here."""


@dataclass(frozen=True, slots=True)
class SessionTurned:
    """Something happened to a session that both people must know."""

    contact: ContactId
    turn: str
    """As in ``core.session.turns.Turn``."""
    waiting: int
    """Messages that wait until the person says that they may go to a home that was restored."""


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    contact: ContactId
    here: bool


@dataclass(frozen=True, slots=True)
class LinksChanged:
    links: int
    change: str
    """``up`` or ``down``."""


@dataclass(frozen=True, slots=True)
class MeshChanged:
    """A mesh was ``joined``, or ``left``, or is where another was ``renewed``."""

    mesh: MeshId
    change: str


@dataclass(frozen=True, slots=True)
class InviteReady:
    """Our invite can be given away now."""

    invite: int
    code: InviteCode | InviteLink


@dataclass(frozen=True, slots=True)
class InviteDisturbed:
    """A stranger without the words sat at our invite; ``strangers`` have by now."""

    invite: int
    strangers: int


@dataclass(frozen=True, slots=True)
class InviteCompleted:
    """Paired. ``contact`` is stored."""

    invite: int
    contact: Contact
    left_out: tuple[str, ...] = ()
    """Where they say that their mesh is met, too; the person has not agreed to connect there."""


@dataclass(frozen=True, slots=True)
class InviteFailed:
    """Over without a contact."""

    invite: int
    failure: InviteFailure


@dataclass(frozen=True, slots=True)
class CellSeen:
    """A cell was seen for the first time (for ``node.trace``): its id, and where it came from and went."""

    cell: CellId
    source: NodeId | None
    """The neighbour, or None for a cell of our own."""
    forwarded: int
    """To how many neighbours it was handed on."""
    at: float


@dataclass(frozen=True, slots=True)
class OnionSeen:
    """An onion passed on the stem (for ``node.trace``): what came, and what it was sent on as. Only a
    client that asks every node can put these together; no node could."""

    onion: bytes
    """The id of the onion that came, or of the cell that we wrote."""
    became: bytes
    """The id of the onion that left, or of the cell that entered the broadcast."""
    source: NodeId | None
    """The neighbour, or None for a cell of our own."""
    at: float


Event = (
    MessageArrived
    | MessageSent
    | LineReferred
    | MessageMoved
    | ContactChanged
    | SessionTurned
    | PresenceChanged
    | LinksChanged
    | MeshChanged
    | InviteReady
    | InviteDisturbed
    | InviteCompleted
    | InviteFailed
    | CellSeen
    | OnionSeen
    | RoomEvent
    | IntroductionTurned
    | FileMoved
)


@dataclass(frozen=True, slots=True)
class Notify:
    event: Event


Effect = (
    ConnectRendezvous
    | CloseRendezvous
    | Signal
    | MakeOffer
    | MakeAnswer
    | AcceptAnswer
    | SendFrame
    | CloseLink
    | Persist
    | WhenKept
    | FetchCells
    | FetchRoomRecords
    | FileEffect
    | Notify
    | Rejected
)


def news(batch: list[Effect], settled: Sequence[Settled]) -> list[Effect]:
    """The batch with lines announced as they are now, and without the announcements of what is not new."""
    if not settled and not any(_refers(effect) for effect in batch):
        return batch
    fates = {id(_subject(value.change)): value.line for value in settled}
    told = (_news_of(effect, fates) for effect in batch)
    return [effect for effect in told if effect is not None]


def _subject(change: PutMessage | PutReference) -> Message | Reference:
    return change.message if isinstance(change, PutMessage) else change.reference


def _refers(effect: Effect) -> bool:
    return isinstance(effect, Notify) and isinstance(effect.event, LineReferred)


def _news_of(effect: Effect, fates: Mapping[int, Message | None]) -> Effect | None:
    if not isinstance(effect, Notify):
        return effect
    match effect.event:
        case MessageArrived(line) | MessageSent(line) if id(line) in fates:
            now = fates[id(line)]
            if now is None:
                return effect if isinstance(effect.event, MessageSent) else None
            return Notify(replace(effect.event, message=now))
        case LineReferred(reference):
            now = fates.get(id(reference))
            return Notify(LineReferred(reference, now)) if now is not None else None
        case _:
            return effect
