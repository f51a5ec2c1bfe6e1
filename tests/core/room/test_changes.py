"""Entries as they are written and as they come, and what people are told of them."""

from __future__ import annotations

import pytest

from p2pchat.core.room.changes import restore_changes
from p2pchat.core.room.outputs import OtherToldOtherwise, RosterChanged
from p2pchat.errors import Malformed
from p2pchat.types import MemberId
from p2pchat.wire.room_actions import AddMember, HandOver, LeaveRoom, RemoveMember, RenameRoom, SetRole
from p2pchat.wire.room_log import SentEntry, decode_sent_entry
from tests.support.room_world import RoomWorld


def test_an_entry_has_a_mac_for_all_who_were_in() -> None:
    world = RoomWorld(1, "anna", "ben", "carl")
    anna, ben = world.room("anna"), world.room("ben")
    data, step = anna.changes.write_entry(RenameRoom("climbers"), anna.state)
    assert step.after.name == "climbers"
    proved, taken = ben.changes.read_entry(data, anna.own, ben.state, world.now)
    assert proved and taken.after.name == "climbers"


def test_an_entry_with_a_wrong_mac_does_not_count_until_it_is_proved() -> None:
    world = RoomWorld(2, "anna", "ben", "carl")
    anna, ben, carl = (world.room(name) for name in ("anna", "ben", "carl"))
    data, _ = anna.changes.write_entry(RenameRoom("climbers"), anna.state)
    sent = decode_sent_entry(data)
    proved, step = ben.changes.take_entry(SentEntry(sent.entry, ()), ben.state, world.now)
    assert not proved and step.after.name == "walkers"
    named = ben.changes.note_heads(anna.changes.heads)
    assert named.placed and named.after.name == "walkers"
    proved, step = ben.changes.take_entry(sent, ben.state, world.now)
    assert proved and step.after.name == "climbers"
    assert carl.changes.roster.name == "walkers"


def test_nobody_writes_an_entry_in_the_name_of_another() -> None:
    world = RoomWorld(3, "anna", "ben")
    anna, ben = world.room("anna"), world.room("ben")
    data, _ = anna.changes.write_entry(RenameRoom("climbers"), anna.state)
    with pytest.raises(Malformed):
        ben.changes.read_entry(data, ben.own, ben.state, world.now)


def test_the_roster_at_heads_is_that_of_their_pasts() -> None:
    world = RoomWorld(4, "anna", "ben", "carl")
    room = world.room("anna")
    before = room.changes.heads
    world.remove("anna", "carl")
    entries = room.changes.roster_at(before)
    assert entries is not None and world.names_of(entries) == ["anna", "ben", "carl"]
    entries = room.changes.roster_at(room.changes.heads)
    assert entries is not None and world.names_of(entries) == ["anna", "ben"]
    assert entries[world["ben"].id] == world["ben"].keys.key.public
    for unknown in (b"", b"x" * 32, b"half a head"):
        assert room.changes.roster_at(unknown) is None


def test_what_one_does_not_know_is_listed_with_its_macs() -> None:
    world = RoomWorld(5, "anna", "ben", "carl")
    room = world.room("anna")
    before = room.changes.heads
    world.change("anna", SetRole(world["ben"].id, admin=True))
    world.remove("anna", "carl")
    unknown = room.changes.list_unknown_to(before, 8)
    assert [type(sent.entry.action).__name__ for sent in unknown] == ["SetRole", "RemoveMember"]
    assert all(len(sent.macs) == 3 for sent in unknown[:1])
    assert room.changes.list_unknown_to(room.changes.heads, 8) == []
    assert len(room.changes.list_unknown_to(before, 1)) == 1


def test_who_holds_no_office_may_only_leave_and_nobody_is_above_a_senior() -> None:
    world = RoomWorld(11, "anna", "ben", "carl", "dora")
    for name in ("ben", "carl"):
        world.change("anna", SetRole(world[name].id, admin=True))
    world.run(20.0)
    ids = {name: world[name].id for name in world.homes}

    def may_remove(name: str, other: str) -> bool:
        return world.room(name).changes.may_write(RemoveMember(ids[other], 1))

    assert may_remove("anna", "ben") and may_remove("ben", "carl") and may_remove("carl", "dora")
    assert not (may_remove("carl", "ben") or may_remove("ben", "anna") or may_remove("ben", "ben"))
    dora = world.room("dora").changes
    new = world["ben"].keys.public
    assert not (
        dora.may_write(RenameRoom("mine")) or dora.may_write(AddMember(new)) or may_remove("dora", "carl")
    )
    assert dora.may_write(LeaveRoom(1)) and world.room("carl").changes.may_write(AddMember(new))
    assert not world.room("ben").changes.may_write(SetRole(ids["dora"], admin=True))
    assert not world.room("anna").changes.may_write(HandOver(MemberId(b"x" * 32)))


def test_who_brought_whom_is_known() -> None:
    world = RoomWorld(6, "anna", "ben")
    changes = world.room("ben").changes
    assert changes.find_inviter(world["ben"].id) == world["anna"].id
    assert changes.find_inviter(world["anna"].id) is None
    assert changes.find_member(world["anna"].id).name == "anna"
    with pytest.raises(KeyError):
        changes.find_member(MemberId(b"x" * 32))


def test_whoever_says_two_things_at_one_place_is_told() -> None:
    world = RoomWorld(7, "anna", "ben", "carl")
    records = dict(world["anna"].records)
    world.change("anna", RenameRoom("climbers"))
    world.run(20.0)
    world["anna"].records = records
    world.kill("anna")
    room, ben = world.room("anna"), world.room("ben")
    data, _ = room.changes.write_entry(RenameRoom("swimmers"), room.state)
    _, step = ben.changes.read_entry(data, room.own, ben.state, world.now)
    assert [fork.author for fork in step.forks] == [room.own]


def test_what_is_kept_of_the_log_comes_back() -> None:
    world = RoomWorld(8, "anna", "ben", "carl")
    world.change("anna", RemoveMember(world["carl"].id, 1))
    world.run(20.0)
    for name in ("anna", "ben"):
        changes = world.room(name).changes
        again = restore_changes(world[name].records)
        assert again.roster == changes.roster and again.heads == changes.heads
        assert again.log.list_proofs() == changes.log.list_proofs()
        last = changes.log.graph.ids[-1]
        assert again.find_sent(last) == changes.find_sent(last)
        assert again.pop_records() == {}


def test_a_log_with_an_entry_missing_is_no_log() -> None:
    world = RoomWorld(9, "anna", "ben")
    records = dict(world["ben"].records)
    del records[b"e" + world["anna"].id]
    with pytest.raises(Malformed):
        restore_changes(records)
    with pytest.raises(Malformed):
        restore_changes({})


def test_a_step_that_changes_nothing_tells_nothing() -> None:
    world = RoomWorld(10, "anna", "ben")
    news = len(world["ben"].news)
    step = world.room("ben").changes.note_heads(world.room("anna").changes.heads)
    assert step.before is step.after
    world.run(5.0)
    assert [
        one for one in world["ben"].news[news:] if isinstance(one, RosterChanged | OtherToldOtherwise)
    ] == []
