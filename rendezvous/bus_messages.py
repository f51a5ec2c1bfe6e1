"""The messages between the servers of one cluster.

Knows: their fields and their bytes. Does not know: who is to hear them.

One type byte, then fields in the order of the dataclass; a server has 4 bytes, a number 8, a count 4::

    Hello  1  server                                        5 bytes
    Bye    2  server                                        5
    Ask    3  server, number, topic 32, mode 1             46
    Found  4  server, number, kind 1, count, up to 6 × seat 18 to 66
    Carry  5  server, topic 32, seat 8, seat 8, blob 2048 2101
    Lost   6  server, topic 32, seat 8, seat 8             53
    Guest  7  server, number, topic 32, culprit 16         61
    Said   8  server, number, a client's message           13 + message
    Told   9  server, number, a server's message           13 + message
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from p2pchat.errors import Malformed
from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    MESSAGE_MAX,
    OTHERS_MAX,
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
    """I live."""

    server: Server


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
    """The answer to an Ask: how many seats of a mesh, and up to six of them, drawn by chance."""

    server: Server
    number: int
    kind: TopicKind
    count: int
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Carry:
    """A blob from a seat of mine to one of yours."""

    server: Server
    topic: Topic
    source: Seat
    target: Seat
    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lost:
    """A blob that you carried from ``source`` found nobody at ``target``."""

    server: Server
    topic: Topic
    source: Seat
    target: Seat


@dataclass(frozen=True, slots=True)
class GuestRequest:
    """A client of mine, known to you by this number, asks to be the guest of a host of yours. ``culprit``
    stands for whoever is to blame for it, at this topic alone; zeros: nobody."""

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


Message = Hello | ServerLeaves | TopicQuery | TopicFound | Carry | Lost | GuestRequest | FromGuest | ToGuest

_ALONE = struct.Struct(">B4s")
_ASK = struct.Struct(f">B4sQ{TOPIC_BYTES}sB")
_FOUND = struct.Struct(">B4sQBI")
_CARRY = struct.Struct(f">B4s{TOPIC_BYTES}s{SEAT_BYTES}s{SEAT_BYTES}s{BLOB_BYTES}s")
_LOST = struct.Struct(f">B4s{TOPIC_BYTES}s{SEAT_BYTES}s{SEAT_BYTES}s")
_GUEST = struct.Struct(f">B4sQ{TOPIC_BYTES}s{CULPRIT_BYTES}s")
_NUMBERED = struct.Struct(">B4sQ")
MESSAGE_BYTES_MAX: Final = max(_CARRY.size, _NUMBERED.size + MESSAGE_MAX)


def encode(message: Message) -> bytes:
    """Return the bytes of a message."""
    match message:
        case Hello(server):
            return _ALONE.pack(1, server)
        case ServerLeaves(server):
            return _ALONE.pack(2, server)
        case TopicQuery(server, number, topic, mode):
            return _ASK.pack(3, server, number, topic, mode)
        case TopicFound(server, number, kind, count, seats):
            return _FOUND.pack(4, server, number, kind, count) + b"".join(seats)
        case Carry(server, topic, source, target, blob):
            return _CARRY.pack(5, server, topic, source, target, blob)
        case Lost(server, topic, source, target):
            return _LOST.pack(6, server, topic, source, target)
        case GuestRequest(server, number, topic, culprit):
            return _GUEST.pack(7, server, number, topic, culprit)
        case FromGuest(server, number, said):
            return _NUMBERED.pack(8, server, number) + encode_client(said)
        case ToGuest(server, number, told):
            return _NUMBERED.pack(9, server, number) + encode_server(told)


def decode(data: bytes) -> Message:
    """Parse a message. Raises Malformed."""
    try:
        return _decode(data)
    except (struct.error, ValueError) as error:
        raise Malformed(f"not a message of a server: {error}") from None


def _decode(data: bytes) -> Message:
    match data[0] if data else None:
        case 1:
            return Hello(*_ALONE.unpack(data)[1:])
        case 2:
            return ServerLeaves(*_ALONE.unpack(data)[1:])
        case 3:
            _, server, number, topic, mode = _ASK.unpack(data)
            return TopicQuery(server, number, topic, SeatMode(mode))
        case 4:
            _, server, number, kind, count = _FOUND.unpack_from(data)
            return TopicFound(server, number, TopicKind(kind), count, _seats(data[_FOUND.size :], count))
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
        case _:
            raise Malformed("not a message of a server")


def _seats(data: bytes, count: int) -> tuple[Seat, ...]:
    seats = tuple(Seat(data[at : at + SEAT_BYTES]) for at in range(0, len(data), SEAT_BYTES))
    if len(data) % SEAT_BYTES or len(seats) != min(count, OTHERS_MAX) or len(set(seats)) != len(seats):
        raise Malformed("the seats do not match their count")
    return seats
