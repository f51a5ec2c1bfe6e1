"""The load of a run: cells that nodes submit at random moments.

Knows: how many each node submits. Does not know: why, or what becomes of them.
"""

from __future__ import annotations

from p2pchat.core.values import user_inputs
from p2pchat.crypto.envelope import epoch_at
from p2pchat.ports import below, exponential
from p2pchat.sim.host import SimulatedHost
from p2pchat.sim.world import World
from p2pchat.types import MeshId, Tag
from p2pchat.wire.cell import Cell, encode_cell
from p2pchat.wire.geometry import GEOMETRY

_Round = tuple[int, float]
"""A number that grows with each new rate, and the mean seconds between two cells."""


class LoadGenerator:
    """Submits cells in one mesh, from none to begin with. ``nodes`` is the number that the load is reckoned
    for."""

    def __init__(self, world: World, mesh: MeshId, nodes: int) -> None:
        self._world = world
        self._mesh = mesh
        self._nodes = nodes
        self._moments = world.entropy.make_child("load")
        self._content = world.entropy.make_child("cells")
        self._round = 0
        """Which rate is the present one; events of an earlier one do nothing."""

    def set_rate(self, share: float, flooder: float = 1.0) -> None:
        """Have each host submit ``share`` cells a second from now on, the first one ``flooder`` times as
        many."""
        self._round += 1
        if share:
            self._schedule_cell(None, (self._round, 1 / share / self._nodes))
        if share and flooder > 1.0:
            self._schedule_cell(self._world.hosts[0], (self._round, 1 / share / (flooder - 1.0)))

    def stop_load(self) -> None:
        """Submit nothing from now on."""
        self._round += 1

    def _schedule_cell(self, host: SimulatedHost | None, round: _Round) -> None:
        self._world.agenda.call_at(
            self._world.now + exponential(self._moments, round[1]), self._submit_cell, host, round
        )

    def _submit_cell(self, host: SimulatedHost | None, round: _Round) -> None:
        """Have ``host``, or one drawn, submit a cell. A host that is off submits none, so each that is on
        keeps to its share."""
        if round[0] != self._round:
            return
        hosts = self._world.hosts
        speaker = host if host is not None else hosts[below(self._moments, len(hosts))]
        if speaker.awake:
            tag, box = (
                Tag(self._content.draw_bytes(GEOMETRY.cell_tag)),
                self._content.draw_bytes(GEOMETRY.box),
            )
            cell = Cell(tag, epoch_at(self._world.now), bytes(GEOMETRY.stamp), box)
            self._world.tell_node(speaker, user_inputs.CellSubmitted(self._mesh, encode_cell(cell)))
        self._schedule_cell(host, round)
