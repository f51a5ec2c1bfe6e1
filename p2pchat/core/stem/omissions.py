"""Lists by which a neighbour leaves us out.

Knows: from which serial on a neighbour lists us, and which of its later lists do not. Does not know: links,
or what follows from it (``audit``).

As long as a link stands, each list that its other end signs has us, once one had. So one that has not counts
also if a later one is known by the time it comes: if only the newest list counts, no neighbour notices a
node that tells each of them a later list than the others. It counts once, even if others repeat it.
"""

from __future__ import annotations

from p2pchat.crypto.descriptor import check_descriptor, read_descriptor
from p2pchat.errors import RefusedInput
from p2pchat.types import HopId
from p2pchat.wire.topology import NodeDescriptor


class Omissions:
    """``own``: our name of the epoch."""

    def __init__(self, own: HopId) -> None:
        self._own = own
        self._judged: dict[HopId, int] = {}
        """By neighbour that has listed us: the serial up to which its lists are judged."""
        self._found: dict[HopId, None] = {}

    def begin_judging(self, node: HopId, known: NodeDescriptor) -> None:
        """A neighbour's newest; from the first that has us on its lists are judged."""
        if node not in self._judged and self._own in known.links:
            self._judged[node] = known.serial

    def forget_neighbour(self, node: HopId) -> None:
        """A node is no longer a neighbour."""
        self._judged.pop(node, None)

    def judge_list(self, node: HopId, data: bytes) -> None:
        """A signed descriptor of that owner came, which may be older than what is known."""
        judged = self._judged.get(node)
        if judged is None:
            return
        descriptor = read_descriptor(data)
        if descriptor.serial <= judged or self._own in descriptor.links:
            return
        try:
            check_descriptor(data, descriptor)
        except RefusedInput:
            return
        self._judged[node], self._found[node] = descriptor.serial, None

    def take_found(self) -> dict[HopId, None]:
        """The neighbours that omitted us since the last call."""
        found, self._found = self._found, {}
        return found
