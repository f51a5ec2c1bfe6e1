"""Probes: loops that come back to us, over hops that may have lost something, or over any.

Knows: which hops are to be tested, and how a loop is made. Does not know: when cover leaves, or what is
concluded from a loss.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from p2pchat.core.stem.cover import loop
from p2pchat.core.stem.epoch_map import EpochMap
from p2pchat.core.stem.epoch_maps import EpochMaps
from p2pchat.core.stem.onions import Onions
from p2pchat.core.stem.outputs import Output
from p2pchat.core.stem.path import PathSelector
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
        self, profile: Profile, entropy: Entropy, epochs: EpochMaps, paths: PathSelector, onions: Onions
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
        epoch_map = self._epochs.map_at(now)
        if epoch_map is None:
            return []
        loops = [loop for loop in (epoch_map.there_and_back(node) for node in nodes) if loop is not None]
        if self._has_cover:
            self._tests.extend(loop for loop in loops if loop not in self._tests)
            return []
        return [output for loop in loops for output in self._send_over(epoch_map, loop, now)]

    def test_suspected(self, now: float) -> list[Output]:
        """Ask the hops that loops cast suspicion on, each alone; a stem over one that is in doubt still
        at the next look is left, before a cell of ours is lost on it."""
        suspected = self._paths.suspected_hops(now)
        if any(node in self._questioned for node in suspected):
            self._paths.drop_path()
            suspected = ()
        self._questioned = suspected
        return self.test_hops(suspected, now)

    def send_test(self, epoch_map: EpochMap, now: float) -> list[Output] | None:
        """Return one of the waiting tests now and then, or None if other cover is to leave."""
        if not self._tests or below(self._entropy, TEST_IN) != 0:
            return None
        return self._send_over(epoch_map, self._tests.popleft(), now)

    def send_loop(self, epoch_map: EpochMap, now: float) -> list[Output]:
        """A loop over nodes that are drawn."""
        nodes = loop(epoch_map.confirmed_links(), epoch_map.id, self._entropy)
        return self._send_over(epoch_map, nodes, now) if nodes is not None else []

    def _send_over(self, epoch_map: EpochMap, nodes: Sequence[HopId], now: float) -> list[Output]:
        link, hops = epoch_map.link_to(nodes[0]), epoch_map.hops_over(nodes)
        if link is None or len(hops) != len(nodes):
            return []
        payload = self._entropy.draw_bytes(GEOMETRY.cell)
        self._onions.expect_return(payload[:LOOP_NAME_BYTES], nodes, now)
        hops = (*hops, Hop(epoch_map.id, epoch_map.key.public))
        return [self._onions.make_onion(link, hops, HopCommand.LOOP, payload)]
