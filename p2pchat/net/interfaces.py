"""This machine's own addresses, and from which of them the rest of the world is reached.

Knows: interfaces and routes, as far as sockets show them. Does not know: what they are used for.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Final

import ifaddr

from p2pchat.wire.places import is_nearby

FAR: Final = ("192.0.2.1", "2001:db8::1")
"""Addresses that no machine has (RFC 5737, RFC 3849), behind the default route. Nothing is ever sent there:
connecting a datagram socket only chooses a route."""

SHARED_BITS_MAX: Final = 30
"""Of the mask of a network with other machines on it; tunnels have 31 or 32."""

HOSTS_MAX: Final = 8
"""Addresses that a link is offered at. More would crowd what STUN and TURN found out of the offer, and take
checks two seconds to get through."""


def own() -> frozenset[str]:
    """Every address of every interface, the loopback's included."""
    found: set[str] = set()
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            found.add(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
    return frozenset(found)


def private() -> tuple[ipaddress.IPv4Interface, ...]:
    """This machine's addresses on networks of a house or an office, whose machines can be reached
    directly."""
    found = {
        ipaddress.IPv4Interface((address.ip, address.network_prefix))
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
        if isinstance(address.ip, str) and address.network_prefix <= SHARED_BITS_MAX
    }
    return tuple(sorted(place for place in found if is_nearby(place.ip)))


def routed() -> tuple[str, ...]:
    """The address from which the rest of the world is reached: an IPv4 one, an IPv6 one, or fewer."""
    return tuple(address for far in FAR if (address := source_towards(far)) is not None)


def source_towards(host: str) -> str | None:
    """Our address from which datagrams to a numeric address leave; None if they cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.connect((host, 9))
            return str(trial.getsockname()[0])
    except OSError:
        return None


def best(addresses: Iterable[str], routes: tuple[str, ...]) -> list[str]:
    """At most ``HOSTS_MAX`` of them, the most useful first: those with a route to the world, then one of each
    network, then the rest."""
    known = [address for address in dict.fromkeys(addresses) if _usable(address)]
    first = [address for address in routes if address in known]
    networks: dict[str, str] = {}
    for address in known:
        networks.setdefault(_network(address), address)
    ordered = list(dict.fromkeys((*first, *networks.values(), *known)))
    return ordered[:HOSTS_MAX]


def _usable(address: str) -> bool:
    return not ipaddress.ip_address(address).is_unspecified


def _network(address: str) -> str:
    bits = 64 if ":" in address else 24
    return str(ipaddress.ip_network((address, bits), strict=False))
