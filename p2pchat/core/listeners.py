"""Where members of one mesh listen, as their neighbours remember it: a way back when no rendezvous is left.

Knows: which addresses are remembered, and how many. Does not know: when they are tried (``view``), or how
they are kept.

A member names a port and never a host: the address is the one that its link really has. So what is remembered
is where this node has been already. A member that hides behind a relay, and says that it does not, is
remembered at the relay's address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from p2pchat.wire.places import is_global, member_url

LISTENERS_CAP = 4
"""Of one mesh; the one that was confirmed longest ago makes room."""


class Listeners:
    """URLs, the last confirmed first."""

    def __init__(self, urls: Iterable[str] = ()) -> None:
        self._urls = tuple(urls)[:LISTENERS_CAP]
        self._kept = frozenset(self._urls)

    @property
    def urls(self) -> tuple[str, ...]:
        """Where to look."""
        return self._urls

    def add_listener(self, address: str, port: int) -> None:
        """A neighbour whose link ends at that address listens at the port. Nothing but a global address is
        remembered, and one port of each."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return
        if not is_global(found):
            return
        others = [url for url in self._urls if not url.startswith(member_url(found, None))]
        self._urls = (member_url(found, port), *others)[:LISTENERS_CAP]

    def take_unkept(self) -> tuple[str, ...] | None:
        """All of them, if there is one more or less than when this was asked last. Their order alone is not
        worth a write: a neighbour that comes and goes would cause it."""
        now = frozenset(self._urls)
        if now == self._kept:
            return None
        self._kept = now
        return self._urls
