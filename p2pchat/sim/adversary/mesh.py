"""A mesh some of whose nodes collude.

Knows: links, how long each takes, which nodes collude. Does not know: what travels, or what the adversary
guesses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from itertools import pairwise
from random import Random

from p2pchat.data import dataclass

DEGREE = 5
"""Links of a node, as in the mesh that ships."""

LINK_S = (0.02, 0.12)
"""One way over a link: uniform between these, fixed for the link, the same both ways, known to all."""

MISTAKEN_HOPS = 3
"""So far from where a flood was first heard its source is sought: with one colluder in ten it is hardly ever
farther."""

Path = tuple[int, ...]
"""Nodes, each linked with the next."""


@dataclass(frozen=True, slots=True)
class FirstSpy:
    """How colluders first hear of a flood."""

    by: int
    before: int
    """The node that sent it."""
    after_s: float


@dataclass(frozen=True, slots=True)
class SampledMesh:
    """Nodes are numbers from 0."""

    neighbours: tuple[tuple[int, ...], ...]
    delay: dict[tuple[int, int], float]
    """Seconds over each link, by both directions."""
    colludes: tuple[bool, ...]
    sought: tuple[tuple[int, ...], ...] = ()
    """Neighbours at which each node's stem may begin; empty: all are."""
    first: tuple[int | None, ...] = ()
    """Where it does begin, as far as it is known."""

    def first_hops(self, node: int) -> tuple[int, ...]:
        """Neighbours at which a node's stem may begin."""
        return (self.sought[node] if self.sought else ()) or self.neighbours[node]

    def hop_weight(self, node: int) -> float:
        """Return the weight with which a stem goes on to a node (``core.stem.route``)."""
        return 1.0 / len(self.neighbours[node])

    def honest_nodes(self) -> list[int]:
        """All honest nodes."""
        return [node for node, colludes in enumerate(self.colludes) if not colludes]

    def first_spy(self, source: int, links: Sequence[Sequence[int]] | None = None) -> FirstSpy | None:
        """How colluders first hear what ``source`` floods over ``ways``, or all links. None: they do not."""
        links = self.neighbours if links is None else links
        waiting, found = [(0.0, source, source)], set[int]()
        while waiting:
            at, node, before = heappop(waiting)
            if self.colludes[node]:
                return FirstSpy(node, before, at)
            if node not in found:
                found.add(node)
                for other in links[node]:
                    if other not in found:
                        heappush(waiting, (at + self.delay[node, other], other, node))
        return None

    def mistaken_sources(self, source: int) -> Iterator[tuple[int, float]]:
        """Return all honest nodes whose floods the first spy hears as it hears those of ``source``, with the
        seconds by which such a flood would have begun later."""
        first = self.first_spy(source)
        if first is None:
            yield from ((node, 0.0) for node in self.honest_nodes())
            return
        near = {first.before: 0}
        for node in (waiting := [first.before]):
            if near[node] < MISTAKEN_HOPS:
                for other in self.neighbours[node]:
                    if other not in near and not self.colludes[other]:
                        near[other] = near[node] + 1
                        waiting.append(other)
        for node in dict.fromkeys((*near, source)):
            alike = self.first_spy(node)
            if alike is not None and (alike.by, alike.before) == (first.by, first.before):
                yield node, alike.after_s - first.after_s

    def shortest_tree(self, root: int) -> list[list[int]]:
        """The shortest ways from ``root``, as links of a tree."""
        links: list[list[int]] = [[] for _ in self.neighbours]
        waiting, found = [(0.0, root, root)], set[int]()
        while waiting:
            at, node, before = heappop(waiting)
            if node in found:
                continue
            found.add(node)
            if node != before:
                links[node].append(before)
                links[before].append(node)
            for other in self.neighbours[node]:
                heappush(waiting, (at + self.delay[node, other], other, node))
        return links


def mesh(nodes: int, colluding: float, rng: Random, false_links: int = 0) -> SampledMesh:
    """A random graph of DEGREE links a node, in which that share colludes.

    ``false_links``: so many fellows each colluder adds to those it is linked with. Both ends list such a
    link, and carry over it what comes, as quickly as over any other.
    """
    count = round(colluding * nodes)
    liars = rng.sample(range(nodes), count)
    edges = _regular(nodes, min(DEGREE, nodes - 1), rng)
    if false_links and count > false_links:
        edges |= {(liars[a], liars[b]) for a, b in _regular(count, false_links, rng)}
    neighbours: list[list[int]] = [[] for _ in range(nodes)]
    delay: dict[tuple[int, int], float] = {}
    for one, other in sorted({(min(edge), max(edge)) for edge in edges}):
        neighbours[one].append(other)
        neighbours[other].append(one)
        delay[one, other] = delay[other, one] = rng.uniform(*LINK_S)
    chosen = set(liars)
    return SampledMesh(tuple(map(tuple, neighbours)), delay, tuple(node in chosen for node in range(nodes)))


def scattered(given: SampledMesh, colluding: float, rng: Random) -> SampledMesh:
    """The same, but that share of its nodes colludes, drawn by lot."""
    count = len(given.colludes)
    chosen = set(rng.sample(range(count), round(colluding * count)))
    return replace(given, colludes=tuple(node in chosen for node in range(count)))


def surrounded(given: SampledMesh, victim: int, count: int, rng: Random) -> SampledMesh:
    """The same, but exactly ``count`` of the victim's neighbours collude, and it does not."""
    colludes = list(given.colludes)
    colludes[victim] = False
    near = list(given.neighbours[victim])
    rng.shuffle(near)
    for place, node in enumerate(near):
        colludes[node] = place < count
    return replace(given, colludes=tuple(colludes))


def took(given: SampledMesh, path: Sequence[int]) -> float:
    """Seconds over a path's links."""
    return sum(given.delay[link] for link in pairwise(path))


def _regular(nodes: int, degree: int, rng: Random) -> set[tuple[int, int]]:
    """A random regular graph: ends are paired at random, and pairs that cannot be are exchanged with others.
    With an odd number of ends, one node has a link less."""
    ends = [node for node in range(nodes) for _ in range(degree)]
    if len(ends) % 2:
        ends.pop()
    rng.shuffle(ends)
    pairs = list(zip(ends[::2], ends[1::2], strict=True))
    while bad := _repeated(pairs):
        for place in bad:
            other = rng.randrange(len(pairs))
            (a, b), (c, d) = pairs[place], pairs[other]
            pairs[place], pairs[other] = (a, d), (c, b)
    return set(pairs)


def _repeated(pairs: list[tuple[int, int]]) -> list[int]:
    """The places of loops and of links there are already."""
    seen, bad = set[tuple[int, int]](), []
    for place, (one, other) in enumerate(pairs):
        edge = (min(one, other), max(one, other))
        if one == other or edge in seen:
            bad.append(place)
        seen.add(edge)
    return bad
