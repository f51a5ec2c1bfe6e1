"""Periods are a tree: what crosses is read, one writes under the deepest that fits, what is old is gone."""

from __future__ import annotations

import pytest

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.room.pairs import KEPT_S
from p2pchat.core.room.period import Period
from p2pchat.core.room.periods import BY_ONE_MAX, DAY_S, PERIODS_MAX, Periods
from p2pchat.types import MemberId
from p2pchat.wire.cell import decode_cell, encode_cell
from p2pchat.wire.room_commits import CommitHead
from tests.support.rooms import NOW, Member, Room, founded, let_in

ANN, BOB, CID = (MemberId(name * 32) for name in (b"a", b"b", b"c"))
HOUR = 3600.0


@pytest.fixture
def room() -> Room:
    return founded("ann", "bob", "cid", "eve")


def period(number: int, parent: bytes, author: MemberId = BOB, depth: int = 1, at: float = NOW) -> Period:
    id, keys = number.to_bytes(8, "big") * 4, dict.fromkeys((ANN, BOB, CID), b"k" * 32)
    head = CommitHead(parent, author, 0, b"", b"k" * 32, b"s" * 32, b"c" * 32)
    made = Period(id, head, depth, keys, b"k" * 32, id, at)
    made.derive_chains(b"s" * 32, ANN)
    return made


# --- commits that cross


def test_commits_that_cross_are_both_opened_and_all_write_under_one(room: Room) -> None:
    ann, bob = room[0], room[1]
    first, second = ann.commit(), bob.commit()
    room.tell(second, but=[bob])
    room.tell(first, but=[ann])
    (chosen,) = {member.period.id for member in room.members}
    assert chosen == min(one.id for one in ann.state.periods if one.depth == 2)
    for at in range(4):
        room.say(at, f"from {at}")
    assert [len(member.texts) for member in room.members] == [3, 3, 3, 3]


def test_what_was_written_under_either_is_read(room: Room) -> None:
    """Each writes under its own before it knows of the other's: no member waits."""
    ann, bob, cid = room[0], room[1], room[2]
    first, second = ann.commit(), bob.commit()
    said = [ann.say("under mine"), bob.say("under mine, too")]
    cid.hear([*second, *said[1], *first, *said[0]])
    assert sorted(text for _, text in cid.texts) == [b"under mine", b"under mine, too"]
    ann.hear([*second, *said[1]])
    bob.hear([*first, *said[0]])
    assert (len(ann.texts), len(bob.texts)) == (1, 1)


def test_a_commit_upon_either_leads_all_there(room: Room) -> None:
    ann, bob, cid = room[0], room[1], room[2]
    first, second = ann.commit(), bob.commit()
    room.tell([*first, *second])
    cid.commit()
    room.tell(cid.commit(), but=[cid])
    assert cid.period.depth == 4
    assert ann.period.depth < 4, "one of the two was lost"


def test_a_late_commit_upon_an_old_period_is_opened_for_a_day(room: Room) -> None:
    ann, bob = room[0], room[1]
    late = bob.copy("bob, who did not hear").commit()
    room.commit(2, NOW)
    room.say(0, "heard")
    for at in range(4):
        room.say(at, "all are there")
    ann.hear(late, NOW + DAY_S - HOUR)
    assert len(ann.begun) == 2
    assert ann.period.id == bob.period.id, "it is read; no one goes back to it, or all do"


# --- under which one writes


def test_no_member_whose_removal_the_writer_knew_reads_it(room: Room) -> None:
    """Bob does not know yet that eve is removed, and commits for her, too: ann does not follow."""
    ann, bob, eve = room[0], room[1], room[3]
    room.set_roster(room.members[:3], [ann, room[2]])
    crossing = bob.commit()
    room.tell(crossing, but=[bob])
    assert not ann.writing.may_write(ann.roster)
    room.tell(ann.commit(), but=[ann])
    ann_says = ann.say("without eve")
    room.tell(ann_says)
    assert eve.texts == []
    assert room[2].texts == [(ann.id, b"without eve")]
    bob.hear(ann_says)
    assert bob.texts == [(ann.id, b"without eve")], "who does not know of it reads it all the same"


