"""The messages between a client and a rendezvous, one WebSocket binary message each.

Knows: their fields, fixed sizes and bytes. Does not know: which nodes may meet, or what blobs hold.

One type byte, then fixed-size fields in the order of the dataclass; integers are one byte. Client types count
from 1, server types from 129, so a message that runs the wrong way is Malformed::

    Take      1  topic 32, mode 1                        34 bytes
    Leave     2  topic 32                                33
    Pass      3  topic 32, seat 8, blob 2048           2089
    Welcome 129  version 1                                2
    Seated  130  topic 32, seat 8, count 1, 6 × seat     90   (unused places are zero)
    Refused 131  topic 32, reason 1                      34
    Blob    132  topic 32, seat 8, blob 2048           2089
    Gone    133  topic 32, seat 8                        41
    Hints   134  STUN ports 2 × 2, TURN ports 2 × 2, TURN over TLS 2, expires 8, name 8, password 20   47
    Draining 135                                          1

A port has two bytes and is zero where there is none; without a TURN port the login is zero, too.
"""

from __future__ import annotations

import struct
from dataclasses import field
from enum import IntEnum
from typing import Any, Final, TypeVar, assert_never

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import Seat, Topic
from p2pchat.wire.geometry import GEOMETRY

TOPIC_BYTES: Final = 32
SEAT_BYTES: Final = 8
BLOB_BYTES: Final = GEOMETRY.blob
STUN_PORTS: Final = 2
TURN_PORTS: Final = 2
TURNS_PORTS: Final = 1
"""Ports that a Hints has room for."""
LOGIN_NAME_BYTES: Final = 8
LOGIN_PASSWORD_BYTES: Final = 20
OTHERS_MAX: Final = 6
"""A newcomer links with two; the others may have gone, be full or be out of its reach."""


class SeatMode(IntEnum):
    """What kind of topic a seat is taken at, and in which role."""

    MESH = 0
    """Many seats; each learns a few random others."""
    HOST = 1
    """Opens an invite topic. Refused TAKEN if the topic exists."""
    GUEST = 2
    """Joins an invite topic as its guest: one at a time, and no further guest after the host has answered
    one. Refused ABSENT or FULL."""


class Refusal(IntEnum):
    """Why a Take or a Pass was not carried out."""

    TAKEN = 0
    """The topic exists already, in a way that leaves no such seat."""
    ABSENT = 1
    """No host is there: never was, or the topic is over."""
    FULL = 2
    """A guest is there already."""
    BUSY = 3
    """A limit of the server; worth another try later."""
    MALFORMED = 4
    """This connection holds the topic in another mode."""


# --- client to server


@dataclass(frozen=True, slots=True)
class Take:
    """Take a seat; answered by Seated or Refused. At a mesh topic already held: the same seat, other
    others."""

    topic: Topic
    mode: SeatMode


@dataclass(frozen=True, slots=True)
class Leave:
    """Give the seat up. Never answered."""

    topic: Topic


@dataclass(frozen=True, slots=True)
class Pass:
    """Hand a sealed blob to another seat at a topic where we hold one. Answered only if that fails: Gone or
    Refused."""

    topic: Topic
    seat: Seat
    blob: bytes = field(repr=False)


FromClient = Take | Leave | Pass


# --- server to client


@dataclass(frozen=True, slots=True)
class Welcome:
    """The first message of a connection: ``wire.version``, 0..255. A client of another hangs up."""

    version: int


@dataclass(frozen=True, slots=True)
class Seated:
    """``seat`` is ours; ``others`` are up to six distinct others, never ours. A host is not shown its
    guest."""

    topic: Topic
    seat: Seat
    others: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class SeatRefused:
    """A Take (or, with BUSY, a Pass) at ``topic`` was not carried out."""

    topic: Topic
    reason: Refusal


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob that the seat ``seat`` passed to us."""

    topic: Topic
    seat: Seat
    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Gone:
    """The seat that a Pass named, or the other seat of an invite, is no longer taken.

    A host that had not answered its guest keeps its own, for the next guest; any other receiver at an
    invite has lost its own seat, too.
    """

    topic: Topic
    seat: Seat


@dataclass(frozen=True, slots=True)
class Draining:
    """The server is about to end. Seats are to be taken elsewhere, or here again in a while; it hangs up."""


@dataclass(frozen=True, slots=True)
class Login:
    """Lets a client use the TURN server for a while: coturn's "TURN REST API" (``use-auth-secret``). The user
    is ``expires``, a colon and ``name`` in hexadecimal digits; the password is base64 of ``password``."""

    expires: int
    """Unix seconds, by the server's clock."""
    name: bytes
    """Random, 8 bytes."""
    password: bytes = field(repr=False)
    """HMAC-SHA1 of the user under the secret that the rendezvous shares with the TURN server, 20 bytes."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What helps to make links, on the host that the client has reached the server at: after the Welcome, and
    again before the login expires. Ports are 1..65535."""

    stun: tuple[int, ...] = ()
    """Where STUN binding requests are answered over UDP; two show a client what kind of NAT it is behind."""
    turn: tuple[int, ...] = ()
    """Where a TURN server listens for UDP and TCP alike."""
    turns: tuple[int, ...] = ()
    """Where it listens for TLS over TCP."""
    login: Login | None = None
    """Present if there is a TURN port."""


