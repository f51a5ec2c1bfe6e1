"""The way a stem takes: a random path over links.

Knows: which nodes claim links with each other. Does not know: how that came to be known, or what travels
along the stem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from p2pchat.ports import Entropy, exponential, sample
from p2pchat.types import HopId

STEPS = 1000
"""So many nodes are tried before a search counts as failed: a stem of five hops in a thousand-node mesh with
six links each takes five steps and now and then one back; what has none in a thousand is a tiny or hostile
topology."""


def draw(
    links: Mapping[HopId, Sequence[HopId]],
    start: HopId,
    hops: int,
    entropy: Entropy,
    first: Sequence[HopId] = (),
) -> tuple[HopId, ...] | None:
    """A random stem from ``start``: ``hops`` nodes, all different, none of them ``start``, each linked with
    the next. None if there is none.

    A link counts only if both ends list it. If any of ``first`` (contacts) can be the first hop, one is.

    The path is a self-avoiding walk, which steps back where it is stuck. All neighbours are equally likely
    to be the first hop, whatever they claim: the first hop decides what colluders can learn. At each later
    node the next is drawn with a weight of one over the links that it lists. So nodes with many links are on
    as many stems as others: a plain walk is at a node in proportion to its links (Lovász, "Random Walks on
    Graphs", 1993), and colluders may have more of them than others. Uniform over all paths would hide no
    better on a regular graph, and would send most stems by the neighbour that claims the most paths behind
    it.
    """
    firsts = sample(entropy, _after(links, start, (start,)), len(links))
    firsts.sort(key=lambda node: node in first)
    return _walk(links, start, hops, entropy, firsts)


def _walk(
    links: Mapping[HopId, Sequence[HopId]], start: HopId, hops: int, entropy: Entropy, firsts: list[HopId]
) -> tuple[HopId, ...] | None:
    """Depth first. ``firsts`` are tried from the last."""
    path, untried = [start], [firsts]
    for _ in range(STEPS):
        if len(path) == hops + 1:
            return tuple(path[1:])
        if not untried:
            return None
        if not untried[-1]:
            path.pop()
            untried.pop()
            continue
        node = untried[-1].pop()
        path.append(node)
        untried.append(_shuffle(links, _after(links, node, path), entropy))
    return None


def _shuffle(links: Mapping[HopId, Sequence[HopId]], nodes: Sequence[HopId], entropy: Entropy) -> list[HopId]:
    """Return the nodes in random order. Each is the last with a weight of one over the links that it lists,
    and so on (Efraimidis and Spirakis, "Weighted random sampling", 2006)."""
    rank = {node: exponential(entropy, float(len(links[node]))) for node in nodes}
    return sorted(nodes, key=rank.__getitem__, reverse=True)


def _after(links: Mapping[HopId, Sequence[HopId]], node: HopId, path: Sequence[HopId]) -> list[HopId]:
    """Return the nodes at which a path may go on from its last node."""
    return [
        other
        for other in dict.fromkeys(links.get(node, ()))
        if other not in path and node in links.get(other, ())
    ]
