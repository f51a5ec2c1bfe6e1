"""What neighbours say to each other about their link, inside control frames.

Knows: the messages. Does not know: when they are sent or what follows.

All are msgpack maps with a type under ``t``. 1 to 15 are the link's own; the mesh's are in modules of their
own, each with a range of types. A type we do not know is a value too: later versions may be our neighbours.
"""

from __future__ import annotations

from typing import Final, assert_never

from p2pchat.data import dataclass
from p2pchat.wire import gossip, marks, reconcile, topology, walk
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.geometry import GEOMETRY

PORT_MIN: Final = 1024
PORT_MAX: Final = 65535

_TYPE_MAX: Final = 2**16 - 1
_U64: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Still here."""

    received: int
    """Frames received on this link so far; 64 bits."""


@dataclass(frozen=True, slots=True)
class Bye:
    """Leaving on purpose: do not wait for silence."""


@dataclass(frozen=True, slots=True)
class ListensAt:
    """A rendezvous for this mesh is to be found at that TCP port of the address that the link has."""

    port: int
    """1024 to 65535."""


@dataclass(frozen=True, slots=True)
class Credit:
    """Cells and onions may be sent on this link until they are so many."""

    granted: int
    """Counted since the link came up; 64 bits. A link comes up with 64, unsaid."""


@dataclass(frozen=True, slots=True)
class UnknownControl:
    """Something a later version says."""

    type: int


Control = (
    Heartbeat
    | Bye
    | ListensAt
    | Credit
    | gossip.Gossip
    | walk.Walking
    | reconcile.Reconciling
    | topology.TopologyMessage
    | marks.Marks
    | UnknownControl
)


def encode(message: Control) -> bytes:
    """Return the body of a control frame."""
    match message:
        case Heartbeat(received=received):
            return pack({"t": 1, "received": received})
        case Bye():
            return pack({"t": 2})
        case ListensAt(port=port):
            return pack({"t": 3, "port": port})
        case Credit(granted=granted):
            return pack({"t": 4, "granted": granted})
        case gossip.Ihave() | gossip.Graft() | gossip.Prune():
            return pack(gossip.fields(message))
        case walk.Walk() | walk.Ticket() | walk.Piece():
            return pack(walk.fields(message))
        case (
            reconcile.SketchRequest()
            | reconcile.InSync()
            | reconcile.Summary()
            | reconcile.KeyList()
            | reconcile.CellRequest()
            | reconcile.CellDelivery()
            | reconcile.RoleSwap()
        ):
            return pack(reconcile.fields(message))
        case topology.OwnDescriptor() | topology.Descriptors() | topology.DescriptorRequest():
            return pack(topology.fields(message))
        case marks.Marks():
            return pack(marks.fields(message))
        case UnknownControl(type=unknown):
            return pack({"t": unknown})
    assert_never(message)


def decode(body: bytes) -> Control:
    """Undo ``encode``. Raises Malformed."""
    reader = Reader(unpack(body, GEOMETRY.body))
    match reader.get_integer("t", 0, _TYPE_MAX):
        case 1:
            return Heartbeat(reader.get_integer("received", 0, _U64))
        case 2:
            return Bye()
        case 3:
            return ListensAt(reader.get_integer("port", PORT_MIN, PORT_MAX))
        case 4:
            return Credit(reader.get_integer("granted", 0, _U64))
        case kind if kind in gossip.TYPES:
            return gossip.read(kind, reader)
        case kind if kind in walk.TYPES:
            return walk.read(kind, reader)
        case kind if kind in reconcile.TYPES:
            return reconcile.read(kind, reader)
        case kind if kind in topology.TYPES:
            return topology.read(kind, reader)
        case kind if kind in marks.TYPES:
            return marks.read(kind, reader)
        case unknown:
            return UnknownControl(unknown)
