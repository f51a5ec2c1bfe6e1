"""A period's record comes back as it was, with all that was forgotten."""

from __future__ import annotations

import pytest

from p2pchat.core.room.period import SKIPPED_MAX, Period, roster_keys
from p2pchat.errors import Malformed
from p2pchat.types import MemberId
from p2pchat.wire import codec
from p2pchat.wire.room_commits import CommitHead

ANN, BOB, CID = (MemberId(name * 32) for name in (b"a", b"b", b"c"))
HEAD = CommitHead(b"p" * 32, ANN, 7, b"heads", b"k" * 32, b"s" * 32, b"c" * 32)


@pytest.fixture
def period() -> Period:
    keys = {CID: b"3" * 32, ANN: b"1" * 32, BOB: b"2" * 32}
    made = Period(b"i" * 32, HEAD, 7, keys, b"1" * 32, b"t" * 32, 1_800_000_000.0)
    made.derive_chains(b"z" * 32, ANN)
    made.bases = {BOB: b"b" * 32, CID: b"c" * 32}
    return made


def same(one: Period) -> bool:
    return Period.from_record(one.id, one.as_record()).as_record() == one.as_record()


def test_members_stand_in_order_of_their_ids(period: Period) -> None:
    assert period.members == (ANN, BOB, CID)
    assert period.list_others(BOB) == (ANN, CID)
    assert (period.name, period.author, period.heads) == (b"i" * 8, ANN, b"heads")
    assert set(period.chains) == {BOB, CID}


def test_a_record_is_read_back(period: Period) -> None:
    assert same(period)
    period.chains[BOB].use_up(5)
    period.superseded_at, period.doubtful, period.count, period.index = 1_800_000_001.0, True, 9, 4
    assert same(period)
    period.forget_secret()
    assert same(period) and not period.secret and period.branch


def test_what_is_left_for_absent_members_is_theirs(period: Period) -> None:
    period.forget_all_but([CID])
    assert same(period)
    assert (list(period.chains), list(period.bases)) == ([CID], [CID])
    assert not period.secret and not period.branch and period.sending is None
    assert b"z" * 32 not in period.as_record()


def test_skipped_keys_are_bounded(period: Period) -> None:
    keys = {BOB: b"2" * 32} | {MemberId(bytes([n]) * 32): b"k" * 32 for n in range(1, 8)}
    wide = Period(b"i" * 32, HEAD, 7, keys, b"1" * 32, b"t" * 32, 0.0)
    wide.derive_chains(b"z" * 32, ANN)
    for chain in wide.chains.values():
        chain.use_up(1023)
        wide.bound_skipped()
    assert sum(len(chain.skipped) for chain in wide.chains.values()) == SKIPPED_MAX
    assert same(wide)


@pytest.mark.parametrize(
    "change", [{"ids": b"i" * 33}, {"keys": b""}, {"own": b""}, {"head": b""}, {"index": 1025}, {"depth": -1}]
)
def test_a_damaged_record_is_refused(period: Period, change: dict[str, object]) -> None:
    value = codec.unpack(period.as_record(), 1 << 20)
    assert isinstance(value, dict)
    with pytest.raises(Malformed):
        Period.from_record(period.id, codec.pack({**value, **change}))


def test_keys_go_on_from_the_parent_and_a_newcomers_is_of_its_entry() -> None:
    parent = {ANN: b"new" * 10, BOB: b"b" * 32}
    entries = {ANN: b"old" * 10, CID: b"c" * 32}
    assert roster_keys(parent, entries, CID, b"mine") == {ANN: b"new" * 10, CID: b"mine"}
    assert roster_keys(parent, entries, ANN, b"mine") == {ANN: b"mine", CID: b"c" * 32}
