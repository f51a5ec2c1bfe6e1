"""Only the seed, the label and the number of earlier draws decide what is drawn."""

from __future__ import annotations

from p2pchat.sim.entropy import SeededEntropy


def test_one_seed_gives_one_stream() -> None:
    one, other = SeededEntropy("seed"), SeededEntropy("seed")
    assert [one.draw_bytes(size) for size in (0, 1, 64, 200)] == [
        other.draw_bytes(size) for size in (0, 1, 64, 200)
    ]
    assert SeededEntropy("seed").draw_bytes(8) != SeededEntropy("other").draw_bytes(8)


def test_children_do_not_depend_on_what_was_drawn_before() -> None:
    entropy = SeededEntropy(1)
    before = entropy.make_child("a").draw_bytes(8)
    entropy.draw_bytes(100)
    assert entropy.make_child("a").draw_bytes(8) == before
    assert entropy.make_child("b").draw_bytes(8) != before


def test_certainties_draw_nothing() -> None:
    entropy = SeededEntropy(1)
    assert entropy.draw_bool(1.0) and not entropy.draw_bool(0.0)
    assert entropy.draw_bytes(8) == SeededEntropy(1).draw_bytes(8)
    assert 300 < sum(entropy.draw_bool(0.4) for _ in range(1000)) < 500
