"""What is kept of a commit is for members that were not heard since, for thirty days, and is bounded."""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.room.kept_commits import KEPT_MAX, KeptCommits
from p2pchat.core.room.pairs import KEPT_S
from p2pchat.types import MemberId
from p2pchat.wire.room_commits import CommitHead, RoomCommit

ANN, BOB = MemberId(b"a" * 32), MemberId(b"b" * 32)
HEAD = CommitHead(b"p" * 32, b"c" * 32, 7, b"", b"k" * 32, b"s" * 32, b"c" * 32)
COMMIT = RoomCommit(HEAD, (b"m" * 16, b"n" * 16), (b"s" * 32, b"t" * 32))
NOW = 1_800_000_000.0


def kept(count: int = 3) -> KeptCommits:
    made = KeptCommits()
    for depth in range(1, count + 1):
        made.keep_commit(period(depth), upon(depth - 1), depth, (ANN, BOB), NOW + depth)
    return made


def period(depth: int) -> bytes:
    """The one of a depth."""
    return depth.to_bytes(8, "big") * 4


def upon(depth: int) -> RoomCommit:
    """A commit upon the period of a depth."""
    return replace(COMMIT, head=replace(HEAD, parent=period(depth)))


def macs_for(made: KeptCommits, member: MemberId, depth: int, most: int = 1000) -> list[bytes]:
    """Of what a member is given that has the period of a depth."""
    return [share.mac for share in made.shares_for(member, [period(depth)[:8]], most).values()]


def line(depth: int) -> list[bytes]:
    """The periods that lead to one."""
    return [period(number) for number in range(depth, 0, -1)]


def test_each_member_is_given_its_own_slots_in_order_after_the_last_that_it_has() -> None:
    assert macs_for(kept(), BOB, 1) == [b"n" * 16] * 2
    assert len(macs_for(kept(), ANN, 0, 2)) == 2
    assert list(kept().shares_for(ANN, [period(1)[:8]], 8)) == [period(2), period(3)]
    assert macs_for(kept(), MemberId(b"x" * 32), 0) == []


def test_who_has_nothing_that_leads_there_is_given_nothing() -> None:
    assert macs_for(kept(), ANN, 7) == []


def test_who_was_heard_needs_nothing_of_before() -> None:
    made = kept()
    made.note_reached(ANN, line(2))
    assert (
        macs_for(made, ANN, 0) == [] and len(macs_for(made, ANN, 2)) == 1 and len(macs_for(made, BOB, 0)) == 3
    )
    made.note_reached(BOB, line(2))
    assert len(made) == 1


def test_who_was_heard_on_one_branch_may_lack_the_commits_of_another() -> None:
    made = kept()
    made.keep_commit(b"o" * 32, upon(0), 1, (ANN, BOB), NOW)
    made.note_reached(ANN, line(3))
    assert [len(macs_for(made, member, 0)) for member in (ANN, BOB)] == [1, 4]


def test_after_thirty_days_nothing_is_left() -> None:
    made = kept()
    made.forget_old(NOW + KEPT_S)
    assert len(made) == 3
    made.forget_old(NOW + KEPT_S + 2)
    assert len(made) == 1
    made.forget_old(0.0)
    assert len(made) == 1, "a clock that goes back keeps nothing for longer"
    made.forget_old(KEPT_S)
    assert len(made) == 0


def test_the_oldest_goes_for_one_too_many() -> None:
    made = kept(KEPT_MAX + 2)
    assert len(made) == KEPT_MAX
    assert len(macs_for(made, ANN, 2)) == KEPT_MAX
    assert made.as_record(period(1)) is None


def test_a_record_is_read_back() -> None:
    made, again = kept(), KeptCommits()
    id = period(2)
    record = made.as_record(id)
    assert record is not None
    again.read_record(id, record)
    assert again.as_record(id) == record
    assert macs_for(again, BOB, 1) == macs_for(made, BOB, 1, 1)
