"""What is drawn from a stream of entropy keeps its law, and its bounds."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.ports import below, exponential, sample, uniform
from p2pchat.sim.entropy import SeededEntropy


@given(st.integers(), st.integers(1, 2**40))
def test_an_integer_is_below_its_bound(seed: int, bound: int) -> None:
    assert 0 <= below(SeededEntropy(seed), bound) < bound


@given(st.integers(), st.floats(-1e6, 1e6), st.floats(0.001, 1e6))
def test_a_float_is_within_its_interval(seed: int, low: float, span: float) -> None:
    assert low <= uniform(SeededEntropy(seed), low, low + span) < low + span + 1e-6


def test_exponential_gaps_have_their_mean() -> None:
    entropy = SeededEntropy("gaps")
    gaps = [exponential(entropy, 3.0) for _ in range(4000)]
    assert min(gaps) >= 0.0
    assert statistics.fmean(gaps) == pytest.approx(3.0, rel=0.1)


@given(st.integers(), st.lists(st.integers(), unique=True, max_size=12), st.integers(0, 20))
def test_a_sample_has_distinct_items_and_no_more_than_there_are(
    seed: int, items: list[int], count: int
) -> None:
    drawn = sample(SeededEntropy(seed), items, count)
    assert len(drawn) == min(count, len(items))
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) <= set(items)


def test_every_item_is_drawn_as_often() -> None:
    entropy = SeededEntropy("fair")
    first = [sample(entropy, "abcd", 2)[0] for _ in range(4000)]
    assert all(800 < first.count(letter) < 1200 for letter in "abcd")
