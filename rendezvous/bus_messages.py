"""The messages between the servers of one cluster.

Knows: their fields and their bytes. Does not know: their recipients.

One type byte, then fields in the order of the dataclass; a server has 4 bytes, a number 8, a count 4::

    Hello         1  server, count, sum 8                         17 bytes
    ServerLeaves  2  server                                        5
    TopicQuery    3  server, number, topic 32, mode 1             46
    TopicFound    4  server, number, kind 1                       14
    Carry         5  server, seat 8, a server's Blob            2102
    Lost          6  server, topic 32, seat 8, seat 8             53
    GuestRequest  7  server, number, topic 32, culprit 16         61
    FromGuest     8  server, number, a client's message           13 + message
    ToGuest       9  server, number, a server's message           13 + message
    SeatTaken    10  server, topic 32, seat 8, kind 1             46
    SeatsFollow  11  server                                        5
    SeatsUnknown 12  server                                        5
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from p2pchat.errors import Malformed
from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    MESSAGE_MAX,
    SEAT_BYTES,
    TOPIC_BYTES,
    FromClient,
    FromServer,
    SeatMode,
    decode_client,
    decode_server,
    encode_client,
    encode_server,
)

Server = bytes
"""Which server of the cluster: random, drawn when it starts; its seats begin with it."""

SERVER_BYTES: Final = 4
CULPRIT_BYTES: Final = 16


class TopicKind(IntEnum):
    """What a server has at a topic."""

    NOTHING = 0
    MESH = 1
    INVITE = 2
    """A host sits there, or is about to."""


@dataclass(frozen=True, slots=True)
class Hello:
    """I live, and have so many seats of meshes and hosts of invites; ``sum``: all their seats, added bit by
    bit."""

    server: Server
    count: int = 0
    sum: int = 0


@dataclass(frozen=True, slots=True)
class ServerLeaves:
    """I end; my seats are gone."""

    server: Server


@dataclass(frozen=True, slots=True)
class TopicQuery:
    """What do you have at this topic? A client of mine asks for a seat there, in this mode."""

    server: Server
    number: int
    topic: Topic
    mode: SeatMode


@dataclass(frozen=True, slots=True)
class TopicFound:
    """The answer to a TopicQuery."""

    server: Server
    number: int
    kind: TopicKind


@dataclass(frozen=True, slots=True)
class Carry:
    """A blob from a seat of mine to one of yours, in the bytes in which its client is to hear it."""

    server: Server
    target: Seat
    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lost:
    """A blob that you carried from ``source`` found no client at ``target``."""

    server: Server
    topic: Topic
    source: Seat
    target: Seat


@dataclass(frozen=True, slots=True)
class GuestRequest:
    """A client of mine, known to you by this number, asks to be the guest of a host of yours. ``culprit``
    stands for the culprit behind it, at this topic alone; zeros: none."""

    server: Server
    number: int
    topic: Topic
    culprit: bytes


@dataclass(frozen=True, slots=True)
class FromGuest:
    """What that client says to the host."""

    server: Server
    number: int
    message: FromClient


@dataclass(frozen=True, slots=True)
class ToGuest:
    """What that client is told."""

    server: Server
    number: int
    message: FromServer


@dataclass(frozen=True, slots=True)
class SeatTaken:
    """I have this now: the seat of a mesh, or the host of an invite. With ``NOTHING`` I no longer have it."""

    server: Server
    topic: Topic
    seat: Seat
    kind: TopicKind


@dataclass(frozen=True, slots=True)
class SeatsFollow:
    """Forget what I had: it follows as a whole."""

    server: Server


@dataclass(frozen=True, slots=True)
class SeatsUnknown:
    """What I know of yours does not add up: say it as a whole."""

    server: Server


Message = (
    Hello
    | ServerLeaves
    | TopicQuery
    | TopicFound
    | Carry
    | Lost
    | GuestRequest
    | FromGuest
    | ToGuest
    | SeatTaken
    | SeatsFollow
    | SeatsUnknown
)

_HELLO = struct.Struct(">B4sIQ")
_ALONE = struct.Struct(">B4s")
_ASK = struct.Struct(f">B4sQ{TOPIC_BYTES}sB")
_FOUND = struct.Struct(">B4sQB")
_CARRY = struct.Struct(f">B4s{SEAT_BYTES}s{MESSAGE_MAX}s")
_CARRY_TYPE: Final = b"\x05"
_SERVER_AT: Final = slice(1, 1 + SERVER_BYTES)
_TARGET_AT: Final = slice(_SERVER_AT.stop, _SERVER_AT.stop + SEAT_BYTES)
_CARRIED_AT: Final = slice(_TARGET_AT.stop, None)
_LOST = struct.Struct(f">B4s{TOPIC_BYTES}s{SEAT_BYTES}s{SEAT_BYTES}s")
_GUEST = struct.Struct(f">B4sQ{TOPIC_BYTES}s{CULPRIT_BYTES}s")
_TAKEN = struct.Struct(f">B4s{TOPIC_BYTES}s{SEAT_BYTES}sB")
_NUMBERED = struct.Struct(">B4sQ")


def encode(message: Message) -> bytes:
    """Return the bytes of a message."""
    match message:
        case Carry(server, target, blob):
            return encode_carry(server, target, blob)
        case Hello(server, count, seats):
            return _HELLO.pack(1, server, count, seats)
        case ServerLeaves(server):
            return _ALONE.pack(2, server)
        case TopicQuery(server, number, topic, mode):
            return _ASK.pack(3, server, number, topic, mode)
        case TopicFound(server, number, kind):
            return _FOUND.pack(4, server, number, kind)
        case Lost(server, topic, source, target):
            return _LOST.pack(6, server, topic, source, target)
        case GuestRequest(server, number, topic, culprit):
            return _GUEST.pack(7, server, number, topic, culprit)
        case FromGuest(server, number, said):
            return _NUMBERED.pack(8, server, number) + encode_client(said)
        case ToGuest(server, number, told):
            return _NUMBERED.pack(9, server, number) + encode_server(told)
        case SeatTaken(server, topic, seat, kind):
            return _TAKEN.pack(10, server, topic, seat, kind)
        case SeatsFollow(server):
            return _ALONE.pack(11, server)
        case SeatsUnknown(server):
            return _ALONE.pack(12, server)


def encode_carry(server: Server, target: Seat, blob: bytes) -> bytes:
    """Return the bytes of a Carry, by far the most that is said."""
    return b"".join((_CARRY_TYPE, server, target, blob))


def cut_carry(data: bytes) -> tuple[Seat, bytes] | None:
    """Return the target and the blob of a Carry; None: it is something else."""
    if len(data) != _CARRY.size or data[:1] != _CARRY_TYPE:
        return None
    return Seat(data[_TARGET_AT]), data[_CARRIED_AT]


def decode(data: bytes) -> Message:
    """Parse a message. Raises Malformed."""
    try:
        return _decode(data)
    except (struct.error, ValueError) as error:
        raise Malformed(f"not a message of a server: {error}") from None


def _decode(data: bytes) -> Message:
    match data[0] if data else None:
        case 1:
            return Hello(*_HELLO.unpack(data)[1:])
        case 2:
            return ServerLeaves(*_ALONE.unpack(data)[1:])
        case 3:
            _, server, number, topic, mode = _ASK.unpack(data)
            return TopicQuery(server, number, topic, SeatMode(mode))
        case 4:
            _, server, number, found = _FOUND.unpack(data)
            return TopicFound(server, number, TopicKind(found))
        case 5:
            return Carry(*_CARRY.unpack(data)[1:])
        case 6:
            return Lost(*_LOST.unpack(data)[1:])
        case 7:
            return GuestRequest(*_GUEST.unpack(data)[1:])
        case 8:
            _, server, number = _NUMBERED.unpack_from(data)
            return FromGuest(server, number, decode_client(data[_NUMBERED.size :]))
        case 9:
            _, server, number = _NUMBERED.unpack_from(data)
            return ToGuest(server, number, decode_server(data[_NUMBERED.size :]))
        case 10:
            _, server, topic, seat, has = _TAKEN.unpack(data)
            return SeatTaken(server, topic, seat, TopicKind(has))
        case 11:
            return SeatsFollow(*_ALONE.unpack(data)[1:])
        case 12:
            return SeatsUnknown(*_ALONE.unpack(data)[1:])
        case _:
            raise Malformed("not a message of a server")