FromServer = Welcome | Seated | SeatRefused | Blob | Gone | Hints | Draining


# --- bytes


class _Type(IntEnum):
    """The first byte of a message."""

    TAKE = 1
    LEAVE = 2
    PASS = 3
    WELCOME = 129
    SEATED = 130
    REFUSED = 131
    BLOB = 132
    GONE = 133
    DRAINING = 135
    HINTS = 134


_ALONE = struct.Struct(">B")
_BYTE = struct.Struct(">BB")
_TOPIC = struct.Struct(f">B{TOPIC_BYTES}s")
_TOPIC_BYTE = struct.Struct(f">B{TOPIC_BYTES}sB")
_TOPIC_SEAT = struct.Struct(f">B{TOPIC_BYTES}s{SEAT_BYTES}s")
_TOPIC_SEAT_BLOB = struct.Struct(f">B{TOPIC_BYTES}s{SEAT_BYTES}s{BLOB_BYTES}s")
_HINTS = struct.Struct(f">B5HQ{LOGIN_NAME_BYTES}s{LOGIN_PASSWORD_BYTES}s")
_TOPIC_SEATS = struct.Struct(f">B{TOPIC_BYTES}s{SEAT_BYTES}sB{OTHERS_MAX * SEAT_BYTES}s")

MESSAGE_MAX: Final = _TOPIC_SEAT_BLOB.size
"""The longest message either way, in bytes."""

_PASS: Final = bytes([_Type.PASS])
_BLOB: Final = bytes([_Type.BLOB])
_TOPIC_AT: Final = slice(1, 1 + TOPIC_BYTES)
_SEAT_AT: Final = slice(_TOPIC_AT.stop, _TOPIC_AT.stop + SEAT_BYTES)
_BLOB_AT: Final = slice(_SEAT_AT.stop, MESSAGE_MAX)

_Member = TypeVar("_Member", bound=IntEnum)


def encode_client(message: FromClient) -> bytes:
    """Return the bytes of a client's message. Raises ValueError on a field of a wrong size."""
    match message:
        case Take(topic, mode):
            return _pack(_TOPIC_BYTE, _Type.TAKE, topic, mode)
        case Leave(topic):
            return _pack(_TOPIC, _Type.LEAVE, topic)
        case Pass(topic, seat, blob):
            return _with_blob(_PASS, topic, seat, blob)
        case _:
            assert_never(message)


def decode_client(data: bytes) -> FromClient:
    """Parse a client's message. Raises Malformed."""
    if len(data) == MESSAGE_MAX and data[0] == _Type.PASS:  # what a server hears most
        return Pass(Topic(data[_TOPIC_AT]), Seat(data[_SEAT_AT]), data[_BLOB_AT])
    match data[0] if data else None:
        case _Type.TAKE:
            topic, mode = _unpack(_TOPIC_BYTE, data)
            return Take(topic, _member(SeatMode, mode))
        case _Type.LEAVE:
            (topic,) = _unpack(_TOPIC, data)
            return Leave(topic)
        case _Type.PASS:
            return Pass(*_unpack(_TOPIC_SEAT_BLOB, data))
        case _:
            raise Malformed("not a message of a rendezvous client")


def encode_server(message: FromServer) -> bytes:
    """Return the bytes of a server's message. Raises ValueError on a field of a wrong size."""
    if isinstance(message, Blob):  # what a server says most
        return encode_blob(message.topic, message.seat, message.blob)
    match message:
        case Welcome(version):
            return _pack(_BYTE, _Type.WELCOME, version)
        case Seated(topic, seat, others):
            return _pack(_TOPIC_SEATS, _Type.SEATED, topic, seat, len(others), _join(others))
        case SeatRefused(topic, reason):
            return _pack(_TOPIC_BYTE, _Type.REFUSED, topic, reason)
        case Gone(topic, seat):
            return _pack(_TOPIC_SEAT, _Type.GONE, topic, seat)
        case Draining():
            return _pack(_ALONE, _Type.DRAINING)
        case Hints():
            return _encode_hints(message)
        case _:
            assert_never(message)


