"""What can happen to a node: the inputs of ``core.NodeMachine.handle``.

Knows: the vocabulary of inputs; what people ask for is in ``user_inputs``, ``room_inputs`` and ``files``.
Does not know: what follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from p2pchat.core.values.files import ForFiles
from p2pchat.core.values.introductions import ForIntroductions
from p2pchat.core.values.records import HeldCell
from p2pchat.core.values.room_inputs import ForRooms
from p2pchat.core.values.user_inputs import (
    CellSubmitted,
    ContactBlocked,
    ContactMuted,
    ContactRemoved,
    ContactRenamed,
    ContactRenewed,
    ContactRetentionChosen,
    ContactVerified,
    InviteCancelled,
    InviteEntered,
    InviteOpened,
    MeshLeft,
    MessageSubmitted,
    NameChosen,
    RecoveryKeysDrawn,
    RecoveryKeysTold,
    ReferenceSubmitted,
    RendezvousAdded,
    RendezvousRemoved,
)
from p2pchat.data import dataclass
from p2pchat.types import LinkId, MeshId, Topic
from p2pchat.wire.description import Description
from p2pchat.wire.ice import Servers
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
    | ContactRetentionChosen
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


Input = NodeInput | ForRooms | ForIntroductions | ForFiles
