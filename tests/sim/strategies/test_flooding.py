"""Flooding pushes every cell over every link but the one on which it came."""

from __future__ import annotations

from collections import Counter
from typing import cast

from p2pchat.core.broadcast.strategy import CellLookup, Push
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.sim.strategies.flooding import Flooding
from p2pchat.types import CellId, LinkId
from p2pchat.wire.gossip import Prune

A, B, C = map(LinkId, (1, 2, 3))
CELL = CellId(b"id")


def test_a_new_cell_goes_everywhere_else_and_nothing_more_is_ever_sent() -> None:
    flooding = Flooding(SeededEntropy(1), cast("CellLookup", None), Counter())
    for link in (A, B, C):
        assert flooding.link_up(link, 0.0) == []
    assert flooding.on_new_cell(CELL, b"cell", A, 0.0) == [Push(B, b"cell"), Push(C, b"cell")]
    assert flooding.on_new_cell(CELL, b"cell", None, 0.0) == [Push(link, b"cell") for link in (A, B, C)]
    assert flooding.on_duplicate(CELL, A, 0.0) == flooding.on_recovered(CELL, A, 0.0) == []
    assert flooding.on_message(Prune(agreed=True), A, 0.0) == flooding.tick(9.0) == []
    assert flooding.next_wakeup() is None
    assert flooding.link_down(B, False, 0.0) == []
    assert flooding.pushing_links() == {A: False, C: False}
