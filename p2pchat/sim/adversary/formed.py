"""Meshes that real nodes have formed, with colluders that seek as many links as they can.

Knows: what colluders do about links, and how a mesh looks in the end. Does not know: what the adversary
guesses from it.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from p2pchat.core.membership.neighbour import Standing
from p2pchat.core.membership.walk import Output, Walks
from p2pchat.core.stem.stem import Stem, Stems
from p2pchat.core.values.profile import FAST, Profile
from p2pchat.core.values.records import MeshRecord
from p2pchat.core.values.settings import Settings
from p2pchat.crypto.kdf import mesh_id
from p2pchat.data import dataclass
from p2pchat.ports import Entropy, sample
from p2pchat.sim.adversary.mesh import SampledMesh
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.sim.host import SimulatedHost
from p2pchat.sim.population import URL, identity
from p2pchat.sim.run import limits
from p2pchat.sim.store import Shelf
from p2pchat.sim.world import START, World
from p2pchat.types import NodeId, Seat, Topic
from p2pchat.wire.signalling import OTHERS_MAX, FromServer, Seated
from p2pchat.wire.topology import LINKS_MAX
from p2pchat.wire.walk import Walk

SEEKING: Final = ("honest", "seek", "league", "steer")
"""What colluders do about links: what all do; seek 64 and let none go; the same, with a rendezvous that
shows others only them; lose all walks over them that do not lead to other colluders, accept all links while
their records have room, and seek twice as many links as others."""

GREED: Final = 64
"""Links that they seek."""

START_GAP_S: Final = 0.5

LATE: Final = 0.2
"""So many of the nodes come when the others have stood for half of the time."""


@dataclass(frozen=True, slots=True)
class Formed:
    """A mesh as it stands, and how it came to be so."""

    mesh: SampledMesh
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Greedy(Settings):
    """Seeks and keeps more links than any shipped program does; a changed program can."""

    def __post_init__(self) -> None:
        pass


FAIR: Final = Settings(profile=FAST)
GREEDY: Final = Greedy(links_wanted=GREED, links_max=GREED, profile=FAST)


STEERING: Final = Greedy(links_wanted=6, links_max=LINKS_MAX, profile=FAST)
"""Four places stay for those who seek them: beyond ten links they would be found out."""


_SETTINGS: Final[Mapping[str, Settings]] = {
    "honest": FAIR,
    "seek": GREEDY,
    "league": GREEDY,
    "steer": STEERING,
}


class Steering(Walks):
    """Loses onions that go to a node that is no fellow; ``fellows`` returns the names of the fellows."""

    def __init__(self, entropy: Entropy, fellows: Callable[[], frozenset[bytes | None]]) -> None:
        super().__init__(entropy, Counter())
        self._fellows = fellows

    def _walk(self, side: Any, walk: Walk, called: Any, vacant: bool, now: float) -> list[Output]:
        if walk.path[-1] not in self._fellows():
            return []
        return super()._walk(side, walk, called, vacant, now)


class League:
    """A rendezvous that shows only colluders to others, and all nodes to colluders."""

    def __init__(self, world: World, colluders: Iterable[SimulatedHost]) -> None:
        self._colluders = frozenset(host.index for host in colluders)
        self._entropy = world.entropy.make_child("league")
        self._seats: dict[Topic, dict[int, Seat]] = {}
        world.meetings.alter = self.alter_message

    def alter_message(self, host: SimulatedHost, message: FromServer) -> FromServer:
        """What a client is told."""
        if not isinstance(message, Seated):
            return message
        seats = self._seats.setdefault(message.topic, {})
        if host.index in self._colluders:
            seats[host.index] = message.seat
            return message
        return replace(message, others=tuple(sample(self._entropy, list(seats.values()), OTHERS_MAX)))


@lru_cache(maxsize=32)
def formed(nodes: int, colluding: float, seeking: str, minutes: float, seed: int) -> Formed:
    """A mesh of so many, after so many minutes. ``seeking``: one of SEEKING."""
    world = World(f"formed {seed}", limits=limits(nodes))
    secret = world.entropy.make_child("mesh").draw_bytes(32)
    record, who = MeshRecord(mesh_id(secret), secret, (URL,), START), identity()
    hosts = [world.add_host(Shelf(who, record)) for _ in range(nodes)]
    colluders = sample(world.entropy.make_child("colluders"), hosts, round(colluding * nodes))
    late = [host for host in hosts[-round(LATE * nodes) :] if host not in colluders]
    stems: dict[int, Stem] = {}
    started: list[SimulatedHost] = []
    if seeking == "league":
        League(world, colluders)
    for host in [*(host for host in hosts if host not in late), *late]:
        if late and host is late[0]:
            world.run(30.0 * minutes)
        settings = _SETTINGS[seeking] if host in colluders else FAIR
        world.start_node(host, settings, stem=_kept(stems, host))
        if host in colluders and seeking == "steer":
            _steer(
                host, lambda: frozenset(stems[steering.index].own_hop_id(world.now) for steering in started)
            )
            started.append(host)
        world.run(START_GAP_S)
    world.run(30.0 * minutes)
    return _seen(world, hosts, colluders, late, stems)


def _kept(stems: dict[int, Stem], host: SimulatedHost) -> Stems:
    """Makes a host's stem, and notes it."""

    def make(profile: Profile, entropy: Entropy, counters: Counter[str]) -> Stem:
        stems[host.index] = Stem(profile, entropy, counters)
        return stems[host.index]

    return make


