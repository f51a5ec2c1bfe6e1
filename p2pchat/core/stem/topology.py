"""The nodes around us, as their own descriptors tell it.

Knows: which descriptor of a node holds, which links count, how far a descriptor may go on. Does not know:
keys, neighbours' links, or what the map is used for.

A link counts only if both of its ends list it: a node cannot draw stems to itself by listing others. Two
descriptors of one owner with one serial are kept both, and passed on: no other node can have signed them,
so they prove to all that their owner tells its neighbours different things. Its links no longer count.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from p2pchat.crypto import descriptor as descriptors
from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import Epoch, HopId
from p2pchat.wire.topology import NodeDescriptor

DESCRIPTORS_CAP = 4096
"""Descriptors of one epoch, about 2 MB: in a mesh of six links a node more are within five hops only if it
has many thousands. Beyond it the farthest go: otherwise a member that invents thousands of nodes would
displace all others here."""

ROOM = 16
"""One descriptor in so many goes when there are too many: finding the farthest takes a look at all."""


@dataclass(frozen=True, slots=True)
class KnownDescriptor:
    """A node's descriptor, and how far it may still travel."""

    descriptor: NodeDescriptor
    data: bytes = field(repr=False)
    """As signed."""
    hops: int
    contrary: bytes = field(default=b"", repr=False)
    """Another one that its owner signed with the same serial, if there is one."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a descriptor."""

    node: HopId
    """Its owner's id."""
    news: bool
    """Whether it told us something, so that it should go on."""
    stranger: bool
    """Whether we knew nothing of its owner before."""
    contradicts: bool = False
    """Whether it is the second with its serial, and so shows that its owner lies."""


class Topology:
    """Descriptors of one epoch."""

    def __init__(self, epoch: Epoch, cap: int = DESCRIPTORS_CAP) -> None:
        self._epoch = epoch
        self._cap = cap
        self._known: dict[HopId, KnownDescriptor] = {}
        self._owners: dict[bytes, HopId] = {}
        """By signed descriptor: its owner. Most that come are known already, and cost only a look."""
        self._map: dict[HopId, tuple[HopId, ...]] | None = None

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, node: HopId) -> bool:
        return node in self._known

    def find_descriptor(self, node: HopId) -> NodeDescriptor | None:
        """What holds of a node."""
        known = self._known.get(node)
        return known.descriptor if known is not None else None

    def put_descriptor(self, data: bytes, hops: int) -> Taken:
        """Take in a signed descriptor that may go ``hops`` further. Raises RefusedInput."""
        owner = self._owners.get(data)
        if owner is not None:
            return self._refresh(owner, hops)
        descriptor = descriptors.read_descriptor(data)
        if descriptor.epoch != self._epoch:
            raise Malformed("a descriptor of another epoch")
        node = descriptors.id_of(descriptor.verify_key)
        known = self._known.get(node)
        if known is not None and (known.contrary or not _may_tell_more(descriptor, known.descriptor)):
            return Taken(node, news=False, stranger=False)
        descriptors.check_descriptor(data, descriptor)
        if known is not None and descriptor.serial == known.descriptor.serial:
            self._contradict(node, replace(known, hops=max(hops, known.hops), contrary=data))
            return Taken(node, news=True, stranger=False, contradicts=True)
        self._keep(node, KnownDescriptor(descriptor, data, hops))
        return Taken(node, news=True, stranger=known is None)

    def is_contradicted(self, node: HopId) -> bool:
        """Whether its owner signed two with one serial. That holds until the epoch ends, or the node is
        forgotten."""
        known = self._known.get(node)
        return known is not None and bool(known.contrary)

    def map_links(self) -> Mapping[HopId, tuple[HopId, ...]]:
        """Return each node's neighbours that confirm the link, in the order of its own list."""
        if self._map is None:
            lists = {
                node: () if known.contrary else known.descriptor.links for node, known in self._known.items()
            }
            listed = {node: frozenset(links) for node, links in lists.items()}
            self._map = {
                node: tuple(other for other in dict.fromkeys(links) if node in listed.get(other, ()))
                for node, links in lists.items()
            }
        return self._map

    def are_linked(self, one: HopId, other: HopId) -> bool:
        """Whether there is a link that both list."""
        return other in self.map_links().get(one, ())

    def is_complete(self, start: HopId) -> bool:
        """Whether no node is missing: every node that is listed, from ``start`` on, has told of itself."""
        seen, waiting = {start: None}, [start]
        while waiting:
            known = self._known.get(waiting.pop())
            if known is None:
                return False
            for other in known.descriptor.links:
                if other not in seen:
                    seen[other] = None
                    waiting.append(other)
        return True

    @property
    def full(self) -> bool:
        """Whether there are too many descriptors."""
        return len(self._known) > self._cap

    def drop_farthest(self, near: Iterable[HopId]) -> list[HopId]:
        """Forget the descriptors of the nodes farthest from ``near``, which stay. A node without a path to
        them is the farthest; of equals the stalest goes first. Return the nodes whose descriptors went."""
        away, links = dict.fromkeys(near, 0), self.map_links()
        waiting = deque(away)
        while waiting:
            node = waiting.popleft()
            for other in links.get(node, ()):
                if other not in away:
                    away[other] = away[node] + 1
                    waiting.append(other)
        far = sorted(self._known, key=lambda node: -away.get(node, len(links)))
        gone = [node for node in far[: len(far) - self._cap + self._cap // ROOM] if away.get(node) != 0]
        for node in gone:
            self._forget(node)
        return gone

    def list_travelling(self) -> list[HopId]:
        """Return the nodes whose descriptors may go on."""
        return [node for node, known in self._known.items() if known.hops > 0]

    def find_onward(self, node: HopId) -> list[tuple[int, bytes]]:
        """Return a node's descriptor, or the two that contradict each other, if they may go on, and the hops
        left from the next node."""
        known = self._known.get(node)
        if known is None or known.hops <= 0:
            return []
        return [(known.hops - 1, data) for data in (known.data, known.contrary) if data]

    def _refresh(self, node: HopId, hops: int) -> Taken:
        """The same descriptor came by another way: news only if it may go on further than the first."""
        known = self._known[node]
        if hops > known.hops:
            self._known[node] = replace(known, hops=hops)
        return Taken(node, news=hops > known.hops, stranger=False)

    def _keep(self, node: HopId, known: KnownDescriptor) -> None:
        self._forget(node)  # to the end: the freshest
        self._known[node] = known
        self._owners[known.data] = node
        self._map = None

    def _contradict(self, node: HopId, known: KnownDescriptor) -> None:
        """Both go as far as the farther: a node that was told one of them must hear of the other."""
        self._keep(node, known)
        self._owners[known.contrary] = node

    def _forget(self, node: HopId) -> None:
        known = self._known.pop(node, None)
        if known is not None:
            del self._owners[known.data]
            self._owners.pop(known.contrary, None)
            self._map = None


def _may_tell_more(descriptor: NodeDescriptor, known: NodeDescriptor) -> bool:
    """Whether it is later than the one known, or contradicts it; if its owner signed it. Names are short, so
    the keys are compared: no node may be called a liar for what another key of the same name signed."""
    if descriptor.verify_key != known.verify_key or descriptor == known:
        return False
    return descriptor.serial >= known.serial
