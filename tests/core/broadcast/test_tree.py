"""A link is eager until both ends find that it gains little, and again when it is needed."""

from __future__ import annotations

from collections import Counter

from p2pchat.core.broadcast.damping import Damping
from p2pchat.core.broadcast.strategy import SendGossip
from p2pchat.core.broadcast.tree import Branch, Tree
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import CellId, LinkId
from p2pchat.wire.gossip import Graft, Prune

A, B, C = LinkId(1), LinkId(2), LinkId(3)
NOW = 1000.0
RULES = Damping()
GRAFT = Graft((), eager=True)


def with_links(*links: LinkId) -> Tree:
    tree = Tree(SeededEntropy("tree"), Counter(), RULES)
    for link in links:
        tree.link_up(link)
    return tree


def with_cells(tree: Tree, first: LinkId) -> float:
    """So many cells come by that link first, and by another a good while later; the time after them."""
    now = NOW
    for number in range(4 * RULES.crossings_max):
        id = CellId(number.to_bytes(2, "big"))
        assert tree.count_cell(now)
        tree.note_first(id, first, now)
        tree.note_duplicate(id, now + 3 * RULES.lead_s)
        for link, branch in tree.branches.items():
            if link != first:
                tree.note_push(branch)
        now += 1.0
    return now


def test_a_lead_is_a_mean_over_cells_that_crossed_a_link() -> None:
    branch = Branch()
    assert branch.mean_lead(2) == float("inf"), "too few are counted"
    branch.count_crossing(0.2, 32)
    branch.count_crossing(0.0, 32)
    assert branch.mean_lead(2) == 0.1
    branch.count_crossing(0.1, 2)
    assert branch.mean_lead(2) == 0.1, "half of what was before counts still"
    branch.shrink_counts(1)
    assert branch.crossings == 1.0
    branch.shrink_counts(1)
    assert branch.mean_lead(1) == 0.1


def test_of_cells_that_come_together_one_is_counted() -> None:
    tree = with_links(A)
    assert [tree.count_cell(at) for at in (NOW, NOW + 0.01, NOW + RULES.score_gap_s)] == [True, False, True]


def test_the_link_that_gains_least_is_proposed_and_pruned_when_the_other_end_agrees() -> None:
    tree = with_links(A, B)
    now = with_cells(tree, A)
    assert tree.propose_prune(now) == [SendGossip(B, Prune(agreed=False))]
    assert tree.propose_prune(now) == [], "not again before some cells"
    tree.on_agreement(B, now)
    assert [branch.eager for branch in tree.branches.values()] == [True, False]


def test_a_proposal_is_agreed_to_where_the_link_gains_us_little_too() -> None:
    tree = with_links(A, B)
    now = with_cells(tree, A)
    assert tree.on_proposal(A, now) == []
    assert tree.on_proposal(B, now) == [SendGossip(B, Prune(agreed=True))]
    assert tree.on_proposal(B, now) == [], "it is lazy already"


def test_no_link_is_proposed_while_all_gain_enough() -> None:
    tree = with_links(A)
    now = with_cells(tree, A)
    tree.link_up(B)
    assert tree.propose_prune(now) == []


def test_a_lazy_link_has_no_first_cells() -> None:
    tree = with_links(A, B)
    tree.branches[A].eager = False
    for link in (A, C):
        tree.note_first(CellId(b"cell"), link, NOW)
    tree.note_duplicate(CellId(b"cell"), NOW)
    assert tree.branches[A].crossings == 0


def test_firsts_are_forgotten_when_no_second_can_tell_anything() -> None:
    tree = with_links(A, B)
    tree.note_first(CellId(b"one"), A, NOW)
    tree.note_first(CellId(b"two"), A, NOW + 2 * RULES.lead_cap_s)
    tree.link_down(A, broken=False)
    tree.note_duplicate(CellId(b"one"), NOW)
    tree.note_duplicate(CellId(b"two"), NOW)


def test_a_graft_makes_a_lazy_link_eager_and_an_eager_one_what_it_was() -> None:
    tree = with_links(A, B)
    tree.branches[A].eager, tree.branches[B].crossings = False, 5.0
    tree.on_graft(A)
    tree.on_graft(B)
    assert tree.branches[A].eager and tree.branches[B].crossings == 5.0


def test_who_must_be_asked_often_is_to_push() -> None:
    tree = with_links(A, B)
    tree.branches[A].eager = False
    assert tree.note_fetches(A, RULES.misses - 1, NOW) == []
    assert tree.note_fetches(A, 1, NOW + RULES.miss_window_s + 1) == [], "too far between"
    assert tree.note_fetches(A, RULES.misses, NOW + RULES.miss_window_s + 1) == [SendGossip(A, GRAFT)]


def test_an_eager_link_that_breaks_has_all_others_grafted_and_a_lazy_one_none() -> None:
    tree = with_links(A, B, C)
    tree.branches[B].eager = tree.branches[C].eager = False
    assert tree.link_down(B, broken=True) == []
    assert tree.link_down(B, broken=True) == []
    assert tree.link_down(A, broken=True) == [SendGossip(C, GRAFT)]
