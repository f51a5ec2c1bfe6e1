"""One run of a scenario, from the start of the first node to the arrival of the last cell.

Knows: when what happens. Does not know: how it is done to nodes (``population``) or to the network
(``outages``), or what the figures mean (``outcome``).
"""

from __future__ import annotations

from collections.abc import Callable

from p2pchat.core.values import effects
from p2pchat.core.values.records import MeshRecord
from p2pchat.crypto.kdf import mesh_id
from p2pchat.ports import sample, uniform
from p2pchat.sim.graph import graph
from p2pchat.sim.host import SimulatedHost
from p2pchat.sim.load import LoadGenerator
from p2pchat.sim.outages import Outages
from p2pchat.sim.outcome import Figures, Part
from p2pchat.sim.population import URL, Population
from p2pchat.sim.relays import Relays
from p2pchat.sim.scenario import Scenario
from p2pchat.sim.tally import IN_TIME_S, Tally
from p2pchat.sim.world import START, World
from p2pchat.types import CellId
from rendezvous.limits import Limits, Rate

STARTS_SHARE = 2 / 3
"""Nodes start during this share of the bootstrap; the rest is for the last of them."""

AWAY_SPREAD_S = 10.0
"""The nodes that go away do so within this time."""

LOOK_S = 1.0
"""Seconds between two looks at the stems that lead over hostile relays."""


