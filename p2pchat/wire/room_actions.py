"""What an entry of a room's membership log does.

Knows: the actions, their layouts and limits. Does not know: entries (``room_log``), or which actions count.

::

    founding  0   name | member
    add       1   member
    remove    2   member id 32 | next number 4
    leave     3   next number 4 | heirs 32 each
    role      4   member id 32 | admin 1
    hand over 5   member id 32
    strike    6   entries 32 each
    rename    7   name
    retention 8   seconds 4
    member        X25519 32 | recovery X25519 32 | ML-KEM-768 1184 | name
    name          length 2 | UTF-8
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from itertools import pairwise
from typing import Final, assert_never

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.geometry import ENCAPSULATION_KEY_BYTES
from p2pchat.wire.pairing import NICK_CHARS, check_nick

ID_BYTES: Final = 32
"""Of an entry, and of the member that it adds."""

HEIRS_MAX: Final = 8
STRUCK_MAX: Final = 8

NEXT_NUMBER_MAX: Final = 2**32 - 1

SECONDS_MAX: Final = 10 * 366 * 86_400
"""Ten years, as between two people."""

_KEY: Final = 32
_NAME_MAX: Final = 2 + 4 * NICK_CHARS
_KINDS: Final = 9
"""Kinds that this version knows."""

BODY_MAX: Final = 2 * _NAME_MAX + 2 * _KEY + ENCAPSULATION_KEY_BYTES
"""The founding's: 1764 bytes."""


@dataclass(frozen=True, slots=True)
class NewMember:
    """Keys and name of a new member. Raises Malformed."""

    key: bytes
    """X25519, 32 bytes, of this room alone; its owner's commits replace it."""
    recovery_key: bytes
    """X25519, 32 bytes; stays."""
    encapsulation_key: bytes = field(repr=False)
    """ML-KEM-768."""
    name: str

    def __post_init__(self) -> None:
        if (len(self.key), len(self.recovery_key)) != (_KEY, _KEY):
            raise Malformed("a member with a key of another size")
        if len(self.encapsulation_key) != ENCAPSULATION_KEY_BYTES:
            raise Malformed("a member with an ML-KEM key of another size")
        check_nick(self.name)


@dataclass(frozen=True, slots=True)
class FoundRoom:
    """The first entry: it lets its founder in."""

    name: str
    founder: NewMember

    def __post_init__(self) -> None:
        check_nick(self.name)


@dataclass(frozen=True, slots=True)
class AddMember:
    """A member is added; the id of this entry is its member id."""

    member: NewMember


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """A member is removed, and is never in again under this id."""

    member: MemberId
    next_number: int
    """Its messages below this count."""


@dataclass(frozen=True, slots=True)
class LeaveRoom:
    """The author is out."""

    next_number: int
    """Its messages below this count."""
    heirs: tuple[MemberId, ...] = ()
    """Where the author is the owner: who is to be owner, the first who can."""


@dataclass(frozen=True, slots=True)
class SetRole:
    """A member becomes an admin, or is no longer one."""

    member: MemberId
    admin: bool


