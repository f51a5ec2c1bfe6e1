"""The graph of links, as the nodes themselves see it.

Knows: which nodes have links with each other. Does not know: how links come and go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from heapq import heappop, heappush

from p2pchat.data import dataclass
from p2pchat.sim.host import SimulatedHost
from p2pchat.types import NodeId

SOURCES = 100
"""Shortest paths start at this many nodes, or a few more: a million paths in a mesh of ten thousand."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Hosts that run, and for each the hosts it counts as neighbours."""

    neighbours: dict[int, list[int]]

    @property
    def links_mean(self) -> float:
        """Links a node."""
        count = sum(map(len, self.neighbours.values()))
        return count / len(self.neighbours) if self.neighbours else 0.0

    def piece_sizes(self) -> list[int]:
        """The sizes of its connected components, the largest first."""
        left, sizes = dict.fromkeys(self.neighbours), []
        while left:
            waiting = [next(iter(left))]
            del left[waiting[0]]
            size = 0
            while waiting:
                size += 1
                for other in self.neighbours[waiting.pop()]:
                    if other in left:
                        del left[other]
                        waiting.append(other)
            sizes.append(size)
        return sorted(sizes, reverse=True)

    def shortest_times(self, latency: Callable[[int, int], float]) -> list[float]:
        """Return, in order, the times of the shortest paths from some nodes, evenly chosen, to all that they
        reach. Nothing on the graph travels faster."""
        nodes = list(self.neighbours)
        latencies = {
            node: [(other, latency(node, other)) for other in others]
            for node, others in self.neighbours.items()
        }
        times: list[float] = []
        for source in nodes[:: max(1, len(nodes) // SOURCES)]:
            times += _shortest(latencies, source)
        return sorted(times)


def _shortest(latencies: Mapping[int, list[tuple[int, float]]], source: int) -> list[float]:
    """Dijkstra's algorithm."""
    found: dict[int, float] = {}
    waiting = [(0.0, source)]
    while waiting:
        at, node = heappop(waiting)
        if node not in found:
            found[node] = at
            for other, seconds in latencies[node]:
                if other not in found:
                    heappush(waiting, (at + seconds, other))
    del found[source]
    return list(found.values())


def graph(hosts: Iterable[SimulatedHost]) -> Graph:
    """The links that are up between hosts that are awake; both ends must count on a link."""
    running = [(host, host.node.get_status()) for host in hosts if host.node is not None and not host.asleep]
    indices: dict[NodeId, int] = {mesh.node: host.index for host, status in running for mesh in status.meshes}
    seen = {
        host.index: {
            indices[link.peer] for link in status.links if link.state == "up" and link.peer in indices
        }
        for host, status in running
    }
    return Graph(
        {index: sorted(other for other in others if index in seen[other]) for index, others in seen.items()}
    )
