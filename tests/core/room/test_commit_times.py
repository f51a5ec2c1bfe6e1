"""A room's members commit eight times a day together, each once a week at least."""

from __future__ import annotations

import pytest

from p2pchat.core.room.commit_times import CELLS, MESSAGES, SPREAD, WEEK_S, CommitTimes
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.wire.codec import Reader

NOW = 1_800_000_000.0
DAY = 86_400.0


@pytest.mark.parametrize("members", [2, 10, 50])
def test_together_they_commit_eight_times_a_day_and_each_in_a_week(members: int) -> None:
    gaps = [CommitTimes(SeededEntropy(f"{members} {turn}"), NOW, members).at - NOW for turn in range(400)]
    assert max(gaps) <= WEEK_S
    daily = members * DAY / (sum(gaps) / len(gaps))
    assert 7 < daily < (10 if members < 50 else 15)


def test_it_is_due_by_time_by_messages_and_by_cells() -> None:
    times = CommitTimes(SeededEntropy("due"), NOW, 10)
    assert not times.is_due(NOW, MESSAGES - 1, CELLS)
    assert times.is_due(times.at, 0, 0)
    assert times.is_due(NOW, MESSAGES + SPREAD, 0)
    assert times.is_due(NOW, 0, CELLS + 1)


def test_members_do_not_all_commit_after_the_same_message() -> None:
    drawn = {CommitTimes(SeededEntropy(f"{member}"), NOW, 50)._spread for member in range(50)}
    assert len(drawn) > 20 and max(drawn) < SPREAD


def test_a_clock_that_was_ahead_puts_nothing_off() -> None:
    times = CommitTimes(SeededEntropy("ahead"), NOW + 100 * DAY, 10)
    gap = times.at - times.since
    assert not times.is_due(NOW, 0, 0)
    assert times.at == pytest.approx(NOW + gap)


def test_what_is_kept_is_read_back() -> None:
    times = CommitTimes(SeededEntropy("kept"), NOW, 10)
    again = CommitTimes.read_kept(SeededEntropy("again"), Reader(times.as_values()))
    assert (again.at, again.since) == (times.at, times.since)
