"""Who wrote it: the probability of every honest node, given all that colluders saw.

Knows: Bayes' rule over all stems that end where the cell was broadcast. Does not know: how stems are used,
other than by the laws an adversary knows.

The adversary knows every link and its delay, the laws by which stems are drawn and packets wait, and what
``knowledge`` says of other packets. What it can find out of a real mesh is less.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from p2pchat.data import dataclass
from p2pchat.sim.adversary.knowledge import knowledge
from p2pchat.sim.adversary.mesh import Path
from p2pchat.sim.adversary.packets import Glimpse
from p2pchat.sim.adversary.traffic import ObservedMessage, Traffic

CLOCK_S = 0.001
"""How exactly times are known where nothing else blurs them."""

RARE = 1e-6
"""Packets a second where none are expected."""

Scores = dict[int, float]
"""By honest node."""

Points = list[list[tuple[float, float]]]
"""For each message: moments when the node that is followed may have sent it, with weights."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """What colluders saw of some messages, as far as a stem was followed back."""

    points: Points
    """When an honest node sent each message: the end of the stem, or the node before those that saw it."""
    evidence: float = 1.0
    """How much more likely this is than chance, for all messages together."""
    told: Path = ()
    """The piece of the stem that they can tell; empty: they saw nothing."""
    stems: float = 1.0
    """Stems that take this piece, to those that were to be expected."""


class StemSearch:
    """All stems that may have carried some messages: the same stem for all of them."""

    def __init__(self, traffic: Traffic, seen: Sequence[ObservedMessage]) -> None:
        self._traffic = traffic
        self._mesh = traffic.mesh
        self._near = [frozenset(others) for others in traffic.mesh.neighbours]
        self._weights = [traffic.mesh.hop_weight(node) for node in range(len(self._near))]
        self._near_weights = [self._weigh(near) for near in self._near]
        self._seen = seen
        self._knows = knowledge(traffic, seen)
        shortest, self._longest = traffic.habits.profile.hops
        self._lengths = range(shortest, self._longest + 1)
        self.scores: Scores = dict.fromkeys(traffic.mesh.honest_nodes(), 0.0)

    def run(self, path: Path, told: bool) -> Scores:
        """What each writer scores, where the messages took ``path``, of which only the end is used. ``told``:
        the adversary knows where the broadcast began, and when; otherwise only what its first spy heard."""
        end = path[-1]
        if self._mesh.colludes[end]:
            self._from_colluder(path)
        else:
            for other, later in [(end, 0.0)] if told else self._mesh.mistaken_sources(end):
                self._honest(
                    (other,), 1.0, 1, 0.0, _Sight([[(seen.until - later, 1.0)] for seen in self._seen])
                )
        return self.scores

    def _from_colluder(self, path: Path) -> None:
        """A colluder that broadcast it knows which packet it was."""
        start = len(path) - 1
        while self._mesh.colludes[path[start]]:
            start -= 1
        piece, chance = path[start:], 1.0
        for place in range(len(path) - 2, start - 1, -1):
            chance *= self._step(path[place], path[place + 1 :])
        points = [[(seen.seen[piece].before, 1.0)] for seen in self._seen]
        self._honest(piece, chance, 1, 0.0, _Sight(points, 1.0, piece, self._knows.stem_ratio(piece)))

    def _honest(self, path: Path, chance: float, relays: int, links_s: float, sight: _Sight) -> None:
        """Weigh that the packet came from the honest node ``path[0]``, which wrote it or had it from another.
        ``chance``: that the rule draws the stem. ``relays``: the honest relays up to the node of the sight,
        both included; each adds a wait. ``links_s``: the seconds over the links between them."""
        hops = len(path) - 1
        if hops in self._lengths:
            unseen = self._knows.whole_stem_ratio(sight.told) / sight.stems if sight.told else 1.0
            self.scores[path[0]] += sight.evidence * unseen * chance * self._begins(path) / len(self._lengths)
        if hops == self._longest:
            return
        for other in self._mesh.neighbours[path[0]]:
            if other in path:
                continue
            step = chance * self._step(other, path)
            if self._mesh.colludes[other]:
                self._colluding(path, (other,), step, relays, links_s, sight)
            else:
                later_s = links_s + self._mesh.delay[other, path[0]]
                self._honest((other, *path), step, relays + 1, later_s, sight)

    def _begins(self, path: Path) -> float:
        """Return how much likelier a stem of its first node goes on so than a stem that only passes there. A
        stem begins at a neighbour that its node sought, and the adversary knows these."""
        node, firsts = path[0], self._mesh.first_hops(path[0])
        passing = self._weights[path[1]] / self._near_weights[node]
        return 1.0 / len(firsts) / passing if path[1] in firsts else 0.0

    def _colluding(
        self, path: Path, row: Path, chance: float, relays: int, links_s: float, sight: _Sight
    ) -> None:
        """Weigh that the packet came from colluders in a row, and to the first of them from an honest
        node."""
        if len(path) + len(row) > self._longest:
            return
        for other in self._mesh.neighbours[row[0]]:
            if other in path or other in row:
                continue
            step = chance * self._step(other, row + path)
            if self._mesh.colludes[other]:
                self._colluding(path, (other, *row), step, relays, links_s, sight)
            else:
                later_s = links_s + self._mesh.delay[row[-1], path[0]]
                now = self._sighted((other, *row, path[0]), (other, *row, *path), relays, later_s, sight)
                if now is not None:
                    self._honest((other, *row, *path), step, 1, 0.0, now)

    def _step(self, node: int, path: Path) -> float:
        """Return how much less likely a stem is than without its first node: a walk may go to any node that
        it has not visited."""
        change = self._weights[path[0]] / self._near_weights[node]
        for other in self._mesh.neighbours[node]:
            if other in path and other != path[-1]:
                earlier = path[: path.index(other)]
                choices = self._weigh(self._near[other].difference(earlier))
                change *= choices / (choices - self._weights[node])
        return change

    def _weigh(self, nodes: Iterable[int]) -> float:
        return sum(self._weights[node] for node in nodes)

    def _sighted(self, piece: Path, path: Path, relays: int, links_s: float, sight: _Sight) -> _Sight | None:
        """Add the packets that came by the piece and may have been the messages. Return None if there are
        none."""
        told = path[: path.index(sight.told[-1]) + 1] if sight.told else piece
        stems = self._knows.stem_ratio(told)
        if not stems:
            return None
        rate, along = self._rates(piece, told, sight)
        points: Points = []
        evidence = sight.evidence * stems / sight.stems
        for before, seen in zip(sight.points, self._seen, strict=True):
            now = self._matching(seen.packets_at(piece), before, relays, links_s, rate, along)
            if not now:
                return None
            evidence *= sum(weight for _, weight in now) / sum(weight for _, weight in before)
            points.append(now)
        return _Sight(points, evidence, told, stems)

    def _matching(
        self,
        glimpses: Sequence[Glimpse],
        later: Sequence[tuple[float, float]],
        relays: int,
        links_s: float,
        rate: float,
        along: float,
    ) -> list[tuple[float, float]]:
        """When each packet that may be the one that came later was sent, and how much more likely it is than
        by chance. Of what came later, the share ``along`` came by here without being the message."""
        weights = [0.0] * len(glimpses)
        for at, weight in later:
            likely = [self._law(at - glimpse.left - links_s, relays) / rate for glimpse in glimpses]
            chance = 1.0 - along + along * sum(likely)
            for place, likelihood in enumerate(likely):
                if likelihood:
                    weights[place] += weight * likelihood / chance
        weighted = zip(glimpses, weights, strict=True)
        return [(glimpse.before, weight) for glimpse, weight in weighted if weight > 0.0]

    def _law(self, waited: float, relays: int) -> float:
        """The density of so many waits' sum, per second (Erlang's law)."""
        mean = self._traffic.habits.profile.delay_s
        if not mean:
            return 0.5 / CLOCK_S if abs(waited) <= CLOCK_S else 0.0
        if waited <= 0.0:
            return 0.0
        return waited ** (relays - 1) * math.exp(-waited / mean) / (mean**relays * math.factorial(relays - 1))

    def _rates(self, piece: Path, told: Path, sight: _Sight) -> tuple[float, float]:
        """Packets a second at a piece; and, of those that came by where colluders told something before, the
        share that came by here, too."""
        if self._traffic.habits.traced:
            return RARE, 0.0
        rate = self._knows.packet_rate
        return rate(piece), min(1.0, rate(told) / rate(sight.told)) if sight.told else 0.0