def test_without_that_rule_a_removed_member_would_be_written_to(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Periods.choose_period
    monkeypatch.setattr(Periods, "choose_period", lambda self, roster=None: real(self))
    ann, eve = room[0], room[3]
    room.set_roster(room.members[:3], [ann])
    room.tell(room[1].commit(), but=[room[1]])
    room.tell(ann.say("without eve"))
    assert eve.texts == [(ann.id, b"without eve")]


def test_without_a_new_tag_key_a_removed_member_would_know_the_rooms_cells(room: Room) -> None:
    """It could not read them; it would count them, and see which members pass them on."""
    eve = room[3]
    room.set_roster(room.members[:3], room.members[:3])
    room.tell(room[0].commit())
    later = decode_cell(room[1].say("one")[0])
    assert not eve.reading.recognizes_cell(later, NOW)
    tags = room[0].state.tags.find_key(room[0].period.tags_of)
    assert tags is not None
    eve.state.tags.add_key(b"t" * 32, tags)
    assert eve.reading.recognizes_cell(later, NOW)
    assert eve.hear([encode_cell(later)]) == []


def test_who_has_no_period_for_the_roster_commits_first(room: Room) -> None:
    room.set_roster(room.members[:3], room.members[:3])
    assert not room[1].writing.may_write(room[1].roster)
    room.commit(1, but=[room[3]])
    assert room[1].writing.may_write(room[1].roster)


def test_a_removed_member_with_all_its_keys_reads_nothing_after(room: Room) -> None:
    """Eve kept every record, and sees every cell; she cannot even tell which cells are the room's."""
    eve = room[3]
    room.set_roster(room.members[:3], room.members[:3])
    room.tell(room[0].commit())
    later = room[1].say("one") + room[2].commit() + room[1].say("y" * 3000)
    room.tell(later)
    eve.hear(later)
    assert eve.texts == [] and eve.begun == []
    assert not any(eve.reading.recognizes_cell(decode_cell(cell), NOW) for cell in later)
    assert len(room[0].texts) == 2


def test_a_newcomer_reads_nothing_from_before(room: Room) -> None:
    """It has a grant of the period that its own commit began, all cells of before, and every commit."""
    before = room[0].say("secret of before") + room[1].commit() + room[1].say("another")
    room.tell(before)
    dan = Member.named("dan", room.log)
    let_in(room, [dan])
    dan.hear(before)
    assert dan.texts == [] and dan.begun == []
    room.say(2, "welcome")
    assert dan.texts == [(room[2].id, b"welcome")]
    dan_says = dan.say("thanks")
    room.tell(dan_says)
    assert room[1].texts[-1] == (dan.id, b"thanks")


def test_the_deepest_counts_then_the_lower_id_and_doubt_before_both() -> None:
    periods = Periods(ANN)
    root = period(9, b"p" * 32, depth=0)
    for one in (root, period(5, root.id), period(3, root.id, CID), period(4, root.id, CID, depth=7)):
        periods.add_period(one, NOW)
    doubtful = periods.find_period(period(4, b"p" * 32).id)
    assert doubtful is not None and doubtful.doubtful
    chosen = periods.choose_period()
    assert chosen is not None and chosen.id == period(3, root.id).id
    assert periods.choose_period(frozenset([ANN])) is None


def test_of_two_commits_of_one_author_upon_one_parent_the_first_counts(room: Room) -> None:
    """A copy of its home, or a thief of its keys, made the other: it is read, and it is said."""
    ann, bob, cid = room[0], room[1], room[2]
    other = ann.copy("another home")
    first = ann.commit()
    other.say("a copy that has written")
    second = other.commit()
    (opened,) = cid.hear(first)
    chosen = cid.period.id
    (late,) = cid.hear(second)
    assert (opened.doubtful, late.doubtful) == (False, True)  # type: ignore[union-attr]
    assert cid.period.id == chosen
    bob.hear([*first, *second])
    assert bob.period.id == chosen


# --- forgetting


def test_the_secret_of_an_unused_period_is_gone_at_once(room: Room) -> None:
    before = room[1].period
    assert before.secret
    room.commit(0)
    assert not before.secret and before.branch
    assert room[1].period.secret


def test_old_chains_live_a_day_and_then_those_of_unheard_members(room: Room) -> None:
    ann, bob, eve = room[0], room[1], room[3]
    old = bob.period
    room.commit(0, but=[eve])
    for at in range(3):
        room.say(at, "heard", but=[eve])
    bob.state.forget_old(NOW + DAY_S - 1)
    assert len(old.chains) == 3
    assert bob.state.forget_old(NOW + DAY_S + 1) == []
    assert list(old.chains) == list(old.bases) == [eve.id]
    assert not old.branch and old.sending is None
    bob.crash()
    bob.hear(eve.say("I was away", NOW + DAY_S), NOW + DAY_S + 2)
    assert bob.texts[-1] == (eve.id, b"I was away")
    assert ann.id not in old.chains


def test_after_thirty_days_nothing_is_left(room: Room) -> None:
    bob, eve = room[1], room[3]
    old = bob.period.id
    room.commit(0, but=[eve])
    room.say(0, "heard", but=[eve])
    assert old not in bob.state.forget_old(NOW + KEPT_S - HOUR)
    assert old in bob.state.forget_old(NOW + KEPT_S + HOUR)
    bob.keep()
    assert b"p" + old not in bob.kept
    assert bob.period.secret, "what is written under stays"


def test_a_commit_without_a_member_heard_under_it_supersedes_nothing(room: Room) -> None:
    """It may have been lost, and we with it: others go on under the one before."""
    ann = room[0]
    ann.commit(NOW)
    ann.state.forget_old(NOW + 2 * DAY_S)
    ann.crash()
    room.tell(room[1].commit(NOW + 2 * DAY_S), NOW + 2 * DAY_S, but=[room[1]])
    room.tell(room[1].say("we are here", NOW + 2 * DAY_S), NOW + 2 * DAY_S)
    assert ann.texts == [(room[1].id, b"we are here")]


def test_after_thirty_days_nothing_is_kept_for_silent_members(room: Room) -> None:
    ann, first = room[0], room[0].period.id
    for day in range(40):
        ann.commit(NOW + day * DAY_S)
        gone = ann.state.forget_old(NOW + day * DAY_S)
        assert (first in gone) == (day == 30)
    assert len(ann.state.periods) <= 31


def test_a_clock_that_was_ahead_keeps_nothing_for_longer() -> None:
    periods = Periods(ANN)
    old, new = period(1, b"p" * 32), period(2, (1).to_bytes(8, "big") * 4, CID, depth=2)
    periods.add_period(old, NOW + 99 * DAY_S)
    periods.note_reached(CID, new, NOW + 99 * DAY_S)
    periods.add_period(new, NOW + 99 * DAY_S)
    periods.forget_old(NOW)
    assert old.superseded_at == NOW and new.superseded_at == NEVER
    assert periods.next_wakeup() == NOW + DAY_S


# --- bounds


def test_a_member_who_floods_with_commits_pushes_out_none_of_the_others() -> None:
    periods = Periods(ANN)
    parent = period(1, b"p" * 32, BOB, depth=0)
    periods.add_period(parent, NOW)
    for number in range(BY_ONE_MAX):
        one = period(100 + number, parent.id, CID)
        assert periods.has_space_for(one, NOW)
        periods.add_period(one, NOW)
    assert not periods.has_space_for(period(99, parent.id, CID), NOW)
    assert periods.has_space_for(period(99, parent.id, BOB), NOW)
    assert periods.has_space_for(period(99, parent.id, CID), NOW + DAY_S + 1)
    assert not periods.has_space_for(parent, NOW), "it is known"


def test_the_oldest_goes_for_one_too_many_and_never_the_one_that_is_used() -> None:
    periods = Periods(ANN)
    for number in range(PERIODS_MAX + 3):
        periods.add_period(
            period(number, b"p" * 32, BOB if number else CID, 0 if number else 9, NOW + number), NOW
        )
    assert len(periods) == PERIODS_MAX
    assert periods.find_named((0).to_bytes(8, "big")) is not None
    assert periods.find_named((1).to_bytes(8, "big")) is None
    assert periods.find_period((1).to_bytes(8, "big") * 4) is None


# --- the last one in common


def test_the_period_in_which_a_member_was_heard_last_is_one_that_it_has(room: Room) -> None:
    """A commit that was lost on it may be all that we write under."""
    ann, bob, cid = room[0], room[1], room[2]
    room.say(1, "here")
    before = bob.period
    room.commit(0, but=[bob])
    assert ann.period.id != before.id
    shared = ann.state.periods.find_shared(bob.id)
    assert shared is not None and shared.id == before.id
    shared = ann.state.periods.find_shared(cid.id)
    assert shared is not None, "who was never heard is taken to have the first that it is in"
    assert shared.depth == min(one.depth for one in ann.state.periods if cid.id in one.bases)
    assert ann.state.periods.find_shared(ann.id) is None
    assert ann.state.periods.list_line(ann.period)[:2] == [ann.period.id, before.id]


def test_nobody_writes_under_what_another_period_follows_though_its_roster_is_the_same(room: Room) -> None:
    """Who came and went has left a period from before its time, which later commits have healed."""
    ann, eve = room[0], room[3]
    before = ann.period
    stranger = Member.named("fay", room.log)
    let_in(room, [stranger])
    room.set_roster([room[0], room[1], room[2], eve], room.members)
    assert ann.roster == frozenset(before.members)
    assert ann.state.periods.choose_period(ann.roster) is None
    assert not ann.writing.may_write(ann.roster)
