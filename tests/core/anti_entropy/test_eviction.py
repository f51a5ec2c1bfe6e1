"""Cells go by their age; but those of the link that brought the most go first."""

from __future__ import annotations

import pytest

from p2pchat.core.anti_entropy import eviction
from p2pchat.core.anti_entropy.eviction import OURS, Eviction
from p2pchat.types import CellKey, Epoch

EPOCH = Epoch(7)
QUIET, LOUD = 1, 2


def with_keys(*seen: tuple[int, int, bytes]) -> Eviction:
    """By slot and lane."""
    kept = Eviction()
    for slot, lane, key in seen:
        kept.add_key(slot, EPOCH, lane, CellKey(key))
    return kept


def keys(gone: list[tuple[CellKey, Epoch]]) -> list[CellKey]:
    return [key for key, _ in gone]


def test_what_an_earlier_run_left_is_in_order_and_may_have_gaps_before_it() -> None:
    kept = Eviction()
    kept.presume_gaps()
    assert (kept.oldest, kept.since) == (None, 0)
    for key in (b"b", b"a"):
        kept.load_key(5, EPOCH, CellKey(key))
    kept.sort_keys()
    kept.presume_gaps()
    assert (kept.oldest, kept.since) == (5, 6)
    assert keys(kept.evict_cells(1)) == [b"a"]


def test_of_epochs_that_are_over_all_go_up_to_a_count() -> None:
    kept = with_keys((1, QUIET, b"a"), (1, QUIET, b"b"), (2, LOUD, b"c"))
    assert kept.drop_expired(EPOCH, 9) == []
    assert kept.drop_expired(Epoch(EPOCH + 1), 2) == [(b"a", EPOCH), (b"b", EPOCH)]
    assert kept.drop_expired(Epoch(EPOCH + 1), 2) == [(b"c", EPOCH)]
    assert kept.oldest is None


def test_the_link_that_brought_the_most_loses_its_own_oldest_first() -> None:
    kept = with_keys((1, QUIET, b"a"), (2, LOUD, b"b"), (3, LOUD, b"c"), (3, LOUD, b"d"))
    assert keys(kept.evict_cells(2)) == [b"b", b"c"]
    assert list(kept.remembered) == [b"b", b"c"], "they were seen after what is kept"
    assert kept.since == 0


def test_among_equals_the_first_goes_and_what_is_older_is_not_complete_any_more() -> None:
    kept = with_keys((1, QUIET, b"a"), (2, LOUD, b"b"))
    assert keys(kept.evict_cells(1)) == [b"a"]
    assert not kept.remembered
    assert kept.since == 2


def test_what_a_link_brought_that_is_gone_shares_one_lane() -> None:
    kept = with_keys((1, OURS, b"b"), (1, LOUD, b"a"), (2, QUIET, b"c"))
    kept.merge_lane(LOUD)
    kept.merge_lane(LOUD)
    assert kept.slots == {(1, EPOCH, OURS): [b"a", b"b"], (2, EPOCH, QUIET): [b"c"]}
    assert keys(kept.evict_cells(1)) == [b"a"]


def test_only_so_many_keys_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eviction, "REMEMBERED_CAP", 1)
    kept = with_keys((1, QUIET, b"a"), (2, LOUD, b"b"), (2, LOUD, b"c"), (2, LOUD, b"d"))
    kept.evict_cells(2)
    assert list(kept.remembered) == [b"c"]
