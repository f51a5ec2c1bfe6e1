"""The rendezvous that run inside a node: one on this machine's own network, one at an open port.

The rendezvous package is imported only if a setting needs it.

Knows: which of them are needed, and the order in which they start and end. Does not know: how either works.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from p2pchat.config.paths import NetworkPolicy
from p2pchat.control.answers import LanInfo, ListenerInfo
from p2pchat.core.values.inputs import NearbyFound
from p2pchat.daemon.needs import TakesInputs
from p2pchat.ports import Entropy

if TYPE_CHECKING:
    from p2pchat.daemon.lan import Lan
    from p2pchat.daemon.open_port import OpenPort


class LocalServers:
    """The rendezvous that run inside this node; none before the start."""

    def __init__(self, host: TakesInputs, entropy: Entropy) -> None:
        self._host = host
        self._entropy = entropy
        self._lan: Lan | None = None
        self._port: OpenPort | None = None

    async def start_listening(self, policy: NetworkPolicy) -> None:
        """Start the rendezvous that the policy needs."""
        if policy.listen is not None:
            from p2pchat.daemon.open_port import OpenPort

            self._port = OpenPort(self._host, policy.listen)
            await self._port.start_listening()
        if policy.lan:
            from p2pchat.daemon.lan import Lan

            urls = self._port.urls if self._port is not None else ()
            self._lan = Lan(self._host, self._entropy, urls)
            await self._lan.start_listening()

    def start_announcing(self) -> None:
        """Tell this node, and nodes on this machine's network, of these rendezvous. The driver must run."""
        if self._lan is not None:
            self._lan.start_announcing()
        elif self._port is not None:
            self._host.driver.submit_input(NearbyFound(self._port.urls, {}))

    async def stop_announcing(self) -> None:
        """Withdraw the announcements, ignoring failures."""
        if self._lan is not None:
            with suppress(OSError):
                await self._lan.shut_down()

    async def stop_listening(self) -> None:
        """Stop all rendezvous."""
        if self._lan is not None:
            await self._lan.shut_down()
        if self._port is not None:
            await self._port.stop_listening()

    def lan_info(self) -> LanInfo | None:
        """Describe the discovery on the own network; None if it is off."""
        lan = self._lan
        if lan is None:
            return None
        return LanInfo(addresses=list(lan.addresses), found=lan.found, problem=lan.problem)

    def listener_info(self) -> ListenerInfo | None:
        """Describe the open port; None if there is none."""
        port = self._port
        return None if port is None else ListenerInfo(port=port.port, problem=port.problem)
