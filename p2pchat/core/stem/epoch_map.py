"""This node during one epoch, as a place that stems may lead over.

Knows: its keys of the epoch, which neighbour has which id, whose descriptors it takes. Does not know: stems,
delays or cells. Parent of ``origination``, ``flooding`` and ``omissions``.

Names and keys last for an epoch and are never stored: a restarted node has other keys, and earlier
recordings can no longer be opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from p2pchat.core.kit.budget import Budget
from p2pchat.core.stem.audit import Sight
from p2pchat.core.stem.flooding import DescriptorFlooding
from p2pchat.core.stem.omissions import Omissions
from p2pchat.core.stem.origination import Origination
from p2pchat.core.stem.outputs import SendTopology
from p2pchat.core.stem.replay import Replay
from p2pchat.core.stem.topology import DESCRIPTORS_CAP, Taken, Topology
from p2pchat.crypto.descriptor import DescriptorKey, check_link
from p2pchat.crypto.onion import Hop, OnionKey
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy, sample
from p2pchat.types import Epoch, HopId, LinkId
from p2pchat.wire.topology import DEPTH, DescriptorRequest, NodeDescriptor, OwnDescriptor

LOST_S = 0.5
"""A link that is gone is told sooner than one that has come: stems that lead over it are broken."""

DESCRIPTORS_PER_S = 50.0
"""New descriptors a link may bring in the long run, each a signature to check (60 µs, measured)."""

OWN_PER_S = 0.5
OWN_AT_ONCE = 16
"""Descriptors that a neighbour may tell of itself: more than the pace of changes (``origination``) and the
loss of all its links make. A list that it told to others has time to come round before it tells us the next:
told faster than they travel, each neighbour would know but its own."""


class EpochMap:
    """The mesh as this node knows it during one epoch. ``publish_at``: when this node first tells of itself;
    ``moves_at``: when its stem moves into the epoch, another moment in every epoch and for every node."""

    def __init__(
        self, epoch: Epoch, entropy: Entropy, counters: Counter[str], publish_at: float, moves_at: float
    ) -> None:
        self.epoch = epoch
        self.moves_at = moves_at
        self._entropy = entropy
        self._counters = counters
        self._signing = DescriptorKey.generate(entropy)
        self.key = OnionKey.generate(entropy)
        self.id = self._signing.id
        self.topology = Topology(epoch, DESCRIPTORS_CAP)
        self.replay = Replay()
        self._omissions = Omissions(self.id)
        self._links: dict[LinkId, HopId | None] = {}
        """Neighbours, and their ids once they have told them."""
        self._bindings: dict[LinkId, bytes] = {}
        self._budgets: dict[LinkId, Budget] = {}
        self._own_budgets: dict[LinkId, Budget] = {}
        self._requested: dict[LinkId, None] = {}
        """Links on which all that is known was asked for."""
        self._flooding = DescriptorFlooding(entropy, self.topology.find_onward)
        self._origination = Origination(self._signing, self.key.public, epoch, entropy, publish_at)
        self._sign()

    # --- what the parent asks

    @property
    def neighbours(self) -> dict[HopId, LinkId]:
        """Return the link that leads to each neighbour, by hop id."""
        return {node: link for link, node in self._links.items() if node is not None}

    def link_to(self, node: HopId) -> LinkId | None:
        """The link to a neighbour."""
        return self.neighbours.get(node)

    def hops_over(self, nodes: Iterable[HopId]) -> tuple[Hop, ...]:
        """The hops of a way over nodes of ``confirmed_links``: of all those we have the descriptor."""
        descriptors = [(node, self.topology.find_descriptor(node)) for node in nodes]
        return tuple(
            Hop(node, descriptor.onion_key) for node, descriptor in descriptors if descriptor is not None
        )

    def confirmed_links(self) -> dict[HopId, tuple[HopId, ...]]:
        """Return each node's neighbours that confirm the link. Our own links need no confirmation: a newcomer
        has a stem before the others have heard of it."""
        links, own = dict(self.topology.map_links()), tuple(self.neighbours)
        links[self.id] = own
        for node in own:
            links[node] = (*(other for other in links.get(node, ()) if other != self.id), self.id)
        return links

    def take_sights(self) -> dict[LinkId, Sight]:
        """Return the hop id of each link's other end, and whether it listed us in all descriptors that came
        since the last call. A hop id stands by one link only, the first."""
        omitted = self._omissions.take_found()
        first: dict[HopId, LinkId] = {}
        for link, node in self._links.items():
            if node is not None:
                first.setdefault(node, link)
        return {
            link: Sight(
                node,
                first[node] == link and self._lists_us(node) and node not in omitted,
                self.topology.is_contradicted(node),
            )
            if node is not None
            else Sight(None, False)
            for link, node in self._links.items()
        }

    def name_at(self, link: LinkId) -> HopId | None:
        """What a neighbour is called, once it has told."""
        return self._links.get(link)

    def verify_key(self, node: HopId) -> bytes | None:
        """Return the key that verifies what a node signs."""
        descriptor = self.topology.find_descriptor(node)
        return descriptor.verify_key if descriptor is not None else None

    def sign_ticket(self, walk_key: bytes, key: bytes, vacant: bool) -> bytes:
        """Our signature of a ticket."""
        return self._signing.sign_ticket(walk_key, key, vacant)

    def there_and_back(self, node: HopId) -> tuple[HopId, ...] | None:
        """The shortest loop over a node: a neighbour, or a neighbour's neighbour; None for one further
        away."""
        if self.link_to(node) is not None:
            return (node,)
        between = [near for near in self.neighbours if self.topology.are_linked(near, node)]
        via = sample(self._entropy, between, 1)
        return (*via, node, *via) if via else None

    @property
    def reachable(self) -> int:
        """How many nodes can be reached, ourselves included."""
        links, seen, waiting = self.confirmed_links(), {self.id: None}, [self.id]
        while waiting:
            for other in links.get(waiting.pop(), ()):
                if other not in seen:
                    seen[other] = None
                    waiting.append(other)
        return len(seen)

    @property
    def closed(self) -> bool:
        """Whether no node is missing: all neighbours are known, and all listed nodes."""
        ids = self._links.values()
        return all(node is not None and self.topology.is_complete(node) for node in ids)

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min(self._flooding.due_at, self._origination.due_at)

    # --- what happens

    def link_up(self, link: LinkId, binding: bytes, now: float) -> list[SendTopology]:
        """A link counts: send our identity in this epoch, and our present links: by an older
        descriptor the newcomer would lead stems over links that are gone."""
        if self._origination.is_due:
            self._sign()
        self._links[link] = None
        self._bindings[link] = binding
        self._budgets[link] = Budget(now, DESCRIPTORS_PER_S, float(DESCRIPTORS_CAP))
        self._own_budgets[link] = Budget(now, OWN_PER_S, float(OWN_AT_ONCE))
        return [self._own(link)]

    def link_down(self, link: LinkId, now: float) -> None:
        """A link no longer counts."""
        self._flooding.link_down(link)
        self._budgets.pop(link, None)
        self._own_budgets.pop(link, None)
        self._bindings.pop(link, None)
        self._requested.pop(link, None)
        node = self._links.pop(link, None)
        if node is not None:
            self._omissions.forget_neighbour(node)
            self._changed(now)
            self._origination.publish_by(now + LOST_S)

    def on_own_descriptor(self, link: LinkId, data: bytes, proof: bytes, now: float) -> list[SendTopology]:
        """A neighbour identifies itself. A stranger's surroundings are strange to us, too: ask for them."""
        if not self._own_budgets[link].take_token(now):
            self._counters["records refused: over budget"] += 1
            return []
        taken = self._put(link, data, DEPTH - 1, now)
        if taken is None:
            return []
        if self._links[link] != taken.node:
            descriptor = self.topology.find_descriptor(taken.node)
            if taken.node == self.id or not _is_proven(descriptor, self._bindings[link], proof):
                self._counters["records refused: not the neighbour's"] += 1
                return []
            self._links[link] = taken.node
            self._changed(now)
        elif taken.news and not self._lists_us(taken.node):
            # The link was quiet for them alone, and with it they forgot which node is at its other end.
            return [self._own(link)]
        known = self.topology.find_descriptor(taken.node)
        if known is not None:
            self._omissions.begin_judging(taken.node, known)
        return [SendTopology(link, DescriptorRequest(self.epoch))] if taken.stranger else []

    def on_descriptor(self, link: LinkId, data: bytes, hops: int, now: float) -> None:
        """A neighbour passes a descriptor on."""
        self._put(link, data, min(hops, DEPTH - 1), now)

    def on_descriptor_request(self, link: LinkId, now: float) -> None:
        """A neighbour knows no node here; once a link: all that is known may be eight hundred frames."""
        if link in self._requested:
            self._counters["records asked for again"] += 1
            return
        self._requested[link] = None
        self._flooding.add_descriptors(link, self.topology.list_travelling(), now)

    def tick(self, now: float) -> list[SendTopology]:
        """Tell of ourselves, and of others."""
        outputs: list[SendTopology] = []
        if now >= self._origination.due_at:
            self._origination.note_published(now)
            self._sign()
            outputs += [self._own(link) for link in self._links]
        if now >= self._flooding.due_at:
            outputs += self._flooding.flush(now)
        return outputs

    # --- within

    def _put(self, link: LinkId, data: bytes, hops: int, now: float) -> Taken | None:
        """Take a descriptor in and let it go on; None if it was refused."""
        if not self._budgets[link].take_token(now):
            self._counters["records refused: over budget"] += 1
            return None
        try:
            taken = self.topology.put_descriptor(data, hops)
        except RefusedInput:
            self._counters["records refused: unreadable"] += 1
            return None
        if not self.topology.is_contradicted(taken.node):
            self._flooding.drop_descriptor(link, taken.node)  # they have it
        if self.topology.full:
            self._thin(taken.node)
        self._omissions.judge_list(taken.node, data)
        if taken.contradicts:
            self._counters["nodes that told two lists under one serial"] += 1
        if taken.news and self.topology.find_onward(taken.node):
            for other in self._links:
                if (
                    other != link or taken.contradicts
                ):  # a neighbour that brought one of two may not have the other
                    self._flooding.add_descriptors(other, [taken.node], now)
        return taken

    def _thin(self, newest: HopId) -> None:
        """There are too many descriptors: keep ours, our neighbours' and the newest."""
        gone = self.topology.drop_farthest((self.id, *self.neighbours, newest))
        self._counters["records dropped: too many"] += len(gone)
        self._flooding.drop_descriptors(gone)

    def _changed(self, now: float) -> None:
        self._origination.on_change(sum(node is not None for node in self._links.values()), now)

    def _own(self, link: LinkId) -> SendTopology:
        return SendTopology(
            link,
            OwnDescriptor(self._origination.descriptor, self._signing.sign_binding(self._bindings[link])),
        )

    def _lists_us(self, node: HopId) -> bool:
        descriptor = self.topology.find_descriptor(node)
        return descriptor is not None and self.id in descriptor.links

    def _sign(self) -> None:
        self.topology.put_descriptor(self._origination.sign_descriptor(self.neighbours), DEPTH)


def _is_proven(descriptor: NodeDescriptor | None, binding: bytes, proof: bytes) -> bool:
    """Otherwise a node could repeat another's descriptor and be taken for the first hop that it names."""
    if descriptor is None:
        return False
    try:
        check_link(binding, descriptor, proof)
    except RefusedInput:
        return False
    return True
