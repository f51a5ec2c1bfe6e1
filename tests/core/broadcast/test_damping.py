"""The constants of the tree fit each other."""

from __future__ import annotations

from p2pchat.core.broadcast.damping import Damping

RULES = Damping()


def test_a_cell_that_came_by_one_link_alone_counts_for_more_than_a_link_must_gain() -> None:
    assert RULES.lead_cap_s > RULES.lead_s


def test_a_proposal_needs_more_cells_than_what_is_kept_of_them() -> None:
    assert RULES.crossings_kept < RULES.crossings_min / 2 < RULES.crossings_min <= RULES.crossings_max


def test_a_cell_is_fetched_later_than_the_last_announcement_of_it_waits() -> None:
    assert RULES.patience_s[0] >= RULES.batch_s[1]
    assert RULES.late_s[1] < RULES.patience_s[0], "but sooner where no neighbour will push it"
