"""The STUN and TURN servers that rendezvous have hinted.

Knows: which of them may help with a link of which mesh. Does not know: the user's own, or how any is asked.

What a rendezvous hints serves the meshes that are met there and no others, and its TURN server only a second
try: it sees which clients link with each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from p2pchat.core.kit.table import Table
from p2pchat.wire.ice import Servers

LOGIN_S: Final = 3600.0
"""For so long a login is used; the rendezvous renews it after half."""

RENDEZVOUS_CAP: Final = 64
"""Rendezvous whose hints are remembered, eight times what one mesh can have."""


class Hinted:
    """The last hint of each rendezvous."""

    def __init__(self) -> None:
        self._told = Table[str, tuple[Servers, float]](RENDEZVOUS_CAP)

    def on_hints(self, url: str, servers: Servers, now: float) -> None:
        """A rendezvous said so."""
        self._told.put(url, (servers, now))

    def servers_for(self, urls: Iterable[str], relayed: bool, now: float) -> Servers:
        """What may help with a link of a mesh that is met there."""
        found = Servers()
        for url in urls:
            servers, at = self._told.get(url, (Servers(), now))
            has_login = relayed and at <= now < at + LOGIN_S
            found += servers if has_login else Servers(servers.stun)
        return found

    def has_relay(self, urls: Iterable[str], now: float) -> bool:
        """Whether some of it is a TURN server."""
        return bool(self.servers_for(urls, True, now).turn)
