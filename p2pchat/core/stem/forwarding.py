"""Others' onions: peeled, mixed, and handed on.

Knows: what an onion that comes in means. Does not know: links, credit, or our own cells. Parent of
``mixing``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import assert_never

from p2pchat.core.stem.delay_pool import DelayPool
from p2pchat.core.stem.epoch_map import EpochMap
from p2pchat.core.stem.epoch_maps import EpochMaps
from p2pchat.core.stem.onions import DELAYS
from p2pchat.core.stem.outputs import Output, Relay, Spread
from p2pchat.crypto.kdf import cell_id
from p2pchat.crypto.onion import HopCommand, Peeled, peel
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy
from p2pchat.types import LinkId


class Forwarding:
    """``on_loop``: a loop of our own came back, with this payload."""

    def __init__(
        self,
        entropy: Entropy,
        counters: Counter[str],
        epochs: EpochMaps,
        on_loop: Callable[[bytes, float], None],
    ) -> None:
        self._counters = counters
        self._epochs = epochs
        self._on_loop = on_loop
        self.mix = DelayPool(entropy.make_child("mixing"))

    def take_onion(self, link: LinkId, packet: bytes, now: float) -> list[Output]:
        """An onion came in. No node learns of any fault in it."""
        for epoch_map in self._epochs:
            try:
                peeled = peel(epoch_map.key, packet)
            except RefusedInput:
                continue
            if epoch_map.replay.add_new(peeled.replay):
                return self._peeled(epoch_map, link, peeled, cell_id(packet), now)
            self._counters["onions refused: repeated"] += 1
            return []
        self._counters["onions refused: unreadable"] += 1
        return []

    def _peeled(
        self, epoch_map: EpochMap, source: LinkId, peeled: Peeled, parent: bytes, now: float
    ) -> list[Output]:
        match peeled.command:
            case HopCommand.FORWARD:
                link = epoch_map.link_to(peeled.next)
                if link is None:
                    self._counters["onions without a way"] += 1
                    return []
                self._counters["onions relayed"] += 1
                return self.go_on(Relay(link, peeled.packet, source, parent), peeled.delay, now)
            case HopCommand.BROADCAST:
                return self.go_on(Spread(peeled.payload, source, parent), peeled.delay, now)
            case HopCommand.LOOP:
                self._on_loop(peeled.payload, now)
                return []
            case HopCommand.DROP:
                return []
            case _:
                assert_never(peeled.command)

    def go_on(self, output: Relay | Spread, delay: int, now: float) -> list[Output]:
        """What was peeled goes on after the wait that its sender asked for. The simulator's hostile relays do
        something else here."""
        if delay >= len(DELAYS):
            self._counters["onions refused: unreadable"] += 1
            return []
        if not DELAYS[delay]:
            return [output]
        if not self.mix.put(output, DELAYS[delay], now):
            self._counters["onions shed"] += 1
        return []


Forwards = Callable[[Entropy, Counter[str], EpochMaps, Callable[[bytes, float], None]], Forwarding]
"""Makes what carries others' onions."""