class Run:
    """Carries one scenario out; only it and ``seed`` decide what happens. ``progress`` is told in words."""

    def __init__(
        self, scenario: Scenario, seed: int, progress: Callable[[str], None] = lambda line: None
    ) -> None:
        self._scenario = scenario
        self._progress = progress
        self.world = world = World(
            seed, scenario.network.to_conditions(), limits(scenario.nodes), self._on_event
        )
        self._chance = world.entropy.make_child("scenario")
        joining = round(scenario.nodes * scenario.churn.join)
        self._tally = Tally(world.hosts, scenario.nodes + joining)
        secret = world.entropy.make_child("mesh").draw_bytes(32)
        mesh = MeshRecord(mesh_id(secret), secret, (URL,), START)
        self._load = LoadGenerator(world, mesh.id, scenario.nodes)
        self._population = Population(world, scenario, mesh, self._tally, self._chance)
        self._outages = Outages(world, self._population, scenario.partition, self._tally, self._chance)
        self._outages.on_mended = self._report
        self._relays: Relays | None = None

    def measure_figures(self) -> Figures:
        """Run it from the first node's start to the last cell's arrival."""
        scenario, population = self._scenario, self._population
        self._bootstrap()
        self._warm_up()
        self._plan()
        nodes, before = population.count_running(), population.sum_counters()
        parts = [self._measure_part(times) for times in scenario.parts]
        nodes += population.count_running()
        shortest = graph(self.world.hosts).shortest_times(self._latency)
        self._load.stop_load()
        self._tally.end_counting()
        self._report("measured")
        self.world.run(max(scenario.drain_s, IN_TIME_S + 1.0))
        self._report("drained")
        after = population.sum_counters()
        after.subtract(before)
        return Figures(
            parts,
            nodes / 2,
            after,
            self._tally.count_late(),
            population.sum_returned(),
            graph(self.world.hosts),
            shortest,
            self._outages.healed_s,
            self._relays.as_json(scenario.measure_s) if self._relays is not None else None,
        )

    # --- the parts of a run

    def _bootstrap(self) -> None:
        scenario, population = self._scenario, self._population
        step = scenario.bootstrap_s * STARTS_SHARE / scenario.nodes
        hosts = [population.create_host() for _ in range(scenario.nodes)]
        if scenario.misconduct.share:
            hostile = sample(self._chance, hosts, round(scenario.nodes * scenario.misconduct.share))
            self._relays = Relays(scenario.misconduct.does, hostile)
            population.stems_of = self._relays.make_stem_maker
        for number, host in enumerate(hosts):
            self.world.call_in(number * step, population.start_host, host)
        self.world.run(scenario.bootstrap_s)
        self._report("bootstrapped")

    def _warm_up(self) -> None:
        load, seconds = self._scenario.load, self._scenario.warming_s
        if seconds:
            most = load.warm_up_cells / self._scenario.nodes / seconds
            self._load.set_rate(min(load.per_minute / 60, most))
        self.world.run(seconds)
        self._report("warmed up")

    def _plan(self) -> None:
        """Have happen, while cells are measured, what the scenario says."""
        scenario, hosts, population = self._scenario, self.world.hosts, self._population
        later = self.world.call_in
        away = sample(self._chance, hosts[1:], round(scenario.nodes * scenario.away.share))
        for host in away:
            later(scenario.away.at_s + uniform(self._chance, 0.0, AWAY_SPREAD_S), population.send_away, host)
        stay = [host for host in hosts[1:] if host not in away]
        for host in sample(self._chance, stay, round(scenario.nodes * scenario.churn.leave)):
            later(uniform(self._chance, 0.0, scenario.measure_s), population.kill_host, host)
        for _ in range(round(scenario.nodes * scenario.churn.join)):
            later(uniform(self._chance, 0.0, scenario.measure_s), population.add_newcomer)
        if scenario.partition.for_s:
            later(scenario.partition.at_s, self._outages.cut_network)
        if scenario.rendezvous.down_s is not None:
            later(scenario.rendezvous.down_s, self._outages.stop_rendezvous)
        if scenario.rendezvous.up_s is not None:
            later(scenario.rendezvous.up_s, self._outages.start_rendezvous)
        if self._relays is not None:
            self._relays.begin_misconduct(self.world.now)
            later(LOOK_S, self._look_at_relays, self._relays)

    def _look_at_relays(self, relays: Relays, _: object) -> None:
        relays.note_exposed(self.world.now)
        self.world.call_in(LOOK_S, self._look_at_relays, relays)

    def _measure_part(self, times: float) -> Part:
        """Measure one of the equal parts into which the flooder's levels divide the measuring."""
        scenario, links = self._scenario, self.world.links
        seconds = scenario.measure_s / len(scenario.parts)
        share, most = scenario.load.per_minute / 60, scenario.load.deliveries_max
        if most is not None:
            share = min(share, most / scenario.nodes**2 / scenario.measure_s)
        self._load.set_rate(share, times)
        flooder = self.world.hosts[0] if scenario.flooder.times else None
        part = Part(times, seconds, *self._tally.begin_counting(flooder))
        before, frames = self._population.sum_counters(), links.frames
        self.world.run(seconds)
        part.counters = self._population.sum_counters()
        part.counters.subtract(before)
        part.frames = links.frames - frames
        return part

    # --- what is reported

    def _on_event(self, host: SimulatedHost, event: effects.Event) -> None:
        if type(event) is effects.CellSeen:
            if event.source is not None:
                self._tally.record_sight(event.cell, host, self.world.now)
            elif self._tally.open_cell(event.cell, host, self.world.now):
                self.world.call_in(IN_TIME_S, self._close_cell, event.cell)
        elif type(event) is effects.LinksChanged and event.links:
            self._tally.mark_present(host, self.world.now)

    def _close_cell(self, id: CellId, _: object) -> None:
        self._tally.close_cell(id)

    def _latency(self, a: int, b: int) -> float:
        return self.world.links.delays.latency_between(self.world.hosts[a], self.world.hosts[b])

    def _report(self, what: str) -> None:
        links = graph(self.world.hosts)
        pieces = len(links.piece_sizes())
        self._progress(
            f"{self.world.now - START:7.1f} s  {what}: {len(links.neighbours)} nodes, "
            f"{links.links_mean:.2f} links each, in {pieces} piece{'s' * (pieces != 1)}"
        )


def limits(nodes: int) -> Limits:
    """Return limits of a rendezvous that has room for all at once: refusals are not what is measured."""
    many = 4 * nodes + 1024
    return Limits(connections=many, seats=4 * many, messages_per_connection=Rate(1024, 64.0))