def decode_server(data: bytes) -> FromServer:
    """Parse a server's message. Raises Malformed."""
    match data[0] if data else None:
        case _Type.WELCOME:
            return Welcome(*_unpack(_BYTE, data))
        case _Type.SEATED:
            topic, seat, count, places = _unpack(_TOPIC_SEATS, data)
            return Seated(topic, seat, _others(seat, count, places))
        case _Type.REFUSED:
            topic, reason = _unpack(_TOPIC_BYTE, data)
            return SeatRefused(topic, _member(Refusal, reason))
        case _Type.BLOB:
            return Blob(*_unpack(_TOPIC_SEAT_BLOB, data))
        case _Type.GONE:
            return Gone(*_unpack(_TOPIC_SEAT, data))
        case _Type.DRAINING:
            return Draining(*_unpack(_ALONE, data))
        case _Type.HINTS:
            return _decode_hints(*_unpack(_HINTS, data))
        case _:
            raise Malformed("not a message of a rendezvous server")


def encode_blob(topic: Topic, seat: Seat, blob: bytes) -> bytes:
    """Return the bytes of a Blob. Raises ValueError on a field of a wrong size."""
    return _with_blob(_BLOB, topic, seat, blob)


def look_at_blob(data: bytes) -> tuple[Topic, Seat]:
    """Return where a Blob that is handed on in its bytes comes from. Raises Malformed."""
    if len(data) != MESSAGE_MAX or data[0] != _Type.BLOB:
        raise Malformed("not a Blob")
    return Topic(data[_TOPIC_AT]), Seat(data[_SEAT_AT])


def _encode_hints(hints: Hints) -> bytes:
    if (hints.login is not None) != bool(hints.turn or hints.turns):
        raise ValueError("a login goes with TURN ports, and they with a login")
    login = hints.login or _NO_LOGIN
    ports = (
        *_padded(hints.stun, STUN_PORTS),
        *_padded(hints.turn, TURN_PORTS),
        *_padded(hints.turns, TURNS_PORTS),
    )
    return _pack(_HINTS, _Type.HINTS, *ports, login.expires, login.name, login.password)


def _decode_hints(*fields: Any) -> Hints:
    *ports, expires, name, password = fields
    stun, turn = _ports(ports[:STUN_PORTS]), _ports(ports[STUN_PORTS : STUN_PORTS + TURN_PORTS])
    turns = _ports(ports[STUN_PORTS + TURN_PORTS :])
    login = Login(expires, name, password)
    if turn or turns:
        return Hints(stun, turn, turns, login)
    if login != _NO_LOGIN:
        raise Malformed("a login without a TURN port")
    return Hints(stun)


def _padded(ports: tuple[int, ...], places: int) -> tuple[int, ...]:
    if len(ports) > places or len(set(ports)) != len(ports) or not all(0 < port < 1 << 16 for port in ports):
        raise ValueError("too many ports, or one that is none")
    return ports + (0,) * (places - len(ports))


def _ports(places: list[int]) -> tuple[int, ...]:
    ports = tuple(port for port in places if port)
    if places[: len(ports)] != list(ports) or len(set(ports)) != len(ports):
        raise Malformed("ports with a gap between, or named twice")
    return ports


_NO_LOGIN: Final = Login(0, bytes(LOGIN_NAME_BYTES), bytes(LOGIN_PASSWORD_BYTES))


def _with_blob(kind: bytes, topic: bytes, seat: bytes, blob: bytes) -> bytes:
    """A fifth of the time that ``struct`` and a look at what it has made take."""
    if len(topic) != TOPIC_BYTES or len(seat) != SEAT_BYTES or len(blob) != BLOB_BYTES:
        raise ValueError("a field is not of its one size")
    return b"".join((kind, topic, seat, blob))


def _pack(layout: struct.Struct, *fields: bytes | int) -> bytes:
    try:
        packed = layout.pack(*fields)
    except struct.error as error:
        raise ValueError(f"a field does not fit its place: {error}") from None
    if layout.unpack(packed) != fields:  # struct pads and cuts byte strings without a word
        raise ValueError("a field is not of its one size")
    return packed


def _unpack(layout: struct.Struct, data: bytes) -> tuple[Any, ...]:
    if len(data) != layout.size:
        raise Malformed(f"a rendezvous message of {len(data)} bytes, not {layout.size}")
    return layout.unpack(data)[1:]


def _member(kind: type[_Member], value: int) -> _Member:
    try:
        return kind(value)
    except ValueError:
        raise Malformed(f"no such {kind.__name__}") from None


def _join(others: tuple[Seat, ...]) -> bytes:
    if len(others) > OTHERS_MAX or any(len(other) != SEAT_BYTES for other in others):
        raise ValueError("too many others, or one of a wrong size")
    return b"".join(others).ljust(OTHERS_MAX * SEAT_BYTES, b"\0")


def _others(seat: bytes, count: int, places: bytes) -> tuple[Seat, ...]:
    used, unused = places[: count * SEAT_BYTES], places[count * SEAT_BYTES :]
    if count > OTHERS_MAX or any(unused):
        raise Malformed("the count of seats does not match the seats")
    others = tuple(Seat(used[at : at + SEAT_BYTES]) for at in range(0, len(used), SEAT_BYTES))
    if len({seat, *others}) != count + 1:
        raise Malformed("a seat is named twice")
    return others
