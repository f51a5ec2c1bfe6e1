"""A copy of this home shows by the keys that it uses."""

from __future__ import annotations

from p2pchat.core.session.own_tags import AHEAD, OwnTags, Position
from p2pchat.crypto.envelope import SendChain
from p2pchat.types import Epoch
from p2pchat.wire.cell import Cell, decode_cell
from p2pchat.wire.geometry import GEOMETRY

EPOCH = Epoch(1000)


def chain() -> SendChain:
    return SendChain(bytes(32), EPOCH)


def position(chain: SendChain, name: bytes = b"first") -> Position:
    return name, chain.epoch, chain.index


def nth_cell(index: int) -> Cell:
    """The cell that a chain like ours writes at a place."""
    copy = chain()
    copy.skip_to(index)
    return decode_cell(copy.seal_cell(bytes(GEOMETRY.plain)))


def test_the_tags_of_our_next_cells_are_listened_for_as_we_go_on() -> None:
    ours, tags = chain(), OwnTags()
    first = tags.follow_chain(ours, position(ours))
    assert first.added == tuple(ours.peek_tags(AHEAD)) and first.removed == ()
    assert tags.follow_chain(ours, position(ours)).added == ()
    used = ours.peek_tags(1)[0]
    ours.seal_cell(bytes(GEOMETRY.plain))
    second = tags.follow_chain(ours, position(ours))
    assert second.removed == (used,) and len(second.added) == 1
    assert tags.list_tags() == ours.peek_tags(AHEAD)


def test_a_cell_under_a_key_that_we_have_yet_to_use_is_a_copy_s_and_we_go_on_behind_it() -> None:
    ours, tags = chain(), OwnTags()
    tags.follow_chain(ours, position(ours))
    assert tags.find_copy(nth_cell(3), ours, position(ours))
    assert ours.index == 4


def test_no_other_can_write_such_a_cell() -> None:
    ours, tags = chain(), OwnTags()
    tags.follow_chain(ours, position(ours))
    real = nth_cell(3)
    assert not tags.find_copy(
        Cell(real.tag, real.epoch, real.stamp, bytes(len(real.box))), ours, position(ours)
    )
    assert ours.index == 0


def test_what_we_have_written_ourselves_is_no_copy_s() -> None:
    ours, tags = chain(), OwnTags()
    assert not tags.find_copy(nth_cell(0), ours, position(ours)), "nothing is listened for yet"
    tags.follow_chain(ours, position(ours))
    ours.seal_cell(bytes(GEOMETRY.plain))
    assert not tags.find_copy(nth_cell(0), ours, position(ours))


def test_a_tag_of_another_chain_shows_nothing() -> None:
    ours, tags = chain(), OwnTags()
    tags.follow_chain(ours, position(ours))
    assert not tags.find_copy(nth_cell(3), ours, position(ours, b"second"))
