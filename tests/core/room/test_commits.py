"""A commit is for its members, heals its author, and is never uneven unseen."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from unittest.mock import patch

import pytest

from p2pchat.core.room.assembly import cut_payload
from p2pchat.core.room.commits import CommitPlan, UnevenShare, make_commit, open_commit, open_share
from p2pchat.crypto.envelope import EPOCH_SECONDS, epoch_at
from p2pchat.crypto.room_chains import seal_room_cell
from p2pchat.crypto.room_keys import MemberKey, mask_share
from p2pchat.errors import Malformed, RefusedInput, Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import MemberId
from p2pchat.wire.room_cells import RoomKind, RoomPlace
from p2pchat.wire.room_commits import KeptShare, RoomCommit, encode_commit
from tests.support.rooms import NOW, Member, Room, entries_of, founded

EPOCH = epoch_at(NOW)
HOUR = 3600.0


@pytest.fixture
def room() -> Room:
    return founded("ann", "bob", "cid", "eve")


def commit_of(author: Member, share: bytes = b"s" * 32) -> RoomCommit:
    """A commit as its author would make it, of which nothing is kept."""
    plan = CommitPlan(author.latest.index, author.knows, author.log.rosters[author.knows], 0)
    new = MemberKey.generate(SeededEntropy(f"new key of {author.name}"))
    return make_commit(author.latest, author.state.pairs, new, share, plan).commit


def seal(by: Member, author: MemberId, commit: RoomCommit) -> list[bytes]:
    """The cells of it, under the author's chain, by any member."""
    period, tags = by.latest, by.state.tags.find_key(by.latest.tags_of)
    assert tags is not None
    chain = period.chains.get(author) or period.sending
    assert chain is not None
    cells = []
    for at, plain in enumerate(cut_payload(RoomKind.COMMIT, encode_commit(commit)), commit.head.index):
        key, place = chain.find_key(at), RoomPlace(period.name, period.members.index(author), at)
        assert key is not None
        cells.append(seal_room_cell(key, b"any r %02d" % at, tags, EPOCH, place, plain))
    return cells


def test_all_who_are_in_write_under_the_new_period(room: Room) -> None:
    before = room[0].period.id
    after = room.commit(1)
    assert before != after
    assert {member.period.id for member in room.members} == {after}
    for at in range(4):
        room.say(at, f"from {at}", NOW)
    assert [len(member.texts) for member in room.members] == [3, 3, 3, 3]


def test_the_authors_key_is_a_new_one_and_everybodys_else_stays(room: Room) -> None:
    before = dict(room[0].period.keys)
    room.commit(1)
    after = room[0].period.keys
    assert [member.name for member in room.members if before[member.id] != after[member.id]] == ["bob"]
    assert {member.period.keys[room[1].id] for member in room.members} == {after[room[1].id]}


def test_no_member_without_a_slot_opens_it(room: Room) -> None:
    """Eve was removed. She has all earlier keys, and each member's pair key with her."""
    ann, eve = room[0], room[3]
    room.set_roster(room.members[:3], room.members[:3])
    room.tell(ann.commit())
    assert eve.period.id != ann.period.id
    room.say(1, "without eve")
    assert ann.texts == [(room[1].id, b"without eve")] and eve.texts == []


# --- forged, altered, uneven


def test_a_commit_that_another_made_up_changes_nothing(room: Room) -> None:
    ann, bob, eve = room[0], room[1], room[3]
    faked = commit_of(eve)
    head = replace(faked.head, author=ann.id, index=0)
    before = bob.period.as_record()
    assert bob.hear(seal(eve, ann.id, replace(faked, head=head))) == []
    assert bob.period.as_record() == before and bob.reading.counters["unreadable"] == 1
    room.commit(0)
    assert bob.period.author == ann.id


