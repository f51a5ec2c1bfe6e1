"""A node tells of itself soon after its first link, and of changes in growing gaps."""

from __future__ import annotations

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.origination import PUBLISH_FIRST_S, PUBLISH_SOON_S, QUIET_S, Origination
from p2pchat.crypto.descriptor import DescriptorKey, check_descriptor, read_descriptor
from p2pchat.crypto.onion import OnionKey
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch, HopId
from p2pchat.wire.topology import LINKS_MAX

NOW = 1000.0
NODES = [HopId(number.to_bytes(8, "big")) for number in range(LINKS_MAX + 1)]


def begun() -> Origination:
    entropy = SeededEntropy("origination")
    key, onion_key = DescriptorKey.generate(entropy), OnionKey.generate(entropy).public
    return Origination(key, onion_key, Epoch(7), entropy, NOW)


def published() -> Origination:
    origination = begun()
    origination.note_published(NOW)
    return origination


def test_a_descriptor_is_signed_has_a_higher_number_each_time_and_as_many_links_as_fit() -> None:
    origination = begun()
    first, second = (
        read_descriptor(origination.sign_descriptor([])),
        read_descriptor(origination.sign_descriptor(NODES)),
    )
    check_descriptor(origination.descriptor, second)
    assert (first.serial, second.serial) == (1, 2)
    assert second.links == tuple(NODES[:LINKS_MAX])


def test_a_change_before_the_first_descriptor_is_told_with_it() -> None:
    origination = begun()
    origination.on_change(2, NOW)
    assert origination.is_due and origination.due_at == NOW


def test_nothing_is_due_once_all_is_told() -> None:
    origination = published()
    assert not origination.is_due and origination.due_at == NEVER


def test_the_first_neighbour_is_told_at_once_and_a_loss_soon() -> None:
    origination = published()
    origination.on_change(1, NOW)
    assert origination.due_at == NOW + PUBLISH_SOON_S
    origination.publish_by(NOW)
    assert origination.due_at == NOW
    origination.publish_by(NOW + 9.0)
    assert origination.due_at == NOW


def test_changes_that_go_on_are_told_in_growing_gaps_until_it_was_quiet() -> None:
    origination = published()
    gaps = []
    for now in (NOW, NOW + 1.0, NOW + 1.0 + QUIET_S):
        origination.on_change(3, now)
        gaps.append(origination.due_at - now)
        origination.note_published(now)
    assert gaps[0] < 1.25 * PUBLISH_FIRST_S < gaps[1]
    assert gaps[2] <= 1.25 * PUBLISH_FIRST_S
