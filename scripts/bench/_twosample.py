"""Whether two sets of time windows could have been drawn from one: a permutation test on counts.

Knows: P. Good, Permutation, Parametric, and Bootstrap Tests of Hypotheses (2005), chapter 3. Does not know:
what the moments are.
"""

from __future__ import annotations

import random
import statistics
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

ROUNDS: Final = 4999

GRID: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Seconds after the moment at which what has passed is counted: finely at first, where haste would show."""


def counts(times: Sequence[float], moment: float, width: float) -> list[int]:
    """How many of ``times`` (in order) lie between ``moment`` and each place of the grid, up to ``width``."""
    before = bisect_right(times, moment)
    return [bisect_right(times, moment + lag) - before for lag in GRID if lag <= width]


def unprompted(leaving: Sequence[float], coming: Sequence[float], moment: float, width: float) -> int:
    """Count the datagrams that leave after ``moment`` before any comes in: they began here."""
    first = bisect_right(coming, moment)
    until = min(coming[first] if first < len(coming) else moment + width, moment + width)
    return bisect_right(leaving, until) - bisect_right(leaving, moment)


def p_value(
    one: Sequence[Sequence[float]], other: Sequence[Sequence[float]], seed: int = 1, rounds: int = ROUNDS
) -> float:
    """How often chance alone would set two such groups of vectors as far apart, at most.

    The distance is the greatest difference between the groups' means, over all places of the vectors, each in
    standard deviations of all; a Kolmogorov-Smirnov statistic for counts. Exact for any distribution, as
    long as the windows may be exchanged. Never below 1 / (rounds + 1).
    """
    columns: list[tuple[float, ...]] = [
        column for column in zip(*one, *other, strict=True) if len(set(column)) > 1
    ]
    scaled: list[list[float]] = [
        [value / statistics.pstdev(column) for value in column] for column in columns
    ]
    rows = list(zip(*scaled, strict=True))
    if not rows:
        return 1.0
    totals = [sum(column) for column in scaled]

    def distance(chosen: Sequence[int]) -> float:
        sums = [0.0] * len(totals)
        for index in chosen:
            for place, value in enumerate(rows[index]):
                sums[place] += value
        near, far = len(chosen), len(rows) - len(chosen)
        return max(abs(s / near - (t - s) / far) for s, t in zip(sums, totals, strict=True))

    rng = random.Random(seed)
    seen = distance(range(len(one)))
    everyone = range(len(rows))
    as_far = sum(distance(rng.sample(everyone, len(one))) >= seen - 1e-9 for _ in range(rounds))
    return (as_far + 1) / (rounds + 1)
