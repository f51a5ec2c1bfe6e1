"""Where members of one mesh listen, as their neighbours remember it: a way back when no rendezvous is left.

Knows: which addresses are remembered, how many, and when they are tried. Does not know: links and seats
(``active_view``), or how they are kept.

A member names a port and never a host: the address is the one that its link really has. So what is remembered
is where this node has been already. A member that hides behind a relay, and says that it does not, is
remembered at the relay's address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from p2pchat.core.kit.moments import NEVER
from p2pchat.wire.places import is_global, member_url

LISTENERS_CAP = 4
"""Of one mesh; the one that was confirmed longest ago makes room."""

ALONE_S = 10.0
"""A node without any link for so long looks where members were seen to listen: over a rendezvous it would
have had one by then."""


class Listeners:
    """URLs, the last confirmed first."""

    def __init__(self, urls: Iterable[str] = ()) -> None:
        self._urls = tuple(urls)[:LISTENERS_CAP]
        self._kept = frozenset(self._urls)
        self.visited: tuple[str, ...] = ()
        """Where it is tried now."""
        self._alone_since: float | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        """Return the URLs at which to look for listening members."""
        return self._urls

    def add_listener(self, address: str, port: int) -> None:
        """A neighbour whose link ends at that address listens at the port. Only global addresses are
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

    def plan_visits(self, linked: bool, now: float) -> bool:
        """Without any link for a while, look at all of them; with one, at none. Return whether ``visited``
        has changed."""
        if linked:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        alone = self._alone_since is not None and now >= self._alone_since + ALONE_S
        before, self.visited = self.visited, self._urls if alone else ()
        return self.visited != before

    def visit_at(self, linked: bool) -> float:
        """When ``plan_visits`` is next due."""
        if linked:
            return 0.0 if self.visited or self._alone_since is not None else NEVER
        if not self._urls or self.visited:
            return NEVER
        return 0.0 if self._alone_since is None else self._alone_since + ALONE_S
