"""What keeps this machine from all others, whatever these do.

Knows: interfaces, routes, and where the rendezvous are. Does not know: links, or what is sent.
"""

from __future__ import annotations

from typing import Final, Protocol
from urllib.parse import urlsplit

from p2pchat.config.paths import NetworkPolicy
from p2pchat.core.node import NodeMachine
from p2pchat.net import interfaces
from p2pchat.wire.places import plain_address

NO_NETWORK: Final = "this machine has no network"
NO_ROUTE: Final = "this machine has no route to the rendezvous"


class Placed(Protocol):
    """Knows where rendezvous are, and whether a proxy leads there."""

    @property
    def node(self) -> NodeMachine: ...

    @property
    def paths(self) -> NetworkPolicy: ...


class OwnNetwork:
    """Examines this machine's own network, each time it is asked."""

    def __init__(self, host: Placed) -> None:
        self._host = host

    @property
    def problem(self) -> str:
        """What is wrong with the network, in a sentence; empty for nothing. A rendezvous on this machine
        needs no network."""
        hosts = [urlsplit(url).hostname or "" for url in self._host.node.known_urls()]
        if any(_is_here(host) for host in hosts):
            return ""
        if not interfaces.is_connected():
            return NO_NETWORK
        if not hosts or self._host.paths.proxy is not None or any(map(interfaces.has_route, hosts)):
            return ""
        return NO_ROUTE


def _is_here(host: str) -> bool:
    address = plain_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)
