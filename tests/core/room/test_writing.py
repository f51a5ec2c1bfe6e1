"""One writes under a period for the roster, with room left in the chain, and commits when it is time."""

from __future__ import annotations

import pytest

from p2pchat.core.room.commit_times import CELLS, MESSAGES, SPREAD, WEEK_S
from p2pchat.core.room.messages import NO_PARENTS, NewMessage
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.room_cells import CHAIN_CELLS, ROOM_PAYLOAD_LIMIT, RoomKind
from tests.support.rooms import NOW, Room, founded

DAY = 86_400.0


@pytest.fixture
def room() -> Room:
    return founded("ann", "bob", "cid")


def new(room: Room, payload: bytes, number: int = 1) -> NewMessage:
    return NewMessage(RoomKind.MESSAGE, number, room[0].knows, NO_PARENTS, payload)


def test_every_cell_of_a_room_has_the_size_of_a_pairs_and_nothing_in_common(room: Room) -> None:
    cells = room[0].say("same") + room[0].say("same") + room[0].commit()
    assert {len(cell) for cell in cells} == {GEOMETRY.cell}
    parsed = [decode_cell(cell) for cell in cells]
    assert len({cell.tag[8:] for cell in parsed}) == len({cell.box[:11] for cell in parsed}) == len(cells)
    assert {cell.stamp for cell in parsed} == {bytes(GEOMETRY.stamp)}


def test_the_longest_payload_is_sealed_and_a_longer_one_is_not(room: Room) -> None:
    sealed = room[0].writing.seal_message(new(room, bytes(ROOM_PAYLOAD_LIMIT)), room[0].roster, NOW)
    assert sealed is not None and len(sealed.cells) == 128
    room[1].hear(sealed.cells)
    assert len(room[1].texts) == 1
    with pytest.raises(ValueError):
        room[0].writing.seal_message(new(room, bytes(ROOM_PAYLOAD_LIMIT + 849)), room[0].roster, NOW)


def test_a_chain_that_is_at_its_end_leaves_room_for_a_commit(room: Room) -> None:
    ann = room[0]
    payload = bytes(ROOM_PAYLOAD_LIMIT)
    for number in range(1, 8):
        assert ann.writing.seal_message(new(room, payload, number), ann.roster, NOW) is not None
    assert ann.writing.seal_message(new(room, payload, 8), ann.roster, NOW) is None
    assert ann.period.index + 128 > CELLS
    assert not ann.writing.may_write(ann.roster, 128) and ann.writing.may_write(ann.roster)
    room.commit(0)
    assert room[1].period.id == ann.period.id
    assert ann.writing.may_write(ann.roster, 128)


def test_a_restored_home_writes_nothing_but_a_commit_where_its_copy_may_have_written(room: Room) -> None:
    ann, bob = room[0], room[1]
    backup = ann.copy("backup")
    bob.hear(ann.say("written after the backup"))
    backup.writing.on_restored()
    assert not backup.writing.may_write(backup.roster)
    bob.hear(backup.commit())
    assert bob.period.id == backup.period.id
    bob.hear(backup.say("from the restored home"))
    assert [text for _, text in bob.texts] == [b"written after the backup", b"from the restored home"]


def test_without_that_what_it_writes_would_be_lost(room: Room) -> None:
    ann, bob = room[0], room[1]
    backup = ann.copy("backup")
    bob.hear(ann.say("written after the backup"))
    bob.hear(backup.say("from the restored home"))
    assert [text for _, text in bob.texts] == [b"written after the backup"]


def test_where_nothing_is_left_of_the_chain_there_is_no_commit(room: Room) -> None:
    ann = room[0]
    ann.writing.on_restored()
    for _ in range(CHAIN_CELLS - CELLS):
        assert ann.writing._seal(ann.period, [bytes(870)], NOW)
    assert ann.writing.make_commit(ann.knows, room.log.rosters[ann.knows], NOW) is None
    assert ann.writing.seal_entry(b"entry", NOW) is None


def test_a_commit_is_due_in_time_and_after_many_messages(room: Room) -> None:
    ann = room[0]
    assert not ann.writing.is_commit_due(NOW)
    assert ann.writing.is_commit_due(NOW + WEEK_S)
    ann.period.count = MESSAGES + SPREAD
    assert ann.writing.is_commit_due(NOW)
    room.commit(0)
    assert not ann.writing.is_commit_due(NOW) and ann.period.count == 0


def test_the_tag_key_is_replaced_once_a_week_and_by_a_removal(room: Room) -> None:
    ann, bob = room[0], room[1]
    first = ann.period.tags_of
    room.commit(0, NOW + DAY)
    assert ann.period.tags_of == bob.period.tags_of == first
    room.commit(1, NOW + 9 * DAY)
    assert ann.period.tags_of == bob.period.tags_of == bob.period.id
    room.set_roster(room.members[:2], room.members[:2])
    room.commit(1, NOW + 9 * DAY, but=[room[2]])
    assert ann.period.tags_of == bob.period.id
    assert ann.state.tags.find_key(first) is not None, "a member may still write under it"


def test_a_newcomers_share_makes_both_agreements_count(room: Room) -> None:
    ann, cid = room[0], room[2]
    assert ann.state.pairs.lacks_share(cid.id)
    ek = cid.kem.encapsulation_key
    cells = ann.writing.seal_share(cid.id, ek, NOW)
    assert cells is not None and len(cells) == 2
    room.tell(cells)
    room.say(2, "under both")
    assert ann.texts == [(cid.id, b"under both")]
    assert not ann.state.pairs.lacks_share(cid.id) and not cid.state.pairs.lacks_share(ann.id)
    room.commit(0)
    room.say(2, "and so on")
    assert ann.texts[-1] == (cid.id, b"and so on")
    assert ann.writing.seal_share(ann.id, ek, NOW) is None
