"""This machine's own addresses, and from which of them the rest of the world is reached.

Knows: interfaces and routes, as far as sockets show them. Does not know: what they are used for.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import ifaddr

from p2pchat.wire.places import is_nearby, plain_address

FAR: Final = ("192.0.2.1", "2001:db8::1")
"""Addresses that no machine has (RFC 5737, RFC 3849), behind the default route. Nothing is ever sent there:
connecting a datagram socket only chooses a route."""

SHARED_BITS_MAX: Final = 30
"""Of the mask of a network with other machines on it; tunnels have 31 or 32."""

HOSTS_MAX: Final = 8
"""Addresses that a link is offered at. More would crowd what STUN and TURN found out of the offer, and take
checks two seconds to get through."""


READ_FLAGS: Final = 0x8913
"""Asks for the flags of one interface (``SIOCGIFFLAGS`` in linux/sockios.h)."""

UP: Final = 0x1
"""The interface is switched on (``IFF_UP``, netdevice(7))."""

RUNNING: Final = 0x40
"""The interface is up, and its cable or radio works (``IFF_RUNNING``)."""

REQUEST: Final = struct.Struct("16sH22x")
"""``struct ifreq``: a name, and flags."""


def is_connected() -> bool:
    """Whether any interface that works has an address at which other machines may reach us."""
    return any(
        _is_reachable(ip.ip if isinstance(ip.ip, str) else ip.ip[0]) and _has_flag(adapter.name, RUNNING)
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    )


def _is_reachable(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return not (parsed.is_loopback or (parsed.version == 6 and parsed.is_link_local))


def _has_flag(name: str, flag: int) -> bool:
    """Whether the system says that of an interface. One that it does not tell of has each of the flags."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            told = fcntl.ioctl(asking, READ_FLAGS, REQUEST.pack(name.encode()[:15], 0))
            return bool(REQUEST.unpack(told)[1] & flag)
    return True


def has_route(host: str) -> bool:
    """Whether datagrams to a numeric address can leave; for a name, whether any can to the rest of the
    world."""
    return source_towards(host) is not None if plain_address(host) is not None else bool(routed())


def own() -> frozenset[str]:
    """Every address of every interface that is switched on, the loopback's included: one that is switched
    off keeps its IPv4 addresses, but carries nothing."""
    found: set[str] = set()
    for adapter in ifaddr.get_adapters():
        if not _has_flag(adapter.name, UP):
            continue
        for ip in adapter.ips:
            found.add(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
    return frozenset(found)


def private() -> tuple[ipaddress.IPv4Interface, ...]:
    """Return this machine's addresses on networks of a house or an office, whose machines it reaches
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
    """Return at most ``HOSTS_MAX`` addresses, the most useful first: those with a route to the world, then
    one of each network, then the rest."""
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
