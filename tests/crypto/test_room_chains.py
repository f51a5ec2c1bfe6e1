"""A chain's cells open in any order, each until its key is used up, and each in its place alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.crypto.kdf import derive
from p2pchat.crypto.room_chains import STEP, MemberChain, open_room_cell, place_of, seal_room_cell
from p2pchat.crypto.room_tags import RoomTagKey
from p2pchat.errors import Unreadable
from p2pchat.types import Epoch, MemberId, Tag
from p2pchat.wire.cell import Cell, decode_cell
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.room_cells import CHAIN_CELLS, ROOM_PLAIN, RoomPlace

EPOCH = Epoch(81_000)
TAGS = RoomTagKey.from_secret(b"t" * 32, EPOCH)
ANN, BOB = MemberId(b"a" * 32), MemberId(b"b" * 32)
PLACE = RoomPlace(b"period 1", 3, 7)
PLAIN = b"p" * ROOM_PLAIN


def chain() -> MemberChain:
    return MemberChain.from_secret(b"s" * 32, ANN)


def sealed(key: bytes = b"k" * 32, nonce: bytes = b"r" * 8) -> Cell:
    return decode_cell(seal_room_cell(key, nonce, TAGS, EPOCH, PLACE, PLAIN))


def test_a_cell_of_a_room_looks_like_any_other_and_opens() -> None:
    cell = sealed()
    assert len(cell.box) == GEOMETRY.box
    assert place_of(cell, TAGS) == PLACE
    assert open_room_cell(b"k" * 32, cell) == PLAIN
    with pytest.raises(Unreadable):
        open_room_cell(b"l" * 32, cell)


@pytest.mark.parametrize("part", ["tag", "epoch", "place", "box"])
def test_a_cell_is_bound_to_all_that_is_around_it(part: str) -> None:
    cell = sealed()
    flipped = bytes([cell.box[0] ^ 1]) + cell.box[1:]
    changed = {
        "tag": replace(cell, tag=Tag(cell.tag[:-1] + b"\0")),
        "epoch": replace(cell, epoch=Epoch(EPOCH + 1)),
        "place": replace(cell, box=flipped),
        "box": replace(cell, box=cell.box[:-1] + bytes([cell.box[-1] ^ 1])),
    }
    with pytest.raises(Unreadable):
        open_room_cell(b"k" * 32, changed[part])


def test_the_key_takes_r_in() -> None:
    """A copy of a home writes at the same place: neither the boxes nor the masks have anything in common."""
    one, other = sealed(), sealed(nonce=b"q" * 8)
    assert one.tag != other.tag
    assert sum(a == b for a, b in zip(one.box, other.box, strict=True)) < 40


def test_each_member_has_a_chain_of_its_own_in_each_period() -> None:
    others = (chain(), MemberChain.from_secret(b"s" * 32, BOB), MemberChain.from_secret(b"z" * 32, ANN))
    assert len({each.find_key(5) for each in others}) == 3


@given(st.permutations(range(12)))
def test_in_any_order_of_cells_their_keys_are_there_once(order: list[int]) -> None:
    ours, theirs = chain(), [chain().find_key(index) for index in range(12)]
    for index in order:
        assert ours.find_key(index) == theirs[index]
        ours.use_up(index)
        assert ours.find_key(index) is None
    assert ours.at == 12 and not ours.skipped


@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=12))
def test_a_chain_finds_the_same_keys_after_any_earlier_questions(turns: list[tuple[int, bool]]) -> None:
    ours, used = chain(), set()
    for index, spent in turns:
        straight = chain().chain
        for _ in range(index):
            straight = derive(straight, "next")
        assert ours.find_key(index) == (None if index in used else derive(straight, "message"))
        if spent:
            ours.use_up(index)
            used.add(index)


def test_a_cell_at_the_end_of_a_chain_makes_no_member_keep_all_its_keys() -> None:
    """Any member can send one under each chain."""
    ours = chain()
    ours.find_key(CHAIN_CELLS - 1)
    assert len(ours._marks) == CHAIN_CELLS // STEP - 1
    ours.use_up(CHAIN_CELLS // 2)
    assert min(ours._marks) > CHAIN_CELLS // 2


def test_finding_a_key_changes_nothing_that_is_kept() -> None:
    ours = chain()
    before = ours.to_fields()
    assert ours.find_key(CHAIN_CELLS - 1) is not None
    assert ours.find_key(CHAIN_CELLS) is None
    assert ours.to_fields() == before


def test_what_was_used_up_does_not_follow_from_what_is_kept() -> None:
    """Neither from the chain, which has gone on, nor from a skipped key, which leads nowhere."""
    ours, used = chain(), chain().find_key(3)
    ours.use_up(3)
    kept = MemberChain.from_fields(*ours.to_fields())  # type: ignore[arg-type]
    assert sorted(kept.skipped) == [0, 1, 2]
    reachable = {kept.find_key(index) for index in range(40)}
    assert used not in reachable
    assert kept.find_key(2) == chain().find_key(2)
    assert kept.find_key(20) == chain().find_key(20)


def test_using_up_absent_keys_changes_nothing() -> None:
    ours = chain()
    ours.use_up(2)
    before = ours.to_fields()
    for index in (2, CHAIN_CELLS):
        ours.use_up(index)
    assert ours.to_fields() == before
    ours.forget_oldest(1)
    assert sorted(ours.skipped) == [1]
