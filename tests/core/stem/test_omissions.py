"""Each list that a neighbour signs is judged, not only the last one known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.epoch_map import OWN_AT_ONCE, OWN_PER_S, EpochMap
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId, LinkId
from tests.support.topologies import EPOCH, Signer, signers


def beside() -> tuple[EpochMap, Signer, Callable[..., None]]:
    """A map with a neighbour a, which lists it from serial 2 on; and how a later one is told, by itself
    or by another neighbour."""
    epoch_map = EpochMap(EPOCH, SeededEntropy("station"), Counter(), NEVER, 0.0)
    node = signers("a")["a"]
    for number in (1, 2):
        epoch_map.link_up(LinkId(number), bytes(32), 0.0)

    def tell(serial: int, links: Sequence[HopId], itself: bool = True, now: float = 100.0) -> None:
        data = node.descriptor(links, serial=serial)
        if itself:
            epoch_map.on_own_descriptor(LinkId(1), data, node.key.sign_binding(bytes(32)), now)
        else:
            epoch_map.on_descriptor(LinkId(2), data, 3, now)

    tell(2, [epoch_map.id])
    assert epoch_map.take_sights()[LinkId(1)].lists_us
    return epoch_map, node, tell


def test_a_list_without_us_counts_also_if_a_later_one_with_us_came_before_it_and_once() -> None:
    epoch_map, _, tell = beside()
    tell(5, [epoch_map.id])
    tell(4, [], itself=False)
    assert not epoch_map.take_sights()[LinkId(1)].lists_us
    assert epoch_map.take_sights()[LinkId(1)].lists_us
    tell(4, [], itself=False)
    tell(3, [], itself=False)
    assert epoch_map.take_sights()[LinkId(1)].lists_us, "no neighbour can make it count again"


def test_a_list_without_us_counts_also_if_one_with_us_has_displaced_it() -> None:
    epoch_map, _, tell = beside()
    tell(3, [], itself=False)
    tell(4, [epoch_map.id])
    assert not epoch_map.take_sights()[LinkId(1)].lists_us


def test_a_list_from_before_it_had_us_says_nothing() -> None:
    epoch_map, _, tell = beside()
    tell(1, [], itself=False)
    assert epoch_map.take_sights()[LinkId(1)].lists_us


def test_a_neighbour_tells_of_itself_at_the_pace_of_changes() -> None:
    epoch_map, node, tell = beside()
    for serial in range(3, 200):
        tell(serial, [epoch_map.id])
    known = epoch_map.topology.find_descriptor(node.id)
    assert known is not None and known.serial < 3 + OWN_AT_ONCE
    tell(200, [epoch_map.id], now=100.0 + 1 / OWN_PER_S)
    known = epoch_map.topology.find_descriptor(node.id)
    assert known is not None and known.serial == 200
