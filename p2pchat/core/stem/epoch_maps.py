"""This node's maps of the mesh: one for every epoch, two while epochs overlap.

Knows: when the map of an epoch begins and ends, which map our stems use, to which nodes links lead. Does
not know: stems or onions. Parent of ``epoch_map``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import assert_never

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.epoch_map import EpochMap
from p2pchat.core.stem.outputs import SendTopology
from p2pchat.crypto.envelope import EPOCH_SECONDS, epoch_at
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy, uniform
from p2pchat.types import Epoch, LinkId
from p2pchat.wire.topology import DescriptorRequest, Descriptors, OwnDescriptor, TopologyMessage, epoch_of

OVERLAP_S = 900.0
"""Descriptors of the next epoch are made, and those of the last kept, for so long: twice what clocks may
differ."""


class EpochMaps:
    """Each method returns what is to be said."""

    def __init__(self, entropy: Entropy, counters: Counter[str]) -> None:
        self._entropy = entropy
        self._counters = counters
        self._maps: dict[Epoch, EpochMap] = {}
        self._follow_at = NEVER
        self.links: dict[LinkId, bytes] = {}
        """Those that count, and the secret of each one's two ends."""

    # --- what the parent asks

    def __iter__(self) -> Iterator[EpochMap]:
        """The latest first."""
        return iter(reversed(list(self._maps.values())))

    def map_at(self, now: float) -> EpochMap | None:
        """Return the map that our stems use. After an epoch ends, its map stays in use for a while."""
        epoch = epoch_at(now)
        present, last = self._maps.get(epoch), self._maps.get(Epoch(epoch - 1))
        return last if last is not None and (present is None or now < present.moves_at) else present

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        due = self._follow_at
        for epoch_map in self._maps.values():
            due = min(due, epoch_map.next_wakeup())
        return due

    # --- what happens

    def link_up(self, link: LinkId, binding: bytes, now: float) -> list[SendTopology]:
        """A link counts; ``binding``: a secret of its two ends, 32 bytes."""
        outputs = self._follow(now)
        self.links[link] = binding
        for epoch_map in self._maps.values():
            outputs += epoch_map.link_up(link, binding, now)
        return outputs

    def link_down(self, link: LinkId, now: float) -> None:
        """A link no longer counts."""
        self.links.pop(link, None)
        for epoch_map in self._maps.values():
            epoch_map.link_down(link, now)

    def on_topology(self, link: LinkId, message: TopologyMessage, now: float) -> list[SendTopology]:
        """A neighbour told of itself or of others."""
        outputs: list[SendTopology] = []
        match message:
            case OwnDescriptor(data, proof):
                epoch_map = self._of(data, outputs, now)
                outputs += (
                    epoch_map.on_own_descriptor(link, data, proof, now) if epoch_map is not None else []
                )
            case Descriptors(descriptors):
                for hops, data in descriptors:
                    epoch_map = self._of(data, outputs, now)
                    if epoch_map is not None:
                        epoch_map.on_descriptor(link, data, hops, now)
            case DescriptorRequest(epoch):
                epoch_map = self._in(epoch, outputs, now)
                if epoch_map is not None:
                    epoch_map.on_descriptor_request(link, now)
            case _:
                assert_never(message)
        return outputs

    def tick(self, now: float) -> list[SendTopology]:
        """Do what is due."""
        outputs = self._follow(now)
        for epoch_map in self._maps.values():
            outputs += epoch_map.tick(now)
        return outputs

    # --- within

    def _of(self, data: bytes, outputs: list[SendTopology], now: float) -> EpochMap | None:
        """The one that a signed descriptor concerns."""
        try:
            return self._in(epoch_of(data), outputs, now)
        except RefusedInput:
            self._counters["records refused: unreadable"] += 1
            return None

    def _in(self, epoch: Epoch, outputs: list[SendTopology], now: float) -> EpochMap | None:
        """The one of this epoch; if a neighbour's clock says that it is time, it begins."""
        near = (epoch_at(now - OVERLAP_S), epoch_at(now + 2 * OVERLAP_S))
        if epoch not in self._maps and epoch in near:
            outputs += self._begin(epoch, now)
        return self._maps.get(epoch)

    def _follow(self, now: float) -> list[SendTopology]:
        """Let go of what is over, be there for what begins."""
        if self._maps and now < self._follow_at:
            return []
        for epoch in [epoch for epoch in self._maps if now >= (epoch + 1) * EPOCH_SECONDS + OVERLAP_S]:
            del self._maps[epoch]
        outputs: list[SendTopology] = []
        for epoch in dict.fromkeys((epoch_at(now), epoch_at(now + OVERLAP_S))):
            if epoch not in self._maps:
                outputs += self._begin(epoch, now)
        edge = epoch_at(now) * EPOCH_SECONDS
        edges = (edge + OVERLAP_S, edge + EPOCH_SECONDS - OVERLAP_S, edge + EPOCH_SECONDS + OVERLAP_S)
        self._follow_at = next(moment for moment in edges if moment > now)
        return outputs

    def _begin(self, epoch: Epoch, now: float) -> list[SendTopology]:
        """The first of a run tells of itself at once; the next ones at some moment of the overlap."""
        publish_at = now + (uniform(self._entropy, 0.0, OVERLAP_S / 2) if self._maps else 0.0)
        moves_at = epoch * EPOCH_SECONDS + uniform(self._entropy, 0.0, OVERLAP_S / 2)
        epoch_map = EpochMap(
            epoch, self._entropy.make_child(f"epoch {epoch}"), self._counters, publish_at, moves_at
        )
        self._maps[epoch] = epoch_map
        return [
            output for link, binding in self.links.items() for output in epoch_map.link_up(link, binding, now)
        ]
