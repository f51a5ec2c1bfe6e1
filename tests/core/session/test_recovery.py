"""A line without a session carries words, and refuses any other content of its cells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.session import recovery
from p2pchat.core.session.recovery import PARTS_MAX, RecoveryChannel
from p2pchat.crypto.recovery import SLOTS, RecoveryKey
from p2pchat.errors import Malformed
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.fragment import NOTHING_SEEN, Fragment, Lane, encode_fragment
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.recovery import ASK_BYTES, CELLS_MAX, Living, RecoveryAnswer

EPOCH = Epoch(80_000)
LIVING = Living(b"a" * ASK_BYTES, b"box")
LONG = RecoveryAnswer(b"a" * ASK_BYTES, b"b" * GEOMETRY.data)
"""A word of two cells."""


def lines() -> tuple[RecoveryChannel, RecoveryChannel]:
    """Both ends, which listen."""
    entropy = SeededEntropy("lines")
    alice, bob = RecoveryKey.generate(entropy), RecoveryKey.generate(entropy)
    ends = RecoveryChannel(alice, bob.public, entropy), RecoveryChannel(bob, alice.public, entropy)
    for end in ends:
        end.follow_epochs(EPOCH)
    return ends


@pytest.mark.parametrize("word", [LIVING, LONG], ids=["short", "long"])
def test_a_word_arrives_with_its_last_cell(word: Living | RecoveryAnswer) -> None:
    alice, bob = lines()
    cells = [decode_cell(each) for each in alice.seal_word(word, EPOCH)]
    assert all(bob.knows_tag(cell.tag) for cell in cells)
    heard = [bob.open_cell(cell) for cell in cells]
    assert heard == [None] * (len(cells) - 1) + [word]


def test_a_cell_of_another_epoch_than_its_tag_is_refused() -> None:
    alice, bob = lines()
    (cell,) = [decode_cell(each) for each in alice.seal_word(LIVING, EPOCH)]
    with pytest.raises(Malformed, match="another epoch"):
        bob.open_cell(replace(cell, epoch=Epoch(EPOCH + 1)))


@pytest.mark.parametrize(("lane", "count"), [(Lane.ORDERED, 1), (Lane.APART, CELLS_MAX + 1)])
def test_what_belongs_into_a_session_or_is_too_long_for_a_word_is_refused(lane: Lane, count: int) -> None:
    alice, bob = lines()
    plain = encode_fragment(Fragment(lane, 7, 0, 0, count, EPOCH, NOTHING_SEEN, b"piece"))
    cell = decode_cell(alice._to.seal_cell(plain, EPOCH, 0, 0))
    with pytest.raises(Malformed, match="another line"):
        bob.open_cell(cell)


def test_of_words_that_never_end_only_the_last_are_kept() -> None:
    alice, bob = lines()
    said = [[decode_cell(each) for each in alice.seal_word(LONG, EPOCH)] for _ in range(PARTS_MAX + 1)]
    for cells in said:
        assert bob.open_cell(cells[0]) is None
    assert [bob.open_cell(cell) for cell in said[0][1:]][-1] is None, "its first cell is forgotten"
    assert [bob.open_cell(cell) for cell in said[-1][1:]][-1] == LONG


def test_the_words_of_a_day_arrive_with_their_cells_in_any_order() -> None:
    alice, bob = lines()
    said = [[decode_cell(each) for each in alice.seal_word(LONG, EPOCH)] for _ in range(16)]
    assert [bob.open_cell(first) for first, _ in said] == [None] * 16
    assert [bob.open_cell(last) for _, last in said] == [LONG] * 16


def test_words_of_an_epoch_have_no_slot_in_common_while_there_are_others() -> None:
    alice, _ = lines()
    tags = [decode_cell(alice.seal_word(LIVING, EPOCH)[0]).tag for _ in range(SLOTS)]
    assert len(set(tags)) == SLOTS
    assert decode_cell(alice.seal_word(LIVING, EPOCH)[0]).tag in tags


def test_a_line_follows_the_epochs() -> None:
    alice, bob = lines()
    (old,) = [decode_cell(each) for each in alice.seal_word(LIVING, EPOCH)]
    delta = bob.follow_epochs(Epoch(EPOCH + 100))
    assert old.tag in delta.removed and not bob.knows_tag(old.tag)
    assert set(delta.added) == set(bob.list_tags())
    assert bob.follow_epochs(Epoch(EPOCH + 100)).added == ()


def test_a_cell_is_known_again_only_among_the_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "REMEMBERED_MAX", 2)
    alice, bob = lines()
    cells = [decode_cell(each) for _ in range(3) for each in alice.seal_word(LIVING, EPOCH)]
    heard = [bob.open_cell(cell) for cell in (*cells, cells[2], cells[0])]
    assert heard == [LIVING, LIVING, LIVING, None, LIVING]
