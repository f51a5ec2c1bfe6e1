"""Each list that a neighbour signs is judged, not only the last one known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.station import OWN_AT_ONCE, OWN_PER_S, Station
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId, LinkId
from tests.support.topologies import EPOCH, Signer, signers


def beside() -> tuple[Station, Signer, Callable[..., None]]:
    """A station with a neighbour a, which lists it from serial 2 on; and how a later one is told, by itself
    or by another neighbour."""
    station = Station(EPOCH, SeededEntropy("station"), Counter(), NEVER, 0.0)
    node = signers("a")["a"]
    for number in (1, 2):
        station.link_up(LinkId(number), bytes(32), 0.0)

    def tell(serial: int, links: Sequence[HopId], itself: bool = True, now: float = 100.0) -> None:
        data = node.descriptor(links, serial=serial)
        if itself:
            station.mine(LinkId(1), data, node.key.sign_binding(bytes(32)), now)
        else:
            station.other(LinkId(2), data, 3, now)

    tell(2, [station.id])
    assert station.take_sights()[LinkId(1)].lists_us
    return station, node, tell


def test_a_list_without_us_counts_also_if_a_later_one_with_us_came_before_it_and_once() -> None:
    station, _, tell = beside()
    tell(5, [station.id])
    tell(4, [], itself=False)
    assert not station.take_sights()[LinkId(1)].lists_us
    assert station.take_sights()[LinkId(1)].lists_us
    tell(4, [], itself=False)
    tell(3, [], itself=False)
    assert station.take_sights()[LinkId(1)].lists_us, "no neighbour can make it count again"


def test_a_list_without_us_counts_also_if_one_with_us_has_displaced_it() -> None:
    station, _, tell = beside()
    tell(3, [], itself=False)
    tell(4, [station.id])
    assert not station.take_sights()[LinkId(1)].lists_us


def test_a_list_from_before_it_had_us_says_nothing() -> None:
    station, _, tell = beside()
    tell(1, [], itself=False)
    assert station.take_sights()[LinkId(1)].lists_us


def test_a_neighbour_tells_of_itself_at_the_pace_of_changes() -> None:
    station, node, tell = beside()
    for serial in range(3, 200):
        tell(serial, [station.id])
    known = station.topology.find_descriptor(node.id)
    assert known is not None and known.serial < 3 + OWN_AT_ONCE
    tell(200, [station.id], now=100.0 + 1 / OWN_PER_S)
    known = station.topology.find_descriptor(node.id)
    assert known is not None and known.serial == 200
