"""Two members have one key, whatever a third says; a secret follows from a share and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.crypto.kdf import derive
from p2pchat.crypto.room_keys import (
    NO_SHARE,
    MemberKey,
    PairKey,
    branch_key,
    check_member_key,
    confirmation_of,
    founding_branch,
    mask_share,
    next_secret,
    pair_base,
    period_id,
    rest_of_head,
    roster_digest,
)
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import MemberId, RoomId
from p2pchat.wire.room_commits import CommitHead

ROOM = RoomId(b"r" * 32)
ANN, BOB, EVE = (MemberId(name * 32) for name in (b"a", b"b", b"e"))
KEYS = {member: MemberKey.generate(SeededEntropy(member.decode())) for member in (ANN, BOB, EVE)}
HEAD = CommitHead(b"p" * 32, ANN, 7, b"h" * 64, b"k" * 32, b"s" * 32, b"c" * 32, 81_000)

PRIME = 2**255 - 19
LOW_ORDER = [
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    PRIME - 1,
]
"""RFC 7748's curve has these points of order 1, 2, 4 and 8 (https://cr.yp.to/ecdh.html)."""


def base(own: MemberId, other: MemberId, room: RoomId = ROOM) -> bytes:
    return pair_base(room, own, KEYS[own], other, KEYS[other].public)


def test_both_ends_of_a_pair_have_one_key_and_a_third_another() -> None:
    assert base(ANN, BOB) == base(BOB, ANN)
    assert len({base(ANN, BOB), base(ANN, EVE), base(BOB, EVE), base(ANN, BOB, RoomId(b"x" * 32))}) == 4


def test_a_pair_key_is_of_both_ids_and_both_keys() -> None:
    """A member that claims another's key as its own does not get the other's pair keys by it."""
    taken = pair_base(ROOM, ANN, KEYS[ANN], EVE, KEYS[BOB].public)
    assert taken != base(ANN, BOB)


@pytest.mark.parametrize("value", LOW_ORDER)
def test_a_key_of_low_order_is_refused(value: int) -> None:
    with pytest.raises(Unreadable):
        check_member_key(value.to_bytes(32, "little"))


@pytest.mark.parametrize("value", [PRIME, PRIME + 9, 2**255 - 1, 2**255 + 9, 2**256 - 1])
def test_a_key_with_another_encoding_than_the_one_is_refused(value: int) -> None:
    with pytest.raises(Unreadable):
        check_member_key(value.to_bytes(32, "little"))


def test_the_high_bit_would_else_make_two_names_of_one_key() -> None:
    key = bytearray(KEYS[BOB].public)
    check_member_key(bytes(key))
    key[31] |= 0x80
    with pytest.raises(Unreadable):
        KEYS[ANN].agree_with(bytes(key))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(Unreadable):
        check_member_key(b"k" * size)


def test_each_use_and_each_direction_has_a_key_of_its_own() -> None:
    key = PairKey(base(ANN, BOB))
    assert key.share == NO_SHARE
    made = {
        key.derive_for(use, *ends, size=16)
        for use in ("message mac", "commit mac", "entry mac", "share mac", "share mask")
        for ends in ((ANN, BOB), (BOB, ANN))
    }
    assert len(made) == 10
    assert PairKey(key.base, b"m" * 32).derive_for("message mac", ANN, BOB) != key.derive_for(
        "message mac", ANN, BOB
    )


def test_macs_and_masks_have_their_sizes() -> None:
    key = PairKey(base(ANN, BOB))
    assert len(key.message_mac(ANN, BOB, (b"told",))) == 8
    assert len(key.commit_mac(ANN, BOB, b"period", b"masked")) == len(key.entry_mac(ANN, BOB, b"e")) == 16
    assert len(key.share_mac(ANN, BOB, b"ciphertext")) == 16
    mask = key.derive_mask(ANN, BOB, b"point", (b"parent", b"new"))
    assert mask_share(mask_share(b"s" * 32, mask), mask) == b"s" * 32


@pytest.mark.parametrize(
    "change",
    [
        {"parent": b"q" * 32},
        {"author": BOB},
        {"index": 8},
        {"heads": b"h" * 32},
        {"key": b"l" * 32},
        {"shares": b"t" * 32},
        {"tag_epoch": 0},
    ],
)
def test_a_secret_is_of_all_that_its_head_says(change: dict[str, object]) -> None:
    roster = roster_digest([(ANN, b"1"), (BOB, b"2")])
    rest, other = rest_of_head(ROOM, HEAD, roster), rest_of_head(ROOM, replace(HEAD, **change), roster)  # type: ignore[arg-type]
    assert rest != other
    assert next_secret(b"b" * 32, b"s" * 32, rest) != next_secret(b"b" * 32, b"s" * 32, other)
    assert period_id(rest, HEAD.confirmation) != period_id(other, HEAD.confirmation)


def test_who_sees_another_roster_is_in_another_period() -> None:
    rosters = ([(ANN, b"1"), (BOB, b"2")], [(ANN, b"1"), (BOB, b"3")], [(ANN, b"1")])
    assert len({rest_of_head(ROOM, HEAD, roster_digest(roster)) for roster in rosters}) == 3
    assert roster_digest(rosters[0]) == roster_digest(reversed(rosters[0]))


def test_the_confirmation_fits_one_secret_and_tells_nothing_of_it() -> None:
    secret = next_secret(branch_key(b"parent" * 5), b"s" * 32, b"rest")
    confirmation = confirmation_of(secret, b"rest")
    assert confirmation not in (secret, branch_key(secret), derive(secret, "tags"))
    assert confirmation != confirmation_of(b"t" * 32, b"rest")
    assert founding_branch(ROOM) != founding_branch(RoomId(b"x" * 32))
    assert "…" in repr(KEYS[ANN])
