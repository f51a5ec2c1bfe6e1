"""One run of a scenario: nodes start, talk, leave, come back.

Knows: when what happens to whom. Does not know: how hosts and links work (``world``), or what the figures
mean (``outcome``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from p2pchat.core import effects, inputs
from p2pchat.core.records import Identity, Mesh
from p2pchat.core.stem.stem import Stem
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.kdf import mesh_id
from p2pchat.crypto.olm import create_account
from p2pchat.ports import below, exponential, sample, uniform
from p2pchat.sim.graph import graph
from p2pchat.sim.host import NatClass, SimulatedHost
from p2pchat.sim.outcome import Figures, Part, Returned
from p2pchat.sim.relays import Relays
from p2pchat.sim.scenario import Scenario
from p2pchat.sim.store import Shelf
from p2pchat.sim.strategies import strategy
from p2pchat.sim.tally import IN_TIME_S, Tally
from p2pchat.sim.world import START, World
from p2pchat.wire.cell import Cell, encode_cell
from p2pchat.wire.geometry import GEOMETRY
from rendezvous.limits import Limits, Rate

URL = "ws://meeting.sim"

STARTS_SHARE = 2 / 3
"""Nodes start during this share of the bootstrap; the rest is for the last of them."""

AWAY_SPREAD_S = 10.0
"""Those who go away do so within this time."""

MEETING_PLACE_S = 30.0
"""A meeting place of two lasts so long."""

LOOK_S = 1.0
"""So often it is looked whether a mesh that was cut is in one piece again, and whose stems lead over hostile
relays."""

_NATS = (NatClass.OPEN, NatClass.CONE, NatClass.RESTRICTED, NatClass.SYMMETRIC)


class Run:
    """Carries one scenario out; only it and ``seed`` decide what happens. ``progress`` is told in words."""

    def __init__(
        self, scenario: Scenario, seed: int, progress: Callable[[str], None] = lambda line: None
    ) -> None:
        self._scenario = scenario
        self._progress = progress
        self.world = World(seed, scenario.network.to_conditions(), limits(scenario.nodes), self._event)
        entropy = self.world.entropy
        self._chance = entropy.make_child("scenario")
        self._moments = entropy.make_child("load")
        self._boxes = entropy.make_child("cells")
        self._strategy = strategy(scenario.strategy, scenario.damping)
        joining = round(scenario.nodes * scenario.churn.join)
        self._tally = Tally(self.world.hosts, scenario.nodes + joining)
        secret = entropy.make_child("mesh").draw_bytes(32)
        self._mesh = Mesh(mesh_id(secret), secret, (URL,), START)
        self._identity = identity()
        self._load = 0
        """Which load is the present one; events of an earlier one do nothing."""
        self._gone: Counter[str] = Counter()
        """What nodes that are gone had counted."""
        self._back: dict[SimulatedHost, Counter[str]] = {}
        """Who came back, and what it had counted then."""
        self._places = 0
        self._rendezvous_up = True
        self._healed_s: float | None = None
        self._relays: Relays | None = None

    def measure_figures(self) -> Figures:
        """Run it from the first node's start to the last cell's arrival."""
        scenario = self._scenario
        self._bootstrap()
        self._warm_up()
        self._plan()
        nodes, before = self._running(), self._counters()
        parts = [self._part(times) for times in scenario.parts]
        nodes += self._running()
        shortest = graph(self.world.hosts).shortest_times(self._latency)
        self._load += 1
        self._tally.end_counting()
        self._told("measured")
        self.world.run(max(scenario.drain_s, IN_TIME_S + 1.0))
        self._told("drained")
        after = self._counters()
        after.subtract(before)
        return Figures(
            parts,
            nodes / 2,
            after,
            self._tally.count_late(),
            self._returned(),
            graph(self.world.hosts),
            shortest,
            self._healed_s,
            self._relays.as_json(scenario.measure_s) if self._relays is not None else None,
        )

    # --- the parts of a run

    def _bootstrap(self) -> None:
        scenario = self._scenario
        step = scenario.bootstrap_s * STARTS_SHARE / scenario.nodes
        hosts = [self._new_host(self._mesh) for _ in range(scenario.nodes)]
        if scenario.misconduct.share:
            hostile = sample(self._chance, hosts, round(scenario.nodes * scenario.misconduct.share))
            self._relays = Relays(scenario.misconduct.does, hostile)
        for number, host in enumerate(hosts):
            self._later(number * step, self._start, host)
        self.world.run(scenario.bootstrap_s)
        self._told("bootstrapped")

    def _warm_up(self) -> None:
        load, seconds = self._scenario.load, self._scenario.warming_s
        if seconds:
            self._say_load(min(load.per_minute / 60, load.warm_up_cells / self._scenario.nodes / seconds))
        self.world.run(seconds)
        self._told("warmed up")

    def _part(self, times: float) -> Part:
        """One of the equal parts into which the flooder's levels divide the measuring."""
        scenario, links = self._scenario, self.world.links
        seconds = scenario.measure_s / len(scenario.parts)
        share, most = scenario.load.per_minute / 60, scenario.load.deliveries_max
        if most is not None:
            share = min(share, most / scenario.nodes**2 / scenario.measure_s)
        self._say_load(share, times)
        flooder = self.world.hosts[0] if scenario.flooder.times else None
        part = Part(times, seconds, *self._tally.begin_counting(flooder))
        before, frames = self._counters(), links.frames
        self.world.run(seconds)
        part.counters = self._counters()
        part.counters.subtract(before)
        part.frames = links.frames - frames
        return part

    def _plan(self) -> None:
        """What will happen while cells are measured."""
        scenario, hosts = self._scenario, self.world.hosts
        away = sample(self._chance, hosts[1:], round(scenario.nodes * scenario.away.share))
        for host in away:
            self._later(scenario.away.at_s + uniform(self._chance, 0.0, AWAY_SPREAD_S), self._go_away, host)
        stay = [host for host in hosts[1:] if host not in away]
        for host in sample(self._chance, stay, round(scenario.nodes * scenario.churn.leave)):
            self._later(uniform(self._chance, 0.0, scenario.measure_s), self._leave, host)
        for _ in range(round(scenario.nodes * scenario.churn.join)):
            self._later(uniform(self._chance, 0.0, scenario.measure_s), self._join)
        if scenario.partition.for_s:
            self._later(scenario.partition.at_s, self._cut)
        if scenario.rendezvous.down_s is not None:
            self._later(scenario.rendezvous.down_s, self._rendezvous_down)
        if scenario.rendezvous.up_s is not None:
            self._later(scenario.rendezvous.up_s, self._rendezvous_back)
        if self._relays is not None:
            self._relays.begin_misconduct(self.world.now)
            self._later(LOOK_S, self._look_at_relays, self._relays)

    # --- hosts

    def _new_host(self, mesh: Mesh) -> SimulatedHost:
        mix = self._scenario.nat
        weights = (mix.open, mix.cone, mix.restricted, mix.symmetric)
        drawn = uniform(self._chance, 0.0, sum(weights))
        nat = NatClass.OPEN
        for kind, weight in zip(_NATS, weights, strict=True):
            if weight:
                nat = kind
            drawn -= weight
            if drawn < 0:
                break
        return self.world.add_host(Shelf(self._identity, mesh), nat)

    def _start(self, host: SimulatedHost, _: object = None) -> None:
        stem = self._relays.make_stem_maker(host) if self._relays is not None else Stem
        self.world.start_node(host, self._scenario.settings, self._strategy, stem)

    def _leave(self, host: SimulatedHost, _: object) -> None:
        """Gone for good, without a word."""
        self._off(host)
        self.world.kill_host(host)

    def _off(self, host: SimulatedHost) -> None:
        if host.node is not None:
            self._gone.update(host.node.status().counters)
        self._tally.mark_absent(host)

    def _go_away(self, host: SimulatedHost, _: object) -> None:
        away = self._scenario.away
        if away.how == "sleep":
            self._tally.mark_absent(host)
            self.world.suspend_host(host)
        else:
            self._off(host)
            self.world.stop_node(host) if away.how == "stop" else self.world.kill_host(host)
        self._later(away.for_s, self._come_back, host)

    def _come_back(self, host: SimulatedHost, _: object) -> None:
        self._back[host] = Counter()
        if host.asleep and host.node is not None:
            self._back[host] = Counter(host.node.status().counters)
            self.world.resume_host(host)
            if any(link.state == "up" for link in host.node.status().links):
                self._tally.mark_present(host, self.world.now)
        else:
            self._start(host)

    def _join(self, _: object, __: object) -> None:
        """A newcomer finds the rendezvous, or a place where one member waits for it alone."""
        if self._rendezvous_up:
            self._start(self._new_host(self._mesh))
            return
        members = [host for host in self.world.hosts if host.awake]
        url = self._meet(sample(self._chance, members, 1))
        mesh = Mesh(self._mesh.id, self._mesh.secret, (url,), self.world.now)
        self._start(self._new_host(mesh))

    def _meet(self, members: list[SimulatedHost]) -> str:
        """Members wait at a place that only they know, and that soon ends."""
        self._places += 1
        url = f"ws://place-{self._places}.sim"
        until = self.world.now + MEETING_PLACE_S
        for member in members:
            self.world.tell_node(member, inputs.InviteOpened(self._places, True, None, (url,), until))
        self._later(MEETING_PLACE_S, self._place_ends, url)
        return url

    def _place_ends(self, url: str, _: object) -> None:
        self.world.meetings.stop_server(url)

    def _look_at_relays(self, relays: Relays, _: object) -> None:
        relays.note_exposed(self.world.now)
        self._later(LOOK_S, self._look_at_relays, relays)

    # --- the network

    def _cut(self, _: object, __: object) -> None:
        partition, hosts = self._scenario.partition, self.world.hosts
        mixed = sample(self._chance, hosts, len(hosts))
        split = partition.bridges + round(partition.share * (len(hosts) - partition.bridges))
        for place, host in enumerate(mixed):
            host.side = 0 if place < partition.bridges else 1 if place < split else 2
        self.world.links.set_cut(True)
        self._tally.set_cut(True)
        self._later(partition.for_s, self._mend)

    def _mend(self, _: object, __: object) -> None:
        self.world.links.set_cut(False)
        self._tally.set_cut(False)
        self._told(f"the network is whole again, the mesh in pieces of {self._pieces()[:4]}")
        if self._scenario.partition.join_halves:
            sides = [
                [host for host in self.world.hosts if host.awake and host.side == side] for side in (1, 2)
            ]
            self._meet([sample(self._chance, side, 1)[0] for side in sides if side])
        self._look(self.world.now)

    def _look(self, since: float, _: object = None) -> None:
        if len(self._pieces()) > 1:
            self._later(LOOK_S, self._look, since)
        else:
            self._healed_s = self.world.now - since

    def _pieces(self) -> list[int]:
        return graph(self.world.hosts).piece_sizes()

    def _rendezvous_down(self, _: object, __: object) -> None:
        self._rendezvous_up = False
        self.world.meetings.stop_server(URL)

    def _rendezvous_back(self, _: object, __: object) -> None:
        self._rendezvous_up = True
        self.world.meetings.start_server(URL)

    # --- load

    def _say_load(self, share: float, flooder: float = 1.0) -> None:
        """From now on each host says ``share`` cells a second; the first one ``flooder`` times as many."""
        self._load += 1
        if share:
            self._next_cell(None, (self._load, 1 / share / self._scenario.nodes))
        if share and flooder > 1.0:
            self._next_cell(self.world.hosts[0], (self._load, 1 / share / (flooder - 1.0)))

    def _next_cell(self, host: SimulatedHost | None, load: tuple[int, float]) -> None:
        self.world.agenda.call_at(
            self.world.now + exponential(self._moments, load[1]), self._write_cell, host, load
        )

    def _write_cell(self, host: SimulatedHost | None, load: tuple[int, float]) -> None:
        """Somebody says something, if it is not a host that is off just now: so each that is on says its
        share."""
        if load[0] != self._load:
            return
        hosts = self.world.hosts
        speaker = host if host is not None else hosts[below(self._moments, len(hosts))]
        if speaker.awake:
            tag, box = self._boxes.draw_bytes(GEOMETRY.cell_tag), self._boxes.draw_bytes(GEOMETRY.box)
            cell = Cell(tag, epoch_at(self.world.now), bytes(GEOMETRY.stamp), box)
            self.world.tell_node(speaker, inputs.CellSubmitted(self._mesh.id, encode_cell(cell)))
        self._next_cell(host, load)

    # --- what nodes report

    def _event(self, host: SimulatedHost, event: effects.Event) -> None:
        if type(event) is effects.CellSeen:
            if event.source is not None:
                self._tally.record_sight(event.cell, host, self.world.now)
            elif self._tally.open_cell(event.cell, host, self.world.now):
                self._later(IN_TIME_S, self._close, event.cell)
        elif type(event) is effects.LinksChanged and event.links:
            self._tally.mark_present(host, self.world.now)

    def _returned(self) -> Returned:
        returned = Returned()
        for host, before in self._back.items():
            if host.node is not None:
                returned.add_node(Counter(host.node.status().counters), before)
        return returned

    def _close(self, name: bytes, _: object) -> None:
        self._tally.close_cell(name)

    def _latency(self, a: int, b: int) -> float:
        return self.world.links.latency_between(self.world.hosts[a], self.world.hosts[b])

    def _running(self) -> int:
        return sum(host.awake for host in self.world.hosts)

    def _counters(self) -> Counter[str]:
        whole = self._gone.copy()
        for host in self.world.hosts:
            if host.node is not None:
                whole.update(host.node.status().counters)
        return whole

    def _later(self, seconds: float, action: Callable[..., None], first: object = None) -> None:
        self.world.agenda.call_at(self.world.now + seconds, action, first)

    def _told(self, what: str) -> None:
        links = graph(self.world.hosts)
        pieces = len(links.piece_sizes())
        self._progress(
            f"{self.world.now - START:7.1f} s  {what}: {len(links.neighbours)} nodes, "
            f"{links.links_mean:.2f} links each, in {pieces} piece{'s' * (pieces != 1)}"
        )


def limits(nodes: int) -> Limits:
    """A rendezvous large enough for all at once: whom it turns away is not what is measured."""
    many = 4 * nodes + 1024
    return Limits(connections=many, seats=4 * many, messages_per_connection=Rate(1024, 64.0))


def identity() -> Identity:
    """One for all: nobody has contacts, so nobody looks at it."""
    key = bytes(32)
    account = create_account(key)
    return Identity("somebody", account.pickle(), key, account.identity_key, (URL,), START)
