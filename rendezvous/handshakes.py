"""TLS handshakes under way, shared fairly when there are too many.

Knows: whose each is, and which makes way for another. Does not know: TLS, or how one is ended.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, Generic, TypeVar

IN_ALL: Final = 512
"""Of all clients. Each takes some 130 kB (measured), for ten seconds at most."""

PER_NETWORK: Final = 128
"""Of an IPv4 /24 or an IPv6 /48. An honest handshake ends within a few round trips."""

Handshake = TypeVar("Handshake")


class Handshakes(Generic[Handshake]):
    """Where there is no room for one more, the oldest makes way of the address that has the most, in the
    network that has the most: those that wait without speaking do not shut others out."""

    def __init__(self, in_all: int | None = None, per_network: int | None = None) -> None:
        self._in_all = IN_ALL if in_all is None else in_all
        self._per_network = PER_NETWORK if per_network is None else per_network
        self._networks: dict[str, dict[Handshake, str]] = {}
        """Each with its address, the oldest first."""

    def __len__(self) -> int:
        return sum(map(len, self._networks.values()))

    def begin_handshake(self, handshake: Handshake, address: str, network: str) -> Handshake | None:
        """Count one more; return the one that has to end for it. ``network``: "" has only the limit over
        all."""
        displaced = None
        if network and len(self._networks.get(network, ())) >= self._per_network:
            displaced = self._displace(network)
        elif len(self) >= self._in_all:
            displaced = self._displace(max(self._networks, key=lambda name: len(self._networks[name])))
        self._networks.setdefault(network, {})[handshake] = address
        return displaced

    def end_handshake(self, handshake: Handshake, network: str) -> None:
        """Count it no longer; harmless for one that was displaced."""
        there = self._networks.get(network, {})
        there.pop(handshake, None)
        if not there:
            self._networks.pop(network, None)

    def _displace(self, network: str) -> Handshake:
        there = self._networks[network]
        ((busiest, _),) = Counter(there.values()).most_common(1)
        displaced = next(found for found, address in there.items() if address == busiest)
        self.end_handshake(displaced, network)
        return displaced
