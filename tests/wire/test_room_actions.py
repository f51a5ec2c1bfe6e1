"""What an entry does comes back equal, in one encoding; what no entry may say is malformed."""

from __future__ import annotations

import pytest

from p2pchat.errors import Malformed
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.geometry import ENCAPSULATION_KEY_BYTES
from p2pchat.wire.room_actions import (
    BODY_MAX,
    HEIRS_MAX,
    SECONDS_MAX,
    STRUCK_MAX,
    Action,
    AddMember,
    FoundRoom,
    HandOver,
    LeaveRoom,
    NewMember,
    RemoveMember,
    RenameRoom,
    SetRole,
    SetRoomRetention,
    StrikeEntries,
    UnknownAction,
    check_action,
    decode_action,
    encode_action,
)

KEY = b"k" * 32
LONGEST = "\N{GRINNING FACE}" * 64
ALICE = MemberId(b"a" * 32)
BOB = MemberId(b"b" * 32)


def newcomer(name: str = "bob") -> NewMember:
    return NewMember(KEY, KEY, b"e" * ENCAPSULATION_KEY_BYTES, name)


def ids(count: int) -> tuple[EntryId, ...]:
    return tuple(EntryId(bytes([number]) * 32) for number in range(count))


@pytest.mark.parametrize(
    "action",
    [
        FoundRoom(LONGEST, newcomer(LONGEST)),
        AddMember(newcomer()),
        RemoveMember(BOB, 2**32 - 1),
        LeaveRoom(0),
        LeaveRoom(9, (BOB, ALICE)),
        LeaveRoom(9, tuple(map(MemberId, ids(HEIRS_MAX)))),
        SetRole(BOB, admin=True),
        SetRole(BOB, admin=False),
        HandOver(BOB),
        StrikeEntries(),
        StrikeEntries(ids(STRUCK_MAX)),
        RenameRoom(LONGEST),
        SetRoomRetention(0),
        SetRoomRetention(SECONDS_MAX),
        UnknownAction(9, b""),
        UnknownAction(255, bytes(BODY_MAX)),
    ],
    ids=lambda action: type(action).__name__,
)
def test_an_action_comes_back_equal_within_its_bound(action: Action) -> None:
    check_action(action)
    kind, body = encode_action(action)
    assert len(body) <= BODY_MAX
    assert decode_action(kind, body) == action


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (0, b"\0\7walkers"),
        (1, KEY * 2 + bytes(ENCAPSULATION_KEY_BYTES)),
        (1, KEY * 2 + bytes(ENCAPSULATION_KEY_BYTES) + b"\0\3bobby"),
        (1, KEY * 2 + bytes(ENCAPSULATION_KEY_BYTES) + b"\0\2\xff\xff"),
        (1, KEY * 2 + bytes(ENCAPSULATION_KEY_BYTES) + b"\0\4 bob"),
        (1, KEY * 2 + bytes(ENCAPSULATION_KEY_BYTES - 1) + b"\0\3bob"),
        (2, BOB + b"\0\0\1"),
        (3, b"\0\0"),
        (3, b"\0\0\0\1" + BOB[1:]),
        (4, BOB + b"\2"),
        (5, BOB + b"\0"),
        (6, BOB[:-1]),
        (7, b"\0\0"),
        (7, b"\0\7walkers!"),
        (7, b"\0\3a\nb"),
        (8, b"\0\0\1"),
    ],
)
def test_a_body_that_is_none_is_malformed(kind: int, body: bytes) -> None:
    with pytest.raises(Malformed):
        decode_action(kind, body)


@pytest.mark.parametrize(
    "action",
    [
        RemoveMember(MemberId(BOB[1:]), 0),
        RemoveMember(BOB, 2**32),
        LeaveRoom(-1),
        LeaveRoom(0, (BOB, BOB)),
        LeaveRoom(0, (MemberId(b"short"),)),
        LeaveRoom(0, tuple(map(MemberId, ids(HEIRS_MAX + 1)))),
        HandOver(MemberId(b"")),
        StrikeEntries(ids(STRUCK_MAX + 1)),
        StrikeEntries((EntryId(BOB), EntryId(ALICE))),
        StrikeEntries((EntryId(BOB), EntryId(BOB))),
        SetRoomRetention(SECONDS_MAX + 1),
        UnknownAction(8, b""),
        UnknownAction(256, b""),
        UnknownAction(9, bytes(BODY_MAX + 1)),
    ],
    ids=lambda action: type(action).__name__,
)
def test_what_no_entry_may_say_is_malformed(action: Action) -> None:
    with pytest.raises(Malformed):
        check_action(action)


def test_a_member_has_keys_of_their_sizes_and_a_name_that_can_be_shown() -> None:
    for key, recovery, kem, name in (
        (KEY[1:], KEY, 1184, "bob"),
        (KEY, KEY + b"!", 1184, "bob"),
        (KEY, KEY, 1183, "bob"),
        (KEY, KEY, 1184, ""),
        (KEY, KEY, 1184, "b" * 65),
        (KEY, KEY, 1184, "\N{ZERO WIDTH SPACE}"),
    ):
        with pytest.raises(Malformed):
            NewMember(key, recovery, bytes(kem), name)


@pytest.mark.parametrize("name", ["", "-rf", " walkers"])
def test_a_room_has_a_name_that_can_be_shown_and_typed(name: str) -> None:
    with pytest.raises(Malformed):
        RenameRoom(name)
    with pytest.raises(Malformed):
        FoundRoom(name, newcomer())
