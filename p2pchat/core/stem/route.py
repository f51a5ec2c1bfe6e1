"""The way a stem takes: a random path over links.

Knows: who says to be linked with whom. Does not know: how that came to be known, or what travels along
the stem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from p2pchat.ports import Entropy, sample

STEPS = 1000
"""So many nodes are tried before a search counts as failed: a stem of five hops in a thousand-node mesh with
six links each takes five steps and now and then one back; what has none in a thousand is a tiny or hostile
vicinity."""


def draw(
    links: Mapping[bytes, Sequence[bytes]],
    start: bytes,
    hops: int,
    entropy: Entropy,
    first: Sequence[bytes] = (),
) -> tuple[bytes, ...] | None:
    """A random stem from ``start``: ``hops`` nodes, all different, none of them ``start``, each linked with
    the next. None if there is none.

    A link counts only if both ends list it. If any of ``first`` (contacts) can be the first hop, one is.

    The path is a self-avoiding walk: at each node the next is uniform among those not yet on it, and the
    walk steps back where it is stuck. Uniform over all paths would hide no better on a regular graph, and
    would send most stems by the neighbour that claims the most paths behind it. Here every neighbour is as
    likely to be the first hop, whatever it claims; and the first hop decides what colluders can learn.
    """
    firsts = sample(entropy, _after(links, start, (start,)), len(links))
    firsts.sort(key=lambda node: node in first)
    return _walk(links, start, hops, entropy, firsts)


def _walk(
    links: Mapping[bytes, Sequence[bytes]], start: bytes, hops: int, entropy: Entropy, firsts: list[bytes]
) -> tuple[bytes, ...] | None:
    """Depth first. ``firsts`` are tried from the last."""
    way, untried = [start], [firsts]
    for _ in range(STEPS):
        if len(way) == hops + 1:
            return tuple(way[1:])
        if not untried:
            return None
        if not untried[-1]:
            way.pop()
            untried.pop()
            continue
        node = untried[-1].pop()
        way.append(node)
        untried.append(sample(entropy, _after(links, node, way), len(links)))
    return None


def _after(links: Mapping[bytes, Sequence[bytes]], node: bytes, way: Sequence[bytes]) -> list[bytes]:
    """Where a path along ``way`` may go on from its last node."""
    return [
        other
        for other in dict.fromkeys(links.get(node, ()))
        if other not in way and node in links.get(other, ())
    ]
