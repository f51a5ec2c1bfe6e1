"""A room listens under few tag keys, the newest first."""

from __future__ import annotations

from collections.abc import Collection

from p2pchat.core.room.tag_keys import TAG_KEYS_MAX, RoomTagKeys
from p2pchat.crypto.room_tags import RoomTagKey
from p2pchat.types import Epoch
from p2pchat.wire.cell import Cell
from p2pchat.wire.codec import Reader
from p2pchat.wire.geometry import GEOMETRY

EPOCH = Epoch(81_000)


def keys(count: int, needed: Collection[bytes] = ()) -> RoomTagKeys:
    made = RoomTagKeys()
    for number in range(count):
        made.add_key(bytes([number]) * 32, RoomTagKey.from_secret(bytes([number]) * 32, EPOCH))
        if not made.has_space:
            made.forget_one(needed)
    return made


def cell(number: int, epoch: Epoch = EPOCH) -> Cell:
    tag = RoomTagKey.from_secret(bytes([number]) * 32, EPOCH).make_tag(epoch, b"r" * 8)
    return Cell(tag, epoch, bytes(GEOMETRY.stamp), bytes(GEOMETRY.box))


def test_a_cell_is_found_under_any_key_that_is_kept() -> None:
    made = keys(3)
    assert [made.key_of(cell(number), EPOCH) for number in range(3)] == list(made._keys.values())
    assert made.key_of(cell(7), EPOCH) is None
    made.keep_only([bytes([1]) * 32])
    assert [made.key_of(cell(number), EPOCH) is not None for number in range(3)] == [False, True, False]


def test_the_key_that_began_first_goes_for_one_too_many() -> None:
    made = keys(TAG_KEYS_MAX + 2)
    assert len(made) == TAG_KEYS_MAX
    assert made.added == TAG_KEYS_MAX + 2, "what waited for a new key sees that there is one"
    assert made.find_key(bytes([1]) * 32) is None and made.begun_at(bytes([1]) * 32) == 0
    assert made.begun_at(bytes([2]) * 32) == EPOCH


def test_a_key_under_which_a_member_still_writes_stays() -> None:
    made = keys(TAG_KEYS_MAX + 2, needed={bytes([0]) * 32, bytes([2]) * 32})
    gone = [number for number in range(TAG_KEYS_MAX + 2) if made.find_key(bytes([number]) * 32) is None]
    assert gone == [1, 3]
    made = keys(TAG_KEYS_MAX + 1, needed={bytes([number]) * 32 for number in range(TAG_KEYS_MAX + 1)})
    assert len(made) == TAG_KEYS_MAX and made.find_key(bytes([0]) * 32) is None


def test_a_key_that_is_there_stays_as_it_is() -> None:
    made = keys(1)
    before = made.find_key(bytes(32))
    made.add_key(bytes(32), RoomTagKey(b"other" * 6, EPOCH))
    assert made.find_key(bytes(32)) is before


def test_epochs_go_on_with_members_who_confirm_them() -> None:
    made = keys(1)
    made.follow_clock(EPOCH + 9)
    assert made.key_of(cell(0), EPOCH) is not None
    made.confirm_epoch(EPOCH + 9)
    made.confirm_epoch(EPOCH + 3)
    made.moved = False
    made.follow_clock(EPOCH + 9)
    assert made.moved and made.key_of(cell(0), EPOCH) is None
    assert made.begun_at(bytes(32)) == EPOCH, "when it began is remembered"


def test_what_is_kept_is_read_back() -> None:
    made = keys(2)
    made.confirm_epoch(EPOCH)
    again = RoomTagKeys.read_kept(Reader(made.as_values()))
    assert again.as_values() == made.as_values()