def test_without_its_macs_anybody_could_commit_for_anybody(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member that invents a commit for another finds a share that fits: it has the parent's secret."""
    ann, bob = room[0], room[1]
    true = commit_of(ann)
    forged = replace(true, macs=tuple(bytes(16) for _ in true.macs))
    assert bob.hear(seal(room[3], ann.id, forged)) == []
    monkeypatch.setattr("p2pchat.core.room.commits.are_equal", lambda one, other: True)
    assert bob.hear(seal(room[3], ann.id, forged)) != []


def test_of_an_altered_commit_nothing_is_taken(room: Room) -> None:
    ann, bob = room[0], room[1]
    true, entries = commit_of(ann), ann.log.rosters[ann.knows]
    open_commit(bob.latest, bob.state.pairs, true, entries, NOW)
    bad = bytes(31) + b"\7"
    altered = [
        replace(true, head=replace(true.head, key=bad)),
        replace(true, head=replace(true.head, shares=bad)),
        replace(true, head=replace(true.head, confirmation=bad)),
    ]
    altered.append(replace(true, head=replace(true.head, heads=b"others")))
    altered.append(replace(true, head=replace(true.head, index=9)))
    altered.append(replace(true, head=replace(true.head, tag_epoch=EPOCH)))
    altered.append(replace(true, masked=(bytes(32), *true.masked[1:])))
    altered.append(RoomCommit(true.head, true.macs[1:], true.masked[1:]))
    for one in altered:
        with pytest.raises(RefusedInput) as refused:
            open_commit(bob.latest, bob.state.pairs, one, entries, NOW)
        assert not isinstance(refused.value, UnevenShare), "no author is blamed for what another altered"


def test_a_slot_is_for_its_owner_alone(room: Room) -> None:
    ann, bob, cid = room[0], room[1], room[2]
    commit, others = commit_of(ann), ann.period.list_others(ann.id)
    entries = ann.log.rosters[ann.knows]
    at = others.index(bob.id)
    kept = KeptShare(commit.head, commit.macs[at], commit.masked[at])
    assert open_share(bob.latest, bob.state.pairs, kept, entries, NOW)
    with pytest.raises(Unreadable):
        open_share(cid.latest, cid.state.pairs, kept, entries, NOW)


def test_an_uneven_share_is_found_and_its_author_named(room: Room) -> None:
    ann, bob, cid = room[0], room[1], room[2]
    cells = seal(ann, ann.id, made_unevenly(ann, bob))
    room.tell(cells, but=[ann])
    assert bob.uneven == [ann.id] and bob.begun == []
    assert cid.uneven == [] and len(cid.begun) == 1
    assert bob.hear(cells) == [], "it is found once"


def test_its_secret_is_got_from_another_and_checked(room: Room) -> None:
    """Ann gives cid what fits, and bob what does not. The two make the secret good."""
    ann, bob, cid = room[0], room[1], room[2]
    true = commit_of(ann)
    id = checked_id(bob, true)
    _, secret, _ = open_commit(cid.latest, cid.state.pairs, true, ann.log.rosters[ann.knows], NOW)
    at = ann.period.list_others(ann.id).index(bob.id)
    wrong = uneven_share(ann, bob, true, at)
    with pytest.raises(UnevenShare) as found:
        open_share(bob.latest, bob.state.pairs, wrong, ann.log.rosters[ann.knows], NOW)
    bob.state.uneven.put(found.value.checked.id, found.value.checked)
    assert found.value.checked.id == id
    with pytest.raises(Unreadable):
        bob.reading.take_secret(id, b"not the secret" + bytes(18), NOW)
    assert bob.reading.take_secret(id, secret, NOW) != []
    assert bob.period.id == id
    with pytest.raises(Unreadable):
        bob.reading.take_secret(id, secret, NOW)


def made_unevenly(author: Member, victim: Member) -> RoomCommit:
    """A commit whose author masks other bytes for one member, and is right for all others."""
    at = author.latest.list_others(author.id).index(victim.id)
    turns = count()

    def mask_otherwise(share: bytes, mask: bytes) -> bytes:
        return mask_share(bytes(32) if next(turns) == at else share, mask)

    with patch("p2pchat.core.room.commits.mask_share", mask_otherwise):
        return commit_of(author)


def checked_id(member: Member, commit: RoomCommit) -> bytes:
    entries = member.log.rosters[member.knows]
    return open_commit(member.period, member.state.pairs, commit, entries, NOW)[0].id


def uneven_share(author: Member, victim: Member, true: RoomCommit, at: int) -> KeptShare:
    """The head of a good commit, and a bad share under a right MAC."""
    key = author.state.pairs.sending_key(author.latest.bases[victim.id], victim.id)
    masked = bytes([true.masked[at][0] ^ 1]) + true.masked[at][1:]
    mac = key.commit_mac(author.id, victim.id, checked_id(victim, true), masked)
    return KeptShare(true.head, mac, masked)


def test_without_the_confirmation_it_would_not_be_seen(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = room[0], room[1]
    true = commit_of(ann)
    at = ann.period.list_others(ann.id).index(bob.id)
    wrong, entries = uneven_share(ann, bob, true, at), ann.log.rosters[ann.knows]
    monkeypatch.setattr("p2pchat.core.room.commits.CheckedHead.fits_secret", lambda self, secret: True)
    _, secret, _ = open_share(bob.latest, bob.state.pairs, wrong, entries, NOW)
    _, of_all, _ = open_commit(bob.latest, bob.state.pairs, true, entries, NOW)
    assert secret != of_all


@pytest.mark.parametrize("value", [bytes(32), b"\xff" * 32])
def test_a_commit_with_a_key_that_is_none_is_refused(room: Room, value: bytes) -> None:
    commit = commit_of(room[0])
    bad = replace(commit, head=replace(commit.head, key=value))
    with pytest.raises(Unreadable):
        open_commit(room[1].period, room[1].state.pairs, bad, room[0].log.rosters[room[0].knows], NOW)


def test_a_key_that_was_used_before_is_refused(room: Room) -> None:
    """Neither one's own of before, which a thief may have, nor another member's."""
    bob = room[1]
    former = bob.period.keys[room[0].id]
    room.commit(0)
    for key in (former, bob.period.keys[room[2].id], bob.period.keys[room[0].id]):
        with pytest.raises(Unreadable):
            bob.state.pairs.check_new(key)


def test_a_removal_that_leaves_the_tag_key_is_refused(room: Room) -> None:
    room.set_roster(room.members[:3], room.members[:3])
    commit = commit_of(room[0])
    with pytest.raises(Malformed):
        open_commit(room[1].latest, room[1].state.pairs, commit, room[0].log.rosters[room[0].knows], NOW)


def test_a_non_member_makes_no_commit(room: Room) -> None:
    """Eve, who was removed, commits at the heads at which she is gone."""
    eve, bob = room[3], room[1]
    commit = commit_of(eve)
    heads = room.set_roster(room.members[:3], [bob])
    with pytest.raises(RefusedInput):
        open_commit(bob.latest, bob.state.pairs, commit, room.log.rosters[heads], NOW)


def test_a_commit_is_of_its_parent_alone(room: Room) -> None:
    """What is repeated upon another period, or in another place, opens nowhere."""
    ann, bob = room[0], room[1]
    commit, entries = commit_of(ann), ann.log.rosters[ann.knows]
    room.commit(2)
    moved = replace(commit, head=replace(commit.head, parent=bob.period.id))
    for one in (commit, moved):
        with pytest.raises(Unreadable):
            open_commit(bob.latest, bob.state.pairs, one, entries, NOW)


def test_a_commit_that_waits_for_the_log_opens_when_it_has_grown(room: Room) -> None:
    ann, bob = room[0], room[1]
    cells = ann.commit()
    entries = room.log.rosters.pop(ann.knows)
    assert bob.hear(cells) == []
    assert bob.reading.retry_early(NOW) == []
    room.log.rosters[ann.knows] = entries
    bob.events += bob.reading.retry_early(NOW)
    assert bob.period.id == ann.period.id


# --- copies and thieves


def test_a_thief_reads_until_the_owner_commits_and_nothing_after(room: Room) -> None:
    """The thief has all that ann has, sees all cells, and is still there."""
    ann = room[0]
    thief = ann.copy("thief")
    room.members.append(thief)
    room.say(1, "before")
    assert thief.texts == [(room[1].id, b"before")]
    room.commit(0, NOW + HOUR)
    room.say(1, "after", NOW + HOUR)
    room.commit(2, NOW + 2 * HOUR)
    room.say(3, "much later", NOW + 2 * HOUR)
    assert thief.texts == [(room[1].id, b"before")]
    assert [text for _, text in ann.texts] == [b"before", b"after", b"much later"]


def test_a_commit_of_another_does_not_heal_it(room: Room) -> None:
    thief = room[0].copy("thief")
    room.members.append(thief)
    room.commit(1)
    room.say(2, "after")
    assert thief.texts == [(room[2].id, b"after")]


def test_without_the_new_keys_part_in_the_mask_the_thief_would_read_on(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the parent's pair key alone, it takes the share from any other's slot."""
    monkeypatch.setattr("p2pchat.crypto.room_keys.MemberKey.agree_with", agree_by_a_constant)
    ann, bob = room[0], room[1]
    thief = ann.copy("thief")
    commit = commit_of(ann)
    pair = thief.state.pairs.sending_key(thief.period.bases[bob.id], bob.id)
    mask = pair.derive_mask(ann.id, bob.id, b"same", (thief.period.id, commit.head.key))
    at = ann.period.list_others(ann.id).index(bob.id)
    assert bytes(a ^ b for a, b in zip(commit.masked[at], mask, strict=True)) == b"s" * 32


def agree_by_a_constant(self: MemberKey, other: bytes) -> bytes:
    return b"same"


def test_with_it_the_share_is_hidden_from_the_thief(room: Room) -> None:
    ann, bob = room[0], room[1]
    thief = ann.copy("thief")
    commit = commit_of(ann)
    pair = thief.state.pairs.sending_key(thief.period.bases[bob.id], bob.id)
    at = ann.period.list_others(ann.id).index(bob.id)
    own = thief.state.pairs.find_own(thief.period.own)
    assert own is not None
    for point in (own.agree_with(commit.head.key), own.agree_with(bob.key.public)):
        mask = pair.derive_mask(ann.id, bob.id, point, (thief.period.id, commit.head.key))
        assert bytes(a ^ b for a, b in zip(commit.masked[at], mask, strict=True)) != b"s" * 32


def test_a_commit_opens_with_the_roster_that_its_author_saw(room: Room) -> None:
    """An entry may be proved to its author, and not to its reader."""
    ann, cid = room[0], room[2]
    heads = room.set_roster(room.members[:3], [ann])
    room.log.doubted[heads] = entries_of(room.members)
    cells = ann.commit()
    cid.hear(cells)
    assert cid.begun[-1:] == [ann.period.id]
    assert set(cid.latest.members) == {member.id for member in room.members[:3]}


# --- what another has kept for us


def kept_for(member: Member, keeper: Member) -> list[KeptShare]:
    return list(keeper.state.kept.shares_for(member.id, [member.latest.name], 8).values())


def test_a_kept_commit_opens_when_its_parent_is_there(room: Room) -> None:
    bob, cid = room[1], room[2]
    for _ in range(2):
        room.commit(0, but=[cid])
    first, second = kept_for(cid, bob)
    with pytest.raises(Unreadable):
        cid.reading.take_kept(second, NOW)
    cid.hear(room[0].say("early"))
    cid.events += cid.reading.take_kept(first, NOW)
    cid.events += cid.reading.take_kept(second, NOW)
    assert cid.period.id == bob.period.id
    assert cid.texts == [(room[0].id, b"early")], "what waited for it opens, too"
    with pytest.raises(Unreadable):
        cid.reading.take_kept(first, NOW)


def test_a_kept_commit_at_unknown_heads_or_of_another_time_is_refused(room: Room) -> None:
    bob, cid = room[1], room[2]
    room.set_roster([*room.members[:3]], room.members[:3])
    room.commit(0, but=[cid])
    (share,) = kept_for(cid, bob)
    assert share.head.tag_epoch
    for now in (NOW - EPOCH_SECONDS * 3, NOW + EPOCH_SECONDS * 130):
        with pytest.raises(Unreadable):
            cid.reading.take_kept(share, now)
    entries = room.log.rosters.pop(share.head.heads)
    with pytest.raises(Unreadable):
        cid.reading.take_kept(share, NOW)
    room.log.rosters[share.head.heads] = entries
    assert cid.reading.take_kept(share, NOW)


def test_a_keeper_of_a_commit_can_neither_alter_it_nor_blame_its_author(room: Room) -> None:
    bob, cid = room[1], room[2]
    room.commit(0, but=[cid])
    (share,) = kept_for(cid, bob)
    for bad in (replace(share, masked=bytes(32)), replace(share, head=replace(share.head, index=9))):
        with pytest.raises(Unreadable) as refused:
            cid.reading.take_kept(bad, NOW)
        assert not isinstance(refused.value, UnevenShare)
    assert cid.uneven == []


def test_an_uneven_share_is_found_in_what_was_kept_as_well(room: Room) -> None:
    ann, bob, cid = room[0], room[1], room[2]
    commit = made_unevenly(ann, cid)
    bob.hear(seal(ann, ann.id, commit))
    (share,) = kept_for(cid, bob)
    cid.events += cid.reading.take_kept(share, NOW)
    assert cid.uneven == [ann.id]
    cid.events += cid.reading.take_secret(bob.period.id, bob.period.secret, NOW)
    assert cid.period.id == bob.period.id
