"""When a node must take its mesh for one that may be in pieces."""

from __future__ import annotations

from p2pchat.core.rendezvous.partition import BROKEN_FOR_S, TORN_FOR_S, WOUND_S, PartitionSuspicion


def test_a_mesh_whose_links_hold_is_in_one_piece() -> None:
    assert not PartitionSuspicion().is_possible(0.0)


def test_one_broken_link_is_a_reason_to_look_for_a_while() -> None:
    partition = PartitionSuspicion()
    assert not partition.note_broken(100.0)
    assert partition.is_possible(100.0 + BROKEN_FOR_S - 1.0)
    assert not partition.is_possible(100.0 + BROKEN_FOR_S)


def test_two_that_break_one_after_the_other_are_several_at_once() -> None:
    partition = PartitionSuspicion()
    partition.note_broken(100.0)
    assert partition.note_broken(100.0 + WOUND_S - 1.0)
    assert not partition.note_broken(100.0 + 3 * WOUND_S)


def test_several_at_once_are_a_reason_for_longer() -> None:
    partition = PartitionSuspicion()
    partition.note_mass_loss(100.0)
    assert partition.is_possible(100.0 + TORN_FOR_S - 1.0)
    assert not partition.is_possible(100.0 + TORN_FOR_S)
