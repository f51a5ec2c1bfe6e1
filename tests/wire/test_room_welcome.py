"""A welcome comes back equal, or is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from p2pchat.errors import Malformed
from p2pchat.types import MemberId
from p2pchat.wire.room_actions import NewMember
from p2pchat.wire.room_commits import CommitHead, PeriodGrant
from p2pchat.wire.room_log import found_room
from p2pchat.wire.room_welcome import RoomWelcome, decode_welcome, encode_welcome

HEAD = CommitHead(b"p" * 32, b"a" * 32, 7, b"h" * 64, b"k" * 32, b"s" * 32, b"c" * 32, 81_000)
GRANT = PeriodGrant(HEAD, 7, b"s" * 32, b"t" * 32, 81_000, b"o" * 32, ((b"m" * 32, b"k" * 32),))
FOUNDING = found_room("walkers", NewMember(b"k" * 32, b"r" * 32, b"e" * 1184, "anna"))
ANNA, BEN = MemberId(b"a" * 32), MemberId(b"b" * 32)
WELCOME = RoomWelcome(BEN, (FOUNDING, FOUNDING), GRANT, ((ANNA, 7), (BEN, 1)))


def test_a_welcome_comes_back() -> None:
    assert decode_welcome(encode_welcome(WELCOME)) == WELCOME
    bare = replace(WELCOME, numbers=(), entries=(FOUNDING,))
    assert decode_welcome(encode_welcome(bare)) == bare


@pytest.mark.parametrize("end", [0, 31, 33, 60, 600, -1])
def test_a_welcome_that_is_cut_off_is_refused(end: int) -> None:
    with pytest.raises(Malformed):
        decode_welcome(encode_welcome(WELCOME)[:end])


@pytest.mark.parametrize(
    "fields",
    [
        {"member": b"m" * 31},
        {"numbers": ((b"a" * 31, 1),)},
        {"numbers": ((BEN, 1), (ANNA, 7))},
        {"numbers": ((ANNA, 1), (ANNA, 7))},
        {"numbers": ((ANNA, 0),)},
        {"entries": ()},
    ],
)
def test_welcomes_that_cannot_be_are_refused(fields: Any) -> None:
    with pytest.raises(Malformed):
        replace(WELCOME, **fields)
