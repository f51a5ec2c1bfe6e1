"""How much one client, one address and all of them together may ask of a rendezvous.

Knows: the caps, the reason for each, and which addresses count as one. Does not know: how they are enforced.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: ``burst`` at once, refilled by ``per_second``."""

    burst: int
    per_second: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Every cap of a rendezvous. The defaults suit a small machine: about 100 MB when all are reached, 200 MB
    with TLS, and 260 MB more if every single client stops reading at once."""

    connections: int = 4096
    """In all. A waiting client costs 15 kB, or 38 kB with TLS (40 kB without uvloop; measured), and a file
    descriptor."""

    connections_per_address: int = 64
    """A household or a small office behind one IPv4 address or IPv6 /64, with room for reconnections the
    server has not noticed yet."""

    addresses_per_site: int = 2
    """An IPv6 /56, which one customer often has for itself, may have and ask for as much as so many
    addresses: 128 of the 4096 connections."""

    addresses_per_network: int = 8
    """The same for an IPv6 /48, which every customer can get, and for an IPv4 /24: 512 of the connections, an
    eighth. A provider that puts many customers behind few addresses may need more."""

    seats_per_connection: int = 32
    """Ten meshes under two epochs' topics each, and a dozen open invites."""

    seats_per_address: int = 256
    """Four for each connection of a full address; fewer than its 64 clients could take together by
    themselves."""

    seats: int = 16384
    """In all: four for each connection. One costs 0.5 kB (measured)."""

    topics: int = 8192
    """In all. Half the seats: a server full of topics with one seat each is being squatted, not used."""

    addresses: int = 65536
    """Addresses, sites and networks remembered while they are connected or their buckets refill; a newcomer
    beyond that is turned away."""

    connects_per_address: Rate = Rate(burst=64, per_second=1.0)
    """A full address may reconnect at once after a restart; a TLS handshake costs about 1 ms, so not much
    more."""

    takes_per_address: Rate = Rate(burst=256, per_second=4.0)
    """A client short of links asks every 1 to 30 s; guessing nameplates is held to 4 tries a second."""

    passes_per_address: Rate = Rate(burst=512, per_second=16.0)
    """A Take is followed by up to five offers, each of which is answered: 2 kB each, so 32 kB/s."""

    messages_per_connection: Rate = Rate(burst=256, per_second=32.0)
    """WebSocket frames of any kind: pings and pongs, parts of messages, and messages, also those that are
    refused; a client that sends more is disconnected. Above what the other rates allow one honest client."""

    seatless_seconds: float = 60.0
    """A connection without a seat is closed after this: clients connect because they want one, and at
    once."""

    write_buffer_bytes: int = 64 * 1024
    """Bytes waiting for a slow reader, beyond what the kernel buffers, before it is disconnected: 31 blobs,
    five times what six others send at once."""

    open_seconds: float = 10.0
    """For TLS and the WebSocket handshake together."""

    request_bytes: int = 8 * 1024
    """Of the HTTP request with all its headers. A client sends 200 bytes; proxies add some hundred."""

    ping_seconds: float = 20.0
    """A client silent for one ping and as long again is gone, and its seats with it."""


def culprit(groups: tuple[ClientGroup, ...]) -> str | None:
    """Return the group that answers for what a guest does to an invite: an IPv4 /24, an IPv6 /48. Single
    addresses cost an attacker nothing."""
    return groups[-1].name if groups else None


@dataclass(frozen=True, slots=True)
class ClientGroup:
    """Clients that are counted together, and how many addresses' worth of all caps they have."""

    name: str
    worth: int = 1


def groups(host: str, limits: Limits) -> tuple[ClientGroup, ...]:
    """Return the groups that a client at ``host`` belongs to, the narrowest first.

    None for the loopback: a connection from there is of this machine or a proxy on it, for many clients; only
    the caps over all apply.
    """
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return ()
    if isinstance(address, ipaddress.IPv4Address):
        return ClientGroup(str(address)), ClientGroup(_network(address, 24), limits.addresses_per_network)
    return (
        ClientGroup(_network(address, 64)),
        ClientGroup(_network(address, 56), limits.addresses_per_site),
        ClientGroup(_network(address, 48), limits.addresses_per_network),
    )


def _network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, bits: int) -> str:
    return str(ipaddress.ip_network((address, bits), strict=False))
