"""A bucket gives what is in it, fills up again, and never runs over."""

from __future__ import annotations

import pytest

from rendezvous.bucket import Bucket
from rendezvous.limits import Rate

RATE = Rate(burst=3, per_second=2.0)


def drawn(bucket: Bucket, now: float) -> int:
    """How many tokens can be drawn at a moment."""
    count = 0
    while bucket.take_token(now):
        count += 1
    return count


def test_it_is_full_at_first_and_then_refilled_by_the_second() -> None:
    bucket = Bucket(RATE, now=10.0)
    assert drawn(bucket, 10.0) == 3
    assert drawn(bucket, 10.4) == 0
    assert drawn(bucket, 11.5) == 3
    assert drawn(bucket, 1000.0) == 3


def test_what_is_refused_costs_nothing() -> None:
    bucket = Bucket(RATE, now=0.0)
    drawn(bucket, 0.0)
    assert not any(bucket.take_token(0.1) for _ in range(100))
    assert bucket.take_token(0.5)


@pytest.mark.parametrize("worth", [1, 4])
def test_clients_of_one_network_have_it_several_times(worth: int) -> None:
    assert drawn(Bucket(RATE, 0.0, worth), 0.0) == 3 * worth


def test_to_look_takes_nothing() -> None:
    bucket = Bucket(RATE, now=0.0)
    assert bucket.has_token(0.0)
    assert bucket.is_full(0.0)
    bucket.take_token(0.0)
    assert bucket.has_token(0.0)
    assert not bucket.is_full(0.0)
    assert bucket.is_full(0.5)
