"""What was drawn among few is drawn anew when there are more, and a first hop not again and again."""

from __future__ import annotations

from p2pchat.core.membership.growth import FIRST_HOP_LAST_S, LOOK_S, PAUSE_S, Growth
from p2pchat.sim.entropy import SeededEntropy


def growth() -> Growth:
    return Growth(SeededEntropy("growth"))


def test_a_mesh_that_grows_is_left_to_grow() -> None:
    grows = growth()
    assert not grows.note_size(4, 100.0)
    assert not grows.note_size(8, 100.0 + PAUSE_S), "it has just doubled"
    assert not grows.note_size(8, 100.0 + 2 * PAUSE_S - 1.0)
    assert grows.note_size(9, 100.0 + 2 * PAUSE_S), "one more of nine is no growth to wait for"
    assert grows.look_at == 100.0 + 2 * PAUSE_S + LOOK_S


def test_a_link_drawn_among_a_sixth_less_is_stale_and_none_in_a_mesh_that_stopped_growing() -> None:
    grows = growth()
    grows.note_size(48, 0.0)
    assert [grows.has_outgrown(among) for among in (3, 40, 41, 48, 60)] == [True, True, False, False, False]
    assert not grows.has_outgrown(0), "what no map was asked for"


def test_invented_nodes_cause_ever_rarer_draws_of_a_first_hop() -> None:
    grows = growth()
    drawn = sum(grows.another_first_hop(float(now)) for now in range(0, 12 * 3600, 10))
    assert 10 <= drawn <= 16
    assert not any(grows.another_first_hop(12 * 3600 + now) for now in range(int(FIRST_HOP_LAST_S / 4)))
