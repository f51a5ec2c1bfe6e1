"""This node's stations: one for every epoch, two while epochs overlap.

Knows: when an epoch's station begins and ends, which of them our stems use, to which nodes links lead. Does
not know: stems or onions. Parent of ``station``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import assert_never

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.outputs import SendTopology
from p2pchat.core.stem.station import Station
from p2pchat.crypto.envelope import EPOCH_SECONDS, epoch_at
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy, uniform
from p2pchat.types import Epoch, LinkId
from p2pchat.wire.topology import DescriptorRequest, Descriptors, OwnDescriptor, TopologyMessage, epoch_of

OVERLAP_S = 900.0
"""Descriptors of the next epoch are made, and those of the last kept, for so long: twice what clocks may
differ."""


class Stations:
    """Each method returns what is to be said."""

    def __init__(self, entropy: Entropy, counters: Counter[str]) -> None:
        self._entropy = entropy
        self._counters = counters
        self._stations: dict[Epoch, Station] = {}
        self._follow_at = NEVER
        self.links: dict[LinkId, bytes] = {}
        """Those that count, and the secret of each one's two ends."""

    # --- what the parent asks

    def __iter__(self) -> Iterator[Station]:
        """The latest first."""
        return iter(reversed(list(self._stations.values())))

    def now(self, now: float) -> Station | None:
        """The one whose stems we use: for a while that of the epoch that is over."""
        epoch = epoch_at(now)
        present, last = self._stations.get(epoch), self._stations.get(Epoch(epoch - 1))
        return last if last is not None and (present is None or now < present.moves_at) else present

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min([self._follow_at, *(station.next_wakeup() for station in self._stations.values())])

    # --- what happens

    def link_up(self, link: LinkId, binding: bytes, now: float) -> list[SendTopology]:
        """A link counts; ``binding``: a secret of its two ends, 32 bytes."""
        out = self._follow(now)
        self.links[link] = binding
        for station in self._stations.values():
            out += station.link_up(link, binding, now)
        return out

    def link_down(self, link: LinkId, now: float) -> None:
        """It no longer counts."""
        self.links.pop(link, None)
        for station in self._stations.values():
            station.link_down(link, now)

    def heard(self, link: LinkId, message: TopologyMessage, now: float) -> list[SendTopology]:
        """A neighbour told of itself or of others."""
        out: list[SendTopology] = []
        match message:
            case OwnDescriptor(data, proof):
                station = self._of(data, out, now)
                out += station.mine(link, data, proof, now) if station is not None else []
            case Descriptors(descriptors):
                for hops, data in descriptors:
                    station = self._of(data, out, now)
                    if station is not None:
                        station.other(link, data, hops, now)
            case DescriptorRequest(epoch):
                station = self._in(epoch, out, now)
                if station is not None:
                    station.asked(link, now)
            case _:
                assert_never(message)
        return out

    def tick(self, now: float) -> list[SendTopology]:
        """Do what is due."""
        out = self._follow(now)
        for station in self._stations.values():
            out += station.tick(now)
        return out

    # --- within

    def _of(self, data: bytes, out: list[SendTopology], now: float) -> Station | None:
        """The one that a signed descriptor concerns."""
        try:
            return self._in(epoch_of(data), out, now)
        except RefusedInput:
            self._counters["records refused: unreadable"] += 1
            return None

    def _in(self, epoch: Epoch, out: list[SendTopology], now: float) -> Station | None:
        """The one of this epoch; if a neighbour's clock says that it is time, it begins."""
        near = (epoch_at(now - OVERLAP_S), epoch_at(now + 2 * OVERLAP_S))
        if epoch not in self._stations and epoch in near:
            out += self._begin(epoch, now)
        return self._stations.get(epoch)

    def _follow(self, now: float) -> list[SendTopology]:
        """Let go of what is over, be there for what begins."""
        if self._stations and now < self._follow_at:
            return []
        for epoch in [epoch for epoch in self._stations if now >= (epoch + 1) * EPOCH_SECONDS + OVERLAP_S]:
            del self._stations[epoch]
        out: list[SendTopology] = []
        for epoch in dict.fromkeys((epoch_at(now), epoch_at(now + OVERLAP_S))):
            if epoch not in self._stations:
                out += self._begin(epoch, now)
        edge = epoch_at(now) * EPOCH_SECONDS
        edges = (edge + OVERLAP_S, edge + EPOCH_SECONDS - OVERLAP_S, edge + EPOCH_SECONDS + OVERLAP_S)
        self._follow_at = next(each for each in edges if each > now)
        return out

    def _begin(self, epoch: Epoch, now: float) -> list[SendTopology]:
        """The first of a run tells of itself at once; the next ones at some moment of the overlap."""
        publish_at = now + (uniform(self._entropy, 0.0, OVERLAP_S / 2) if self._stations else 0.0)
        moves_at = epoch * EPOCH_SECONDS + uniform(self._entropy, 0.0, OVERLAP_S / 2)
        station = Station(
            epoch, self._entropy.make_child(f"epoch {epoch}"), self._counters, publish_at, moves_at
        )
        self._stations[epoch] = station
        return [said for link, binding in self.links.items() for said in station.link_up(link, binding, now)]
