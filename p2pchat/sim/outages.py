"""Outages of a run: the network falls in two and heals, the rendezvous goes down and comes back.

Knows: which nodes an outage touches, and when the mesh is in one piece again. Does not know: what nodes do
about it.
"""

from __future__ import annotations

from collections.abc import Callable

from p2pchat.ports import Entropy, sample
from p2pchat.sim.graph import graph
from p2pchat.sim.population import URL, Population
from p2pchat.sim.scenario import Partition
from p2pchat.sim.tally import Tally
from p2pchat.sim.world import World

LOOK_S = 1.0
"""Between looks whether a mesh that was cut is in one piece again."""


class Outages:
    """Each method that begins or ends one is called by the agenda."""

    def __init__(
        self, world: World, population: Population, partition: Partition, tally: Tally, chance: Entropy
    ) -> None:
        self._world = world
        self._population = population
        self._partition = partition
        self._tally = tally
        self._chance = chance
        self.healed_s: float | None = None
        """How long the mesh took to be in one piece again; None: it is not, or was never cut."""
        self.on_mended: Callable[[str], None] = lambda line: None
        """Told, in words, when the network is whole again."""

    def cut_network(self, _: object = None, __: object = None) -> None:
        """Have the hosts fall in two sides, with bridges that both sides reach, until they are mended."""
        partition, hosts = self._partition, self._world.hosts
        mixed = sample(self._chance, hosts, len(hosts))
        split = partition.bridges + round(partition.share * (len(hosts) - partition.bridges))
        for place, host in enumerate(mixed):
            host.side = 0 if place < partition.bridges else 1 if place < split else 2
        self._set_cut(True)
        self._world.call_in(partition.for_s, self._mend_network)

    def stop_rendezvous(self, _: object = None, __: object = None) -> None:
        """Take the rendezvous down."""
        self._world.meetings.stop_server(URL)

    def start_rendezvous(self, _: object = None, __: object = None) -> None:
        """Have the rendezvous back."""
        self._world.meetings.start_server(URL)

    def _mend_network(self, _: object, __: object) -> None:
        self._set_cut(False)
        self.on_mended(f"the network is whole again, the mesh in pieces of {self._piece_sizes()[:4]}")
        if self._partition.join_halves:
            sides = [
                [host for host in self._world.hosts if host.awake and host.side == side] for side in (1, 2)
            ]
            self._population.open_place([sample(self._chance, side, 1)[0] for side in sides if side])
        self._look(self._world.now)

    def _set_cut(self, is_cut: bool) -> None:
        self._world.links.set_cut(is_cut)
        self._tally.set_cut(is_cut)

    def _look(self, since: float, _: object = None) -> None:
        if len(self._piece_sizes()) > 1:
            self._world.call_in(LOOK_S, self._look, since)
        else:
            self.healed_s = self._world.now - since

    def _piece_sizes(self) -> list[int]:
        return graph(self._world.hosts).piece_sizes()