def _steer(host: SimulatedHost, fellows: Callable[[], frozenset[bytes | None]]) -> None:
    """Let a host choose what it loses. No shipped program does so; a changed one can."""
    assert host.node is not None
    for mesh in host.node._meshes.values():  # noqa: SLF001
        walks = Steering(SeededEntropy(f"steers {host.index}"), fellows)
        mesh.view._refill._search._walks = walks  # noqa: SLF001


def _seen(
    world: World,
    hosts: list[SimulatedHost],
    colluders: list[SimulatedHost],
    late: list[SimulatedHost],
    stems: Mapping[int, Stem],
) -> Formed:
    """Links count that both ends list in their records; first hops are those of the stems in use."""
    bad = [host in colluders for host in hosts]
    links = _links(hosts)
    both = [[other for other in links[node] if node in links[other]] for node in links]
    sought = [
        [other for other in both[node] if links[node][other] == Standing.SOUGHT.value] for node in links
    ]
    firsts = _firsts(stems, world.now)
    delay = {
        (node, other): world.links.delays.latency_between(hosts[node], hosts[other])
        for node, others in enumerate(both)
        for other in others
    }
    honest = [host.index for host in hosts if host not in colluders]
    mesh = SampledMesh(
        tuple(map(tuple, both)),
        delay,
        tuple(bad),
        tuple(map(tuple, sought)),
        tuple(firsts[host.index] for host in hosts),
    )
    figures = {
        "links": round(statistics.fmean(len(both[node]) for node in honest), 3),
        "links_min": min(len(both[node]) for node in honest),
        "colluders_links": round(statistics.fmean(len(both[host.index]) for host in colluders), 3),
        "hostile": _share(bad, (other for node in honest for other in both[node])),
        "sought_hostile": _share(bad, (other for node in honest for other in sought[node])),
        "first_hostile": _share(bad, (firsts[node] for node in honest)),
        "first_hostile_late": _share(bad, (firsts[host.index] for host in late)),
        "all_hostile": sum(all(bad[other] for other in both[node]) for node in honest),
    }
    return Formed(mesh, figures)


def _links(hosts: list[SimulatedHost]) -> dict[int, dict[int, str]]:
    """Return how each link stands at each host, by the neighbours that its oldest record lists."""
    shown = {host.index: host.node.get_status() for host in hosts if host.node is not None}
    indices: dict[NodeId | None, int] = {
        mesh.node: index for index, status in shown.items() for mesh in status.meshes
    }
    return {
        index: {
            indices[link.peer]: link.standing
            for link in [candidate for candidate in status.links if candidate.state == "up"][:LINKS_MAX]
            if link.peer in indices
        }
        for index, status in shown.items()
    }


def _firsts(stems: Mapping[int, Stem], now: float) -> dict[int, int | None]:
    """Return the first hop of each host's stem."""
    names = {stem.own_hop_id(now): index for index, stem in stems.items()}
    return {index: names.get(stem.path[0]) if stem.path else None for index, stem in stems.items()}


def _share(bad: list[bool], nodes: Iterable[int | None]) -> float | None:
    known = [bad[node] for node in nodes if node is not None]
    return round(statistics.fmean(known), 4) if known else None
