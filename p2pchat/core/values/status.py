"""A node's present state as a value to show.

Knows: what can be asked of a running node. Does not know: how it is displayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from p2pchat.core.values.room_records import RoomRecord, RoomRole
from p2pchat.data import dataclass
from p2pchat.types import ContactId, LinkId, MemberId, MeshId, NodeId


@dataclass(frozen=True, slots=True)
class HoldStatus:
    """The store of a mesh for absent members."""

    cells: int
    bytes: int
    """Of cells, as the budget counts them: 925 each."""
    budget: int
    """Most bytes of them."""
    oldest: float | None
    """When the oldest was first seen, to the minute; Unix seconds."""
    dropped: int
    """Dropped for the budget before the end of their life, since the node started."""


@dataclass(frozen=True, slots=True)
class StemStatus:
    """How well the writer here is hidden."""

    profile: str
    """``fast``, ``balanced`` or ``strong``."""
    hops: int
    """Of the stem in use; 0: none."""
    wanted: int
    """Hops that the profile wants at least."""
    crowd: int
    """Nodes among which we hide, as far as they are known; ourselves included."""
    drawn: int
    """Stems used since the node started, this one included."""
    by_contact: bool
    """Whether its first hop is a contact."""


@dataclass(frozen=True, slots=True)
class LinkStatus:
    link: LinkId
    mesh: MeshId
    peer: NodeId | None
    """The neighbour's id, once its offer or answer was read."""
    state: str
    """``connecting``, ``confirming``, ``up``, or ``quiet`` while an open link is silent for too long."""
    since: float
    """When this state began; Unix seconds."""
    sent: int
    """Frames handed to the engine."""
    received: int
    """Frames that opened."""
    shed: int = 0
    """Frames dropped because the link carried less than there was to send."""
    eager: bool = False
    """Whether cells are pushed over it; otherwise they are announced."""
    allowance: float = 1.0
    """The share of its burst of new cells that is left to the neighbour, 0 to 1."""
    standing: str = ""
    """``sought``, ``met``, ``accepted`` or ``guest`` (docs/protocol/README.md#51-neighbours)."""


@dataclass(frozen=True, slots=True)
class MeshStatus:
    mesh: MeshId
    node: NodeId
    """Our id in this mesh, since the node started."""
    links: int
    """Links over which cells travel."""
    eager: int
    """Those of them that are in the tree."""
    wanted: int
    """Links the node wants."""
    greeter: bool
    """Whether we sit at the rendezvous."""
    held: HoldStatus
    reconciling: bool
    """Whether a neighbour is just giving us what we lack."""
    stem: StemStatus | None = None
    """None: cells are broadcast where they are written, as the simulator may want it."""


@dataclass(frozen=True, slots=True)
class RendezvousStatus:
    url: str
    up: bool | None
    """None: it is being tried for the first time."""
    reason: str
    """Why it is of no use, as one that is up and full; empty when it is of use, or when nothing was tried
    yet."""


DOUBT_S = 600.0
"""A clock that differs by more is named: two that differ by a quarter of an hour may not meet for half an
hour in every six (``meeting.TOPIC_OVERLAP_S``)."""


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """What a rendezvous' clock says of ours. It moves nothing: a server may lie, or be wrong itself."""

    ahead_s: float
    """How far ours is ahead; of several rendezvous that which differs least is told."""
    of: str
    """The URL."""

    @property
    def doubtful(self) -> bool:
        """Whether a person should hear of it."""
        return abs(self.ahead_s) > DOUBT_S


@dataclass(frozen=True, slots=True)
class Status:
    links: tuple[LinkStatus, ...]
    rendezvous: tuple[RendezvousStatus, ...]
    outbox: int
    """Messages accepted and not yet delivered, expired or cancelled."""
    meshes: tuple[MeshStatus, ...] = ()
    clock: ClockStatus | None = None
    """None: no rendezvous has told the time."""
    counters: dict[str, int] = field(default_factory=dict)
    """What was relayed, refused, shed …, since the node started."""
    nearby: tuple[RendezvousStatus, ...] = ()
    """Places that no list has: on this machine's own network, our own among them, and where members
    listen."""


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """A member of a room."""

    id: MemberId
    name: str
    """What the member calls itself; not unique."""
    role: RoomRole
    own: bool
    """It is we."""
    contact: ContactId | None
    """Which contact it is, as far as offers have shown it."""
    brought_by: MemberId | None
    """Who let it in; None: it founded the room."""
    spoke: bool
    """Whether anything came that only it could write."""
    spoke_at: float | None
    """When the last such thing came, since the node started; Unix seconds."""
    reached: int = 0
    """Up to which number it has all of our messages; our own last number, of us (``LinePlace.number``)."""


@dataclass(frozen=True, slots=True)
class RoomStatus:
    """A room in which this home is or was."""

    record: RoomRecord
    own_name: str
    """As its members call it."""
    members: tuple[MemberStatus, ...]
    """Owner, admins, then the others; as it was when we went, if we are out."""
    own: MemberId
    role: RoomRole | None
    """Ours; None: we are out."""
    retention_s: int
    """How long what is said lasts; 0: for ever."""
    waits: bool
    """Nothing is written until the others were heard: this home was put back to a copy."""
    waiting: int
    """Messages accepted and not yet written, or on their way out of the node."""
    words: tuple[str, ...]
    """Twelve, the same for all who know the same of who was let in and put out."""
    former: Mapping[MemberId, str] = field(default_factory=dict)
    """What each member that is out called itself."""
