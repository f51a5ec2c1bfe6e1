"""A node besieged by a contact and a neighbour never raises, never spins, and still talks with others.

``scripts/fuzz node`` goes on with the same for as long as you like.
"""

from __future__ import annotations

import pytest

from tests.fuzz.hostile import Siege

STEPS = 90


@pytest.mark.parametrize("seed", range(2))
def test_nothing_that_is_said_under_right_keys_stops_a_node(seed: int) -> None:
    siege = Siege(seed)
    for _ in range(STEPS):
        siege.step()
    siege.end()
