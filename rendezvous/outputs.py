"""What a broker wants done, and what it can be asked.

Knows: the words. Does not know: how they are carried out.

What is made for each blob is not frozen: that would take three times as long to make.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import FromServer, Leave, Pass, SeatMode
from rendezvous.bus_messages import TopicKind
from rendezvous.topics import Connection


@dataclass(slots=True)
class Deliver:
    """Send a message to a client."""

    to: Connection
    message: FromServer


@dataclass(slots=True)
class DeliverBytes:
    """The same, of a message that came in its bytes."""

    to: Connection
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Close:
    """Disconnect a client that the broker has already forgotten. ``reason`` is fit for a WebSocket close
    frame."""

    connection: Connection
    reason: str


@dataclass(frozen=True, slots=True)
class Inquire:
    """A client asks for a seat: what do other servers have at the topic? Answered by ``Broker.answered``."""

    connection: Connection
    topic: Topic
    mode: SeatMode


@dataclass(frozen=True, slots=True)
class Forward:
    """A client is to be a guest of that server's host, or says something as one."""

    connection: Connection
    topic: Topic
    host: bytes | None = None
    culprit: str | None = None
    message: Leave | Pass | None = None


@dataclass(slots=True)
class CarryBlob:
    """Carry a Blob, in its bytes, to a seat of another server."""

    target: Seat
    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TellSeat:
    """Tell other servers that a seat of a mesh, or of the host of an invite, is taken here, or free again."""

    topic: Topic
    seat: Seat
    kind: TopicKind


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What other servers have at a topic."""

    host: bytes | None = None
    """Where the host of an invite is."""
    mesh: bool = False


Output = Deliver | DeliverBytes | Close | Inquire | Forward | CarryBlob | TellSeat


@dataclass(frozen=True, slots=True)
class Census:
    """How many of each there are now."""

    connections: int
    seats: int
    topics: int
    groups: int
