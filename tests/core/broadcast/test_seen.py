"""A cell goes on once, while it lives."""

from __future__ import annotations

import pytest

from p2pchat.core.broadcast.seen import Seen
from p2pchat.crypto.envelope import EPOCH_SECONDS, FUTURE_EPOCHS, PAST_EPOCHS
from p2pchat.types import CellId, Epoch

NOW = 100 * EPOCH_SECONDS + 1.0


def test_a_cell_is_new_once() -> None:
    seen = Seen()
    assert seen.first_sight(CellId(b"a"), Epoch(100), NOW)
    assert not seen.first_sight(CellId(b"a"), Epoch(100), NOW)
    assert seen.first_sight(CellId(b"b"), Epoch(100), NOW)
    assert seen.has_seen(CellId(b"a")) and not seen.has_seen(CellId(b"c"))


@pytest.mark.parametrize("epoch", [Epoch(each) for each in range(90, 110)])
def test_only_living_epochs_are_relayed(epoch: Epoch) -> None:
    assert Seen().is_alive(epoch, NOW) == (100 - PAST_EPOCHS <= epoch <= 100 + FUTURE_EPOCHS)


def test_what_has_died_is_forgotten() -> None:
    seen = Seen()
    seen.first_sight(CellId(b"a"), Epoch(100), NOW)
    later = NOW + (PAST_EPOCHS + 1) * EPOCH_SECONDS
    assert seen.first_sight(CellId(b"b"), Epoch(105), later)
    assert not seen.has_seen(CellId(b"a")) and seen.has_seen(CellId(b"b"))


def test_the_table_has_a_cap_and_forgets_a_part_of_the_oldest() -> None:
    seen = Seen(cap=16)
    for number in range(17):
        seen.first_sight(CellId(b"%d" % number), Epoch(99 + number % 2), NOW)
    assert seen.forgotten == 3
    assert [number for number in range(17) if not seen.has_seen(CellId(b"%d" % number))] == [0, 2, 4]
    assert seen.first_sight(CellId(b"0"), Epoch(99), NOW)
