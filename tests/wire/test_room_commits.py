"""Commits take three cells, and what is made of them comes back equal or is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from p2pchat.errors import Malformed
from p2pchat.wire import codec
from p2pchat.wire.room_commits import (
    COMMIT_CELLS_MAX,
    GRANT_LIMIT,
    CommitHead,
    KemShare,
    KeptShare,
    PeriodGrant,
    RoomCommit,
    commit_cells,
    decode_commit,
    decode_commit_head,
    decode_grant,
    decode_kem_share,
    decode_kept,
    encode_commit,
    encode_commit_head,
    encode_grant,
    encode_kem_share,
    encode_kept,
)

HEAD = CommitHead(b"p" * 32, b"a" * 32, 7, b"h" * 64, b"k" * 32, b"s" * 32, b"c" * 32, 81_000)
COMMIT = RoomCommit(HEAD, (b"m" * 16,) * 49, (b"s" * 32,) * 49)
KEPT = KeptShare(HEAD, b"m" * 16, b"s" * 32)
GRANT = PeriodGrant(
    HEAD, 7, b"s" * 32, b"t" * 32, 81_000, b"o" * 32, tuple((bytes([n]) * 32, b"k" * 32) for n in range(50))
)
SHARE = KemShare(b"r" * 32, b"c" * 1088, b"m" * 16)


def test_a_commit_for_all_takes_three_cells_and_never_more_than_five() -> None:
    assert commit_cells(49, 64) == 3
    assert commit_cells(49, 256) == 4 < COMMIT_CELLS_MAX
    assert commit_cells(9, 64) == 1
    assert len(encode_commit(COMMIT)) == 49 * 48 + 166


def test_a_commit_comes_back_with_the_place_in_which_it_stands() -> None:
    assert decode_commit(encode_commit(COMMIT), HEAD.parent, HEAD.author, HEAD.index) == COMMIT


def test_the_rest_comes_back_equal() -> None:
    assert decode_kept(encode_kept(KEPT)) == KEPT
    assert decode_grant(encode_grant(GRANT)) == GRANT
    assert decode_kem_share(encode_kem_share(SHARE)) == SHARE
    assert decode_commit_head(encode_commit_head(HEAD) + b"rest") == (HEAD, b"rest")
    assert len(encode_grant(GRANT)) < GRANT_LIMIT


@pytest.mark.parametrize("cut", [1, 47, 49 * 48 + 1, 49 * 48 + 160])
def test_a_commit_that_is_cut_off_is_malformed(cut: int) -> None:
    with pytest.raises(Malformed):
        decode_commit(encode_commit(COMMIT)[:-cut], HEAD.parent, HEAD.author, 0)


def test_a_commit_for_more_than_all_is_malformed() -> None:
    with pytest.raises(Malformed):
        decode_commit(encode_commit(COMMIT) + bytes(48), HEAD.parent, HEAD.author, 0)
    with pytest.raises(Malformed):
        RoomCommit(HEAD, (), (b"s" * 32,))


@pytest.mark.parametrize(
    "change",
    [
        {"parent": b""},
        {"author": bytes(31)},
        {"index": 1024},
        {"heads": bytes(257)},
        {"key": bytes(33)},
        {"tag_epoch": 2**32},
    ],
)
def test_no_head_is_impossible(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        replace(HEAD, **change)


def test_no_share_and_no_slot_has_another_size() -> None:
    for data in (encode_kept(KEPT)[:-1], encode_kept(KEPT) + b"\0", b""):
        with pytest.raises(Malformed):
            decode_kept(data)
    for data in (encode_kem_share(SHARE)[:-1], encode_kem_share(SHARE) + b"\0", b""):
        with pytest.raises(Malformed):
            decode_kem_share(data)


@pytest.mark.parametrize("members", [(), (GRANT.members[1], GRANT.members[0]), (GRANT.members[0],) * 2])
def test_a_grant_has_members_in_their_one_order(members: Any) -> None:
    with pytest.raises(Malformed):
        replace(GRANT, members=members)


@pytest.mark.parametrize("change", [{"ids": bytes(33)}, {"keys": b""}, {"head": b""}, {"depth": -1}])
def test_a_grant_with_parts_missing_is_malformed(change: dict[str, Any]) -> None:
    value = codec.unpack(encode_grant(GRANT), GRANT_LIMIT)
    assert isinstance(value, dict)
    with pytest.raises(Malformed):
        decode_grant(codec.pack({**value, **change}))
    more = codec.pack({**value, "head": encode_commit_head(HEAD) + b"\0"})
    with pytest.raises(Malformed):
        decode_grant(more)
