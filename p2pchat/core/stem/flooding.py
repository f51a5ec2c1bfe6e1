"""How others' descriptors are passed on: in company, after a random moment.

Knows: whose descriptors wait for which link. Does not know: what a descriptor says, or whether it is news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.outputs import SendTopology
from p2pchat.ports import Entropy, uniform
from p2pchat.types import HopId, LinkId
from p2pchat.wire.topology import batch_descriptors

BATCH_S = (0.2, 0.6)
"""Others' descriptors wait a random moment for company: five fit into a frame. Meanwhile a neighbour may send
the same, and then need not be told."""

AT_ONCE = 40
"""Descriptors on one link a batch, seven or eight frames: a newcomer to a mesh of a thousand gets them all in
some five seconds, and a burst does not fill the link's lane."""


class DescriptorFlooding:
    """Passes the descriptors of one epoch on. ``onward``: returns a node's descriptor, or the two that
    contradict each other, with the hops left to them; none if they go no further."""

    def __init__(self, entropy: Entropy, onward: Callable[[HopId], list[tuple[int, bytes]]]) -> None:
        self._entropy = entropy
        self._onward = onward
        self._waiting: dict[LinkId, dict[HopId, None]] = {}
        self.due_at = NEVER
        """When ``flush`` is next due."""

    def add_descriptors(self, link: LinkId, nodes: Iterable[HopId], now: float) -> None:
        """Pass the descriptors of these nodes on."""
        self._waiting.setdefault(link, {}).update(dict.fromkeys(nodes))
        if self.due_at == NEVER:
            self.due_at = now + uniform(self._entropy, *BATCH_S)

    def drop_descriptor(self, link: LinkId, node: HopId) -> None:
        """The neighbour there has it."""
        self._waiting.get(link, {}).pop(node, None)

    def drop_descriptors(self, nodes: Iterable[HopId]) -> None:
        """Forget descriptors that are no longer known."""
        for node in nodes:
            for waiting in self._waiting.values():
                waiting.pop(node, None)

    def link_down(self, link: LinkId) -> None:
        """Cells no longer go there."""
        self._waiting.pop(link, None)

    def flush(self, now: float) -> list[SendTopology]:
        """Send some of what waits on each link."""
        outputs: list[SendTopology] = []
        for link, nodes in list(self._waiting.items()):
            waiting = list(nodes)
            if len(waiting) > AT_ONCE:
                self._waiting[link] = dict.fromkeys(waiting[AT_ONCE:])
            else:
                del self._waiting[link]
            onward = [descriptor for node in waiting[:AT_ONCE] for descriptor in self._onward(node)]
            outputs += [SendTopology(link, batch) for batch in batch_descriptors(onward)]
        self.due_at = now + uniform(self._entropy, *BATCH_S) if self._waiting else NEVER
        return outputs
