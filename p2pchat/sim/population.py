"""The nodes of a run: they start, leave, go away, come back, and newcomers join.

Knows: how each of these is done. Does not know: when, or what the figures mean (``outcome``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from p2pchat.core.stem.stem import Stem, Stems
from p2pchat.core.values import user_inputs
from p2pchat.core.values.records import Identity, MeshRecord
from p2pchat.crypto.olm import create_account
from p2pchat.ports import Entropy, sample, uniform
from p2pchat.sim.host import NatClass, SimulatedHost
from p2pchat.sim.outcome import Returned
from p2pchat.sim.scenario import Scenario
from p2pchat.sim.store import Shelf
from p2pchat.sim.strategies import strategy
from p2pchat.sim.tally import Tally
from p2pchat.sim.world import START, World

URL = "ws://meeting.sim"

MEETING_PLACE_S = 30.0
"""A meeting place of two lasts so long."""

_NATS = (NatClass.OPEN, NatClass.CONE, NatClass.RESTRICTED, NatClass.SYMMETRIC)


class Population:
    """All nodes of one mesh. ``chance`` is drawn from wherever the scenario leaves something open."""

    def __init__(
        self, world: World, scenario: Scenario, mesh: MeshRecord, tally: Tally, chance: Entropy
    ) -> None:
        self._world = world
        self._scenario = scenario
        self._mesh = mesh
        self._tally = tally
        self._chance = chance
        self._strategy = strategy(scenario.strategy, scenario.damping)
        self._identity = identity()
        self._gone: Counter[str] = Counter()
        """What nodes that have ended had counted."""
        self._back: dict[SimulatedHost, Counter[str]] = {}
        """The hosts that came back, and what each had counted then."""
        self._places = 0
        self.stems_of: Callable[[SimulatedHost], Stems] = lambda host: Stem
        """Returns what the node of a host makes its stem with."""

    # --- what is counted

    def count_running(self) -> int:
        """Count the nodes that run."""
        return sum(host.awake for host in self._world.hosts)

    def sum_counters(self) -> Counter[str]:
        """Add up what all nodes have counted, also those that have ended."""
        whole = self._gone.copy()
        for host in self._world.hosts:
            if host.node is not None:
                whole.update(host.node.get_status().counters)
        return whole

    def sum_returned(self) -> Returned:
        """Add up what the nodes that came back have spent since."""
        returned = Returned()
        for host, before in self._back.items():
            if host.node is not None:
                returned.add_node(Counter(host.node.get_status().counters), before)
        return returned

    # --- what happens to a host; each is called by the agenda, too, with a second argument

    def create_host(self) -> SimulatedHost:
        """Add a machine, whose node does not run yet."""
        return self._create_host(self._mesh)

    def start_host(self, host: SimulatedHost, _: object = None) -> None:
        """Start its node."""
        self._world.start_node(host, self._scenario.settings, self._strategy, self.stems_of(host))

    def kill_host(self, host: SimulatedHost, _: object = None) -> None:
        """End it for good, without notice."""
        self._note_end(host)
        self._world.kill_host(host)

    def send_away(self, host: SimulatedHost, _: object = None) -> None:
        """Have it go away as the scenario says, and come back."""
        away = self._scenario.away
        if away.how == "sleep":
            self._tally.mark_absent(host)
            self._world.suspend_host(host)
        else:
            self._note_end(host)
            self._world.stop_node(host) if away.how == "stop" else self._world.kill_host(host)
        self._world.call_in(away.for_s, self.bring_back, host)

    def bring_back(self, host: SimulatedHost, _: object = None) -> None:
        """Wake it, or start its node again."""
        self._back[host] = Counter()
        if host.asleep and host.node is not None:
            self._back[host] = Counter(host.node.get_status().counters)
            self._world.resume_host(host)
            if any(link.state == "up" for link in host.node.get_status().links):
                self._tally.mark_present(host, self._world.now)
        else:
            self.start_host(host)

    def add_newcomer(self, _: object = None, __: object = None) -> None:
        """Start a new node. It finds the rendezvous, or a place where one member waits for it alone."""
        if URL not in self._world.meetings.refusing:
            self.start_host(self._create_host(self._mesh))
            return
        members = [host for host in self._world.hosts if host.awake]
        url = self.open_place(sample(self._chance, members, 1))
        mesh = MeshRecord(self._mesh.id, self._mesh.secret, (url,), self._world.now)
        self.start_host(self._create_host(mesh))

    def open_place(self, members: list[SimulatedHost]) -> str:
        """Have members wait at a place that only they know, and that soon ends; return its URL."""
        self._places += 1
        url = f"ws://place-{self._places}.sim"
        until = self._world.now + MEETING_PLACE_S
        for member in members:
            self._world.tell_node(member, user_inputs.InviteOpened(self._places, True, None, (url,), until))
        self._world.call_in(MEETING_PLACE_S, self._close_place, url)
        return url

    def _close_place(self, url: str, _: object) -> None:
        self._world.meetings.stop_server(url)

    def _create_host(self, mesh: MeshRecord) -> SimulatedHost:
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
        return self._world.add_host(Shelf(self._identity, mesh), nat)

    def _note_end(self, host: SimulatedHost) -> None:
        if host.node is not None:
            self._gone.update(host.node.get_status().counters)
        self._tally.mark_absent(host)


def identity() -> Identity:
    """Return the one identity that all nodes have: they have no contacts, so no node looks at it."""
    key = bytes(32)
    account = create_account(key)
    return Identity("somebody", account.pickle(), key, account.identity_key, (URL,), START)
