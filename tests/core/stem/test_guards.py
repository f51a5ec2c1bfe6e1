"""A stem begins at a link that we sought, or at a contact; for one of them it waits a while."""

from __future__ import annotations

from collections import Counter

from p2pchat.core.stem.epoch_maps import EpochMaps
from p2pchat.core.stem.failure_scores import FailureScores
from p2pchat.core.stem.guards import GUARD_S, SETTLE_S, Guards
from p2pchat.core.stem.path import PathSelector
from p2pchat.core.values.profile import FAST
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, LinkId

ONE, OTHER = LinkId(1), LinkId(2)
BOB = ContactId("bob")
NOW = 1_000_000.0


def linked() -> Guards:
    """A node with two links that has not heard which nodes are there."""
    entropy = SeededEntropy("guards")
    epoch_maps = EpochMaps(entropy, Counter())
    guards = Guards(epoch_maps, PathSelector(FAST, entropy, FailureScores()))
    guards.first_link_up(NOW)
    for link in (ONE, OTHER):
        epoch_maps.link_up(link, bytes(32), NOW)
    return guards


def test_without_a_link_nothing_is_worth_beginning() -> None:
    entropy = SeededEntropy("guards")
    guards = Guards(EpochMaps(entropy, Counter()), PathSelector(FAST, entropy, FailureScores()))
    assert not guards.has_map(NOW) and not guards.is_settled(NOW)
    assert guards.pick_stem(NOW) is None


def test_a_newcomer_waits_for_the_map_and_then_for_a_link_that_it_sought() -> None:
    guards = linked()
    assert guards.better_at(NOW) == NOW + SETTLE_S and not guards.has_map(NOW)
    later = NOW + SETTLE_S
    assert guards.better_at(later) == NOW + GUARD_S and guards.has_map(later)
    assert not guards.is_settled(later)
    guards.add_sought(ONE, later)
    assert guards.is_settled(later)
    assert guards.pick_stem(later) is None, "who is there has told nothing"


def test_it_does_not_wait_for_ever_and_not_at_all_if_it_seeks_no_link_or_stops() -> None:
    assert linked().is_settled(NOW + GUARD_S)
    guards = linked()
    guards.seeks = False
    guards.first_link_up(NOW)
    guards.stop_waiting(NOW)
    assert guards.is_settled(NOW)


def test_a_link_is_sought_since_the_first_time() -> None:
    guards = linked()
    guards.add_sought(ONE, NOW)
    guards.add_sought(ONE, NOW + 1.0)
    assert guards.sought == {ONE: NOW}
    guards.drop_sought(ONE)
    guards.drop_sought(ONE)
    assert guards.sought == {}


def test_a_contact_is_at_one_link_as_long_as_it_is_trusted() -> None:
    guards = linked()
    guards.trust_link(ONE, BOB)
    guards.trust_link(OTHER, BOB)
    assert [guards.leads_to_contact(link) for link in (ONE, OTHER)] == [False, True]
    guards.distrust_contact(BOB)
    guards.distrust_contact(BOB)
    assert not guards.leads_to_contact(OTHER)