@dataclass(frozen=True, slots=True)
class HandOver:
    """A member becomes the owner in the place of the author, which becomes an ordinary member."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class StrikeEntries:
    """These entries do not count; what else is in the past of this one is taken in. It may strike none."""

    entries: tuple[EntryId, ...] = ()


@dataclass(frozen=True, slots=True)
class RenameRoom:
    """The room has another name."""

    name: str

    def __post_init__(self) -> None:
        check_nick(self.name)


@dataclass(frozen=True, slots=True)
class SetRoomRetention:
    """What is said from here on disappears after so long."""

    seconds: int
    """0: never; else up to ``SECONDS_MAX``."""


@dataclass(frozen=True, slots=True)
class UnknownAction:
    """Something a later version says: it has its place in the log and changes nothing."""

    kind: int
    body: bytes


Action = (
    FoundRoom
    | AddMember
    | RemoveMember
    | LeaveRoom
    | SetRole
    | HandOver
    | StrikeEntries
    | RenameRoom
    | SetRoomRetention
    | UnknownAction
)


def encode_action(action: Action) -> tuple[int, bytes]:
    """Return the kind, and at most ``BODY_MAX`` bytes."""
    match action:
        case FoundRoom(name=name, founder=founder):
            return 0, _encode_name(name) + encode_member(founder)
        case AddMember(member=member):
            return 1, encode_member(member)
        case RemoveMember(member=id, next_number=following):
            return 2, id + following.to_bytes(4, "big")
        case LeaveRoom(next_number=following, heirs=heirs):
            return 3, following.to_bytes(4, "big") + b"".join(heirs)
        case SetRole(member=id, admin=admin):
            return 4, id + bytes([admin])
        case HandOver(member=id):
            return 5, id
        case StrikeEntries(entries=entries):
            return 6, b"".join(entries)
        case RenameRoom(name=name):
            return 7, _encode_name(name)
        case SetRoomRetention(seconds=seconds):
            return 8, seconds.to_bytes(4, "big")
        case UnknownAction(kind=kind, body=body):
            return kind, body
    assert_never(action)


def decode_action(kind: int, body: bytes) -> Action:
    """Undo ``encode_action``. Raises Malformed."""
    match kind:
        case 0:
            name, rest = _split_name(body)
            return FoundRoom(name, decode_member(rest))
        case 1:
            return AddMember(decode_member(body))
        case 2:
            id, following = _split_exactly(body, ID_BYTES, 4)
            return RemoveMember(MemberId(id), int.from_bytes(following, "big"))
        case 3:
            following, heirs = body[:4], body[4:]
            if len(following) != 4:
                raise Malformed("a leave without a number")
            return LeaveRoom(int.from_bytes(following, "big"), tuple(map(MemberId, split_ids(heirs))))
        case 4:
            id, admin = _split_exactly(body, ID_BYTES, 1)
            if admin not in (b"\0", b"\1"):
                raise Malformed("a role that is none")
            return SetRole(MemberId(id), admin == b"\1")
        case 5:
            (id,) = _split_exactly(body, ID_BYTES)
            return HandOver(MemberId(id))
        case 6:
            return StrikeEntries(tuple(map(EntryId, split_ids(body))))
        case 7:
            name, rest = _split_name(body)
            if rest:
                raise Malformed("a name with something behind it")
            return RenameRoom(name)
        case 8:
            (seconds,) = _split_exactly(body, 4)
            return SetRoomRetention(int.from_bytes(seconds, "big"))
        case unknown:
            return UnknownAction(unknown, body)


def encode_member(member: NewMember) -> bytes:
    """Return keys and name, as they stand in an entry."""
    return member.key + member.recovery_key + member.encapsulation_key + _encode_name(member.name)


def decode_member(data: bytes) -> NewMember:
    """Undo ``encode_member``. Raises Malformed."""
    keys = 2 * _KEY + ENCAPSULATION_KEY_BYTES
    name, rest = _split_name(data[keys:])
    if rest:
        raise Malformed("a member with something behind it")
    return NewMember(data[:_KEY], data[_KEY : 2 * _KEY], data[2 * _KEY : keys], name)


def _encode_name(name: str) -> bytes:
    data = name.encode()
    return len(data).to_bytes(2, "big") + data


def _split_name(data: bytes) -> tuple[str, bytes]:
    end = 2 + int.from_bytes(data[:2], "big")
    if not 2 < end <= len(data):
        raise Malformed("a name that is not whole")
    try:
        return data[2:end].decode(), data[end:]
    except UnicodeDecodeError as error:
        raise Malformed("a name that is no text") from error


def split_ids(data: bytes) -> list[bytes]:
    """Return the ids that are joined in ``data``. Raises Malformed."""
    if len(data) % ID_BYTES:
        raise Malformed("a part of an id")
    return [data[at : at + ID_BYTES] for at in range(0, len(data), ID_BYTES)]


def _split_exactly(data: bytes, *sizes: int) -> list[bytes]:
    if len(data) != sum(sizes):
        raise Malformed(f"an entry whose body has {len(data)} bytes")
    found, at = [], 0
    for size in sizes:
        found.append(data[at : at + size])
        at += size
    return found


def check_action(action: Action) -> None:
    """Raise Malformed on what no entry may say."""
    match action:
        case RemoveMember(member=id, next_number=number):
            _check_id(id)
            _check_number(number, NEXT_NUMBER_MAX)
        case LeaveRoom(next_number=number, heirs=heirs):
            if len(heirs) > HEIRS_MAX or len(set(heirs)) < len(heirs):
                raise Malformed("a leave with too many heirs, or one twice")
            for heir in heirs:
                _check_id(heir)
            _check_number(number, NEXT_NUMBER_MAX)
        case SetRole(member=id) | HandOver(member=id):
            _check_id(id)
        case StrikeEntries(entries=entries):
            check_ids(entries, STRUCK_MAX)
        case SetRoomRetention(seconds=seconds):
            _check_number(seconds, SECONDS_MAX)
        case UnknownAction(kind=kind, body=body):
            if not _KINDS <= kind <= 255 or len(body) > BODY_MAX:
                raise Malformed("an unknown entry of a known kind, or too long")


def check_ids(ids: Sequence[bytes], limit: int) -> None:
    """Raise Malformed unless there are at most ``limit`` ids, in order."""
    if len(ids) > limit or any(before >= after for before, after in pairwise(ids)):
        raise Malformed("too many ids, or not in order")
    for id in ids:
        _check_id(id)


def _check_id(id: bytes) -> None:
    if len(id) != ID_BYTES:
        raise Malformed("an id of another size")


def _check_number(number: int, limit: int) -> None:
    if not 0 <= number <= limit:
        raise Malformed("a number out of range")
