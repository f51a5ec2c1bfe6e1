"""Watches the machine's network: links and connections are renewed as soon as it has changed.

Without this they would notice after half a minute.

Knows: addresses, routes, and sleep. Does not know: how links and connections are made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Protocol

from p2pchat.core.values.inputs import Input, NetworkChanged
from p2pchat.daemon.needs import Clock
from p2pchat.net import interfaces
from p2pchat.net.changes import Changes

NETWORK_LOOK_S = 2.0
"""Seconds between checks of the machine's addresses and routes, if the system reports no change before; a
check takes half a millisecond."""

NOTICED_S = 0.1
"""Seconds for connections to be known as lost, so that they are renewed at once."""

SLEPT_S = 20.0
"""A check that is this late comes after a suspend."""


class Addressed(Protocol):
    """Depends on this machine's addresses, and is told when they change."""

    def on_addresses_changed(self, addresses: Collection[str], /) -> None: ...


class AddressedLinks(Addressed, Protocol):
    """Links that can be tried at once."""

    def shake_links(self) -> None: ...


class NetworkMonitor:
    """Watches this machine's addresses, and tells links, connections and the core when they change."""

    def __init__(
        self, clock: Clock, links: AddressedLinks, connections: Addressed, submit: Callable[[Input], None]
    ) -> None:
        self._clock = clock
        self._links = links
        self._connections = connections
        self._submit = submit

    async def run_forever(self) -> None:
        """Check the addresses again and again."""
        before, looked = (interfaces.routed(), interfaces.own()), self._clock.now()
        with Changes() as changes:
            while True:
                await changes.wait_for_change(NETWORK_LOOK_S)
                now, slept = (interfaces.routed(), interfaces.own()), self._clock.now() - looked > SLEPT_S
                if slept:
                    self._links.shake_links()
                    self._connections.on_addresses_changed(())
                elif now != before:
                    self._links.on_addresses_changed(now[1])
                    self._connections.on_addresses_changed(now[1])
                if slept or now[0] != before[0]:
                    await asyncio.sleep(NOTICED_S)
                    self._submit(NetworkChanged())
                before, looked = now, self._clock.now()
