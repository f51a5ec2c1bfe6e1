"""A member knows a room's cells by one hash, and the keys of epochs that are over are gone."""

from __future__ import annotations

import pytest

from p2pchat.crypto.envelope import FUTURE_EPOCHS, PAST_EPOCHS
from p2pchat.crypto.room_tags import LEAP_EPOCHS, RoomTagKey

EPOCH = 81_000
R = b"r" * 8
PLACE = bytes(range(11))


def test_only_members_know_a_tag() -> None:
    ours, theirs = RoomTagKey.from_secret(b"s" * 32, EPOCH), RoomTagKey.from_secret(b"s" * 32, EPOCH)
    tag = ours.make_tag(EPOCH + 1, R)
    assert len(tag) == 16 and tag[:8] == R
    assert theirs.has_made(tag, EPOCH + 1, EPOCH + 1)
    assert not RoomTagKey.from_secret(b"t" * 32, EPOCH).has_made(tag, EPOCH + 1, EPOCH + 1)
    assert not theirs.has_made(tag, EPOCH, EPOCH + 1), "a tag is of its epoch"


def test_what_is_masked_shows_nothing_and_comes_back() -> None:
    key = RoomTagKey.from_secret(b"s" * 32, EPOCH)
    masked = key.mask_place(EPOCH, R, PLACE)
    assert key.mask_place(EPOCH, R, masked) == PLACE
    assert (
        len({masked, PLACE, key.mask_place(EPOCH, b"q" * 8, PLACE), key.mask_place(EPOCH + 1, R, PLACE)}) == 4
    )


@pytest.mark.parametrize("epoch", [EPOCH + 10 - PAST_EPOCHS - 1, EPOCH + 10 + FUTURE_EPOCHS + 1, EPOCH - 1])
def test_no_cell_is_looked_at_outside_its_life(epoch: int) -> None:
    key, other = RoomTagKey.from_secret(b"s" * 32, EPOCH), RoomTagKey.from_secret(b"s" * 32, EPOCH)
    tag = key.make_tag(max(epoch, EPOCH), R)
    assert not other.has_made(tag, epoch, EPOCH + 10)


def test_a_thief_finds_no_cells_of_epochs_that_are_over() -> None:
    key = RoomTagKey.from_secret(b"s" * 32, EPOCH)
    before = key.make_tag(EPOCH, R)
    assert key.advance_to(EPOCH + 9, confirmed=EPOCH + 9)
    assert key.epoch == EPOCH + 9 - PAST_EPOCHS
    with pytest.raises(ValueError):
        key.make_tag(EPOCH, R)
    assert not key.has_made(before, EPOCH, EPOCH + 1)
    assert key.make_tag(EPOCH + 9, R) == RoomTagKey.from_secret(b"s" * 32, EPOCH).make_tag(EPOCH + 9, R)


def test_an_unconfirmed_clock_leads_back_for_a_week() -> None:
    key = RoomTagKey.from_secret(b"s" * 32, EPOCH)
    assert not key.advance_to(EPOCH + LEAP_EPOCHS, confirmed=EPOCH)
    assert key.make_tag(EPOCH, R)
    assert key.advance_to(EPOCH + 2 * LEAP_EPOCHS, confirmed=EPOCH)
    assert key.epoch == EPOCH + LEAP_EPOCHS - PAST_EPOCHS
    assert not key.advance_to(EPOCH, confirmed=EPOCH)


def test_few_keys_are_remembered() -> None:
    key = RoomTagKey.from_secret(b"s" * 32, EPOCH)
    for epoch in range(EPOCH, EPOCH + 100):
        key.make_tag(epoch, R)
    key.make_tag(EPOCH, R)  # older than all that are remembered
    assert len(key._made) <= PAST_EPOCHS + FUTURE_EPOCHS + 2
