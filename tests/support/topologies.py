"""Nodes as their descriptors show them: a graph of signed descriptors.

Knows: how to sign for every node. Does not know: what is done with the descriptors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from p2pchat.crypto.descriptor import DescriptorKey
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch, HopId
from p2pchat.wire.topology import NodeDescriptor

EPOCH = Epoch(83_000)


class Signer:
    """One node's short-lived key."""

    def __init__(self, name: str) -> None:
        self.key = DescriptorKey.generate(SeededEntropy(name))
        self.id = self.key.id
        self.serial = 0

    def descriptor(
        self, links: Sequence[HopId] = (), epoch: Epoch = EPOCH, serial: int | None = None
    ) -> bytes:
        """Its next signed descriptor."""
        self.serial = self.serial + 1 if serial is None else serial
        return self.key.sign(NodeDescriptor(self.key.public, b"o" * 32, epoch, self.serial, tuple(links)))


def signers(names: str) -> dict[str, Signer]:
    """Make one signer for each letter."""
    return {name: Signer(name) for name in names}


def graph(nodes: Mapping[str, Signer], *edges: str) -> dict[str, bytes]:
    """Everyone's descriptor; an edge ``ab`` is listed by both, ``a>b`` by ``a`` alone."""
    links: dict[str, list[HopId]] = {name: [] for name in nodes}
    for edge in edges:
        one, other = edge[0], edge[-1]
        links[one].append(nodes[other].id)
        if ">" not in edge:
            links[other].append(nodes[one].id)
    return {name: node.descriptor(links[name]) for name, node in nodes.items()}
