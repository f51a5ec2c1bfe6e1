"""After a crash nothing is written twice under one key, and an absent or new member gets what it needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.crypto.room_chains import place_of
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.room_cells import RoomPlace
from p2pchat.wire.room_commits import PeriodGrant
from tests.support.rooms import NOW, Member, Room, entries_of, founded

DAY = 86_400.0


@pytest.fixture
def room() -> Room:
    return founded("ann", "bob", "cid")


def place(member: Member, cell: bytes) -> RoomPlace:
    tags = member.state.tags.find_key(member.period.tags_of)
    assert tags is not None
    return place_of(decode_cell(cell), tags)


def grant_of(member: Member) -> PeriodGrant:
    grant = member.state.make_grant(member.period)
    assert grant is not None
    return grant


# --- crashes


def test_nothing_is_written_twice_under_one_key_after_a_crash(room: Room) -> None:
    ann, bob = room[0], room[1]
    first = ann.say("kept, and left")
    ann.crash()
    second = ann.say("after the crash")
    assert place(ann, first[0]).index < place(ann, second[0]).index
    bob.hear([*first, *second])
    assert [text for _, text in bob.texts] == [b"kept, and left", b"after the crash"]


def test_what_was_not_kept_has_not_left_and_is_sealed_anew(room: Room) -> None:
    """The state goes back with what was sealed: the place is free, and the key has served for nothing."""
    ann, bob = room[0], room[1]
    kept = dict(ann.kept)
    lost = ann.say("never left")
    ann.kept = kept
    ann.crash()
    again = ann.say("left")
    assert place(ann, lost[0]) == place(ann, again[0])
    assert lost[0][:16] != again[0][:16], "r is another"
    bob.hear(again)
    assert bob.texts == [(ann.id, b"left")]


def test_a_crash_right_after_a_commit_leaves_the_new_period(room: Room) -> None:
    ann = room[0]
    cells = ann.commit()
    ann.crash()
    room.tell(cells, but=[ann])
    room.say(0, "after")
    room.say(1, "after, too")
    assert ann.texts == [(room[1].id, b"after, too")]
    assert room[2].texts[0] == (ann.id, b"after")


def test_all_that_is_kept_is_read_back_as_it_was(room: Room) -> None:
    room.say(1, "hello")
    room.commit(2, but=[room[1]])
    ann = room[0]
    ann.say("z" * 3000)
    state = RoomKeyState.from_records(ann.who, ann.kept, SeededEntropy("read back"))
    assert state.pop_changes() == {}
    again = {b"p" + one.id: one.as_record() for one in state.periods}
    again |= {name: state.kept.as_record(name[1:]) or b"" for name in ann.kept if name[:1] == b"c"}
    assert again == {name: record for name, record in ann.kept.items() if name not in (b"room", b"pairs")}
    assert state.periods.depths == ann.state.periods.depths
    assert state.periods.latest == ann.state.periods.latest
    assert state.pairs.as_values() == ann.state.pairs.as_values()
    assert state.tags.as_values() == ann.state.tags.as_values()


def test_a_message_changes_one_record(room: Room) -> None:
    ann, bob = room[0], room[1]
    bob.hear(ann.say("first"))
    for member in (ann, bob):
        member.state.pop_changes()
    before = dict(bob.kept)
    bob.hear(ann.say("second"))
    assert [name for name in bob.kept if bob.kept[name] != before[name]] == [b"p" + bob.period.id]
    assert len(bob.kept[b"p" + bob.period.id]) < 2048


# --- grants


def test_a_grant_is_of_the_present_period_alone(room: Room) -> None:
    """An unused period is given to no member."""
    ann, before = room[0], room[0].period
    room.commit(1)
    assert ann.state.make_grant(before) is None
    assert grant_of(ann).secret == ann.period.secret


def test_where_commits_were_lost_a_contact_gives_the_present_period(room: Room) -> None:
    ann, cid = room[0], room[2]
    for _ in range(3):
        room.commit(1, but=[cid])
    room.say(1, "lost", but=[])
    assert cid.texts == []
    id = cid.state.take_grant(grant_of(ann), NOW)
    assert id == ann.period.id
    room.say(1, "heard")
    assert cid.texts[-1] == (room[1].id, b"heard")
    cid_says = cid.say("I am here")
    ann.hear(cid_says)
    assert ann.texts[-1] == (cid.id, b"I am here")


@pytest.mark.parametrize("part", ["secret", "depth", "key of another", "id of another", "tags to come"])
def test_a_grant_that_does_not_fit_its_commit_is_refused(room: Room, part: str) -> None:
    ann, cid = room[0], room[2]
    room.commit(1, but=[cid])
    true = grant_of(ann)
    (first, key), *rest = true.members
    bad = {
        "secret": replace(true, secret=b"another secret, " * 2),
        "depth": replace(true, head=replace(true.head, key=b"k" * 32)),
        "key of another": replace(true, members=((first, bytes([key[0] ^ 1]) + key[1:]), *rest)),
        "id of another": replace(true, members=((bytes(32), key), *rest)),
        "tags to come": replace(true, tag_epoch=int(NOW // EPOCH_SECONDS) + 1),
    }[part]
    before = cid.latest.id
    with pytest.raises(Unreadable):
        cid.state.take_grant(bad, NOW)
    assert cid.latest.id == before


def test_without_the_confirmation_a_wrong_secret_would_be_taken(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    cid = room[2]
    room.commit(1, but=[cid])
    bad = replace(grant_of(room[0]), secret=b"another secret, " * 2)
    monkeypatch.setattr("p2pchat.core.room.commits.CheckedHead.fits_secret", lambda self, secret: True)
    cid.state.take_grant(bad, NOW)
    room.say(1, "not for cid")
    assert cid.period.id == room[0].period.id and cid.texts == []


def test_an_inviter_that_gives_another_roster_than_the_logs_is_refused(room: Room) -> None:
    """The log is what the newcomer compares with others; a grant with another member in it is not taken."""
    dan, mal = Member.named("dan", room.log), Member.named("mal", room.log)
    room.set_roster([*room.members, dan, mal], room.members[:1])
    room[0].commit()
    grant = grant_of(room[0])
    honest = {dan.id: dan.key.public, **entries_of(room.members)}
    room.log.rosters[room[0].knows] = honest
    with pytest.raises(Unreadable):
        RoomKeyState.come_in(dan.who, dan.key, dan.kem, grant, SeededEntropy("dan"), NOW)


# --- three weeks away


def test_three_weeks_away_are_taken_in_one_by_one(room: Room) -> None:
    """Eight commits a day, by two of three; what is kept for cid opens one after the other."""
    ann, bob, cid = room[0], room[1], room[2]
    for turn in range(21 * 8):
        now = NOW + turn * DAY / 8
        room.commit(turn % 2, now, but=[cid])
        room.say(1 - turn % 2, "hm", now, but=[cid])
        for member in (ann, bob):
            member.state.forget_old(now)
            member.keep()
    back = NOW + 21 * DAY
    assert cid.latest.depth == 1 and bob.period.depth == 1 + 168
    asked = 0
    while cid.latest.id != bob.period.id:
        kept = bob.state.kept.shares_for(cid.id, [cid.latest.name], 8)
        assert 0 < len(kept) <= 8
        for share in kept.values():
            cid.events += cid.reading.take_kept(share, back)
        cid.state.forget_old(back)
        cid.keep()
        asked += 1
    assert asked == 21
    room.tell(bob.say("welcome back", back), back)
    assert cid.texts == [(bob.id, b"welcome back")]
    ann.hear(cid.say("thank you", back), back)
    assert ann.texts[-1] == (cid.id, b"thank you")
    assert ann.state.kept.shares_for(cid.id, [one.name for one in cid.state.periods], 8) == {}, (
        "cid was heard: nothing is kept for it"
    )


def test_what_cid_wrote_in_its_old_period_is_read_by_all(room: Room) -> None:
    ann, cid = room[0], room[2]
    for turn in range(20):
        now = NOW + turn * DAY
        room.commit(turn % 2, now, but=[cid])
        room.say(1 - turn % 2, "hm", now, but=[cid])
        ann.state.forget_old(now)
    later = NOW + 20 * DAY
    ann.hear(cid.say("I know of none of this", later), later)
    assert ann.texts[-1] == (cid.id, b"I know of none of this")


def test_a_month_of_eight_commits_a_day_is_bounded(room: Room) -> None:
    ann, cid = room[0], room[2]
    for turn in range(40 * 8):
        now = NOW + turn * DAY / 8
        room.commit(turn % 2, now, but=[cid])
        room.say(1 - turn % 2, "hm", now, but=[cid])
        for member in (ann, room[1]):
            member.state.forget_old(now)
            member.keep()
    assert len(ann.state.periods) <= 30 * 8 + 10
    assert len(ann.state.kept) <= 30 * 8 + 10
    assert len(ann.state.tags) <= 6
    assert sum(map(len, ann.kept.values())) < 400_000
