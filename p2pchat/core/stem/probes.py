"""Probes: loops that come back to us, over hops that may have lost something, or over any.

Knows: which hops are to be tested, and how a loop is made. Does not know: when cover leaves, or what is
concluded from a loss.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from p2pchat.core.stem.cover import loop
from p2pchat.core.stem.onions import Onions
from p2pchat.core.stem.outputs import Output
from p2pchat.core.stem.pin import Pinned
from p2pchat.core.stem.station import Station
from p2pchat.core.stem.stations import Stations
from p2pchat.core.values.profile import Profile
from p2pchat.crypto.onion import Hop, HopCommand
from p2pchat.ports import Entropy, below
from p2pchat.types import HopId
from p2pchat.wire.geometry import GEOMETRY

TEST_IN = 4
"""One cover in so many tests a hop, as long as hops are to be tested: all at once would show a neighbour that
what it has dropped was a cell."""

TESTS_CAP = 32
"""Hops that are to be tested; beyond it the first is forgotten."""

LOOP_NAME_BYTES = 16


class Probes:
    """Each method returns what leaves."""

    def __init__(
        self, profile: Profile, entropy: Entropy, epochs: Stations, paths: Pinned, onions: Onions
    ) -> None:
        self._has_cover = profile.cover_per_s > 0
        self._entropy = entropy
        self._epochs = epochs
        self._paths = paths
        self._onions = onions
        self._tests: deque[tuple[HopId, ...]] = deque(maxlen=TESTS_CAP)
        """Loops over single hops that wait for the clock."""
        self._questioned: tuple[HopId, ...] = ()
        """Hops that were in doubt when it was last looked, and then tested alone."""

    def test_hops(self, nodes: Sequence[HopId], now: float) -> list[Output]:
        """Ask each of these hops alone, as far as a loop reaches, before another stem is needed: when the
        clock says so, if there is one."""
        station = self._epochs.now(now)
        if station is None:
            return []
        ways = [each for each in (station.there_and_back(node) for node in nodes) if each is not None]
        if self._has_cover:
            self._tests.extend(each for each in ways if each not in self._tests)
            return []
        return [out for way in ways for out in self._send_over(station, way, now)]

    def test_suspected(self, now: float) -> list[Output]:
        """Ask the hops that loops cast suspicion on, each alone; a stem over one that is in doubt still
        at the next look is left, before a cell of ours is lost on it."""
        doubted = self._paths.doubted(now)
        if any(node in self._questioned for node in doubted):
            self._paths.leave()
            doubted = ()
        self._questioned = doubted
        return self.test_hops(doubted, now)

    def send_test(self, station: Station, now: float) -> list[Output] | None:
        """One of the tests that wait, now and then; None: cover of another kind leaves."""
        if not self._tests or below(self._entropy, TEST_IN) != 0:
            return None
        return self._send_over(station, self._tests.popleft(), now)

    def send_loop(self, station: Station, now: float) -> list[Output]:
        """A loop over nodes that are drawn."""
        nodes = loop(station.map(), station.id, self._entropy)
        return self._send_over(station, nodes, now) if nodes is not None else []

    def _send_over(self, station: Station, nodes: Sequence[HopId], now: float) -> list[Output]:
        link, way = station.link_to(nodes[0]), station.hops(nodes)
        if link is None or len(way) != len(nodes):
            return []
        payload = self._entropy.draw_bytes(GEOMETRY.cell)
        self._onions.expect_return(payload[:LOOP_NAME_BYTES], nodes, now)
        hops = (*way, Hop(station.id, station.key.public))
        return [self._onions.make_onion(link, hops, HopCommand.LOOP, payload)]
