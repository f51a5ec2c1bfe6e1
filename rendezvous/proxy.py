"""Proxies that stand before a rendezvous: which are believed, and what they say of their clients.

Knows: ``X-Forwarded-For``, and the PROXY protocol in its versions 1 and 2 (HAProxy's proxy-protocol.txt).
Does not know: what a client may ask for.

What a proxy says is believed if the operator has named that proxy, and only the part that it said itself.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX: Final = ""
"""The peer's address on a Unix socket: it has none."""

UNIX_NAME: Final = "unix"
"""How an operator names all peers of the Unix socket."""

_SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_V1_MAX: Final = 107
"""Bytes of a header of version 1 with its end, by the specification."""
_V2_MAX: Final = 4096
"""Bytes after the first 16 of version 2: addresses, and what else a proxy wants to say. (16-bit length.)"""


class NoHeader(Exception):
    """A trusted proxy did not name its client in an understandable form."""


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies that the operator has named."""

    networks: tuple[Network, ...] = ()
    unix: bool = False
    """Whether one stands before the Unix socket."""
    header: bool = False
    """Whether each of their connections begins with a header of the PROXY protocol."""

    def is_trusted(self, peer: str) -> bool:
        """Whether what connects from ``peer`` is one of them."""
        return self.unix if peer == UNIX else is_in(peer, self.networks)

    def forwarded_for(self, peer: str, headers: list[str]) -> str | None:
        """Return the client of a proxy, by ``X-Forwarded-For``: the last address that is no proxy of ours.
        Any client can write what stands before it. Return None if ``peer`` is no proxy, or names no
        client."""
        if not self.is_trusted(peer):
            return None
        for entry in reversed(",".join(headers).split(",")):
            try:
                address = _address(entry.strip())
            except ValueError:
                return None
            if not is_in(address, self.networks):
                return address
        return None


def is_in(host: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address belongs to one of these. Raises ValueError if it is none."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


def _address(entry: str) -> str:
    """Without the port that some proxies add. Raises ValueError."""
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    return str(ipaddress.ip_address(entry))


# --- the PROXY protocol

Read = Callable[[int], Awaitable[bytes]]
"""Reads exactly so many bytes."""


async def read_header(read: Read) -> str | None:
    """Take the header off the beginning of a connection, and not a byte more; return the client's address.
    None: the proxy connects for itself, to see whether the server lives. Raises NoHeader."""
    first = await read(len(_SIGNATURE))
    if first == _SIGNATURE:
        version, family, length = struct.unpack(">BBH", await read(4))
        if length > _V2_MAX:
            raise NoHeader("too long")
        return _version_2(version, family, await read(length))
    if not first.startswith(b"PROXY "):
        raise NoHeader("no PROXY header")
    line = bytearray(first)
    while not line.endswith(b"\r\n"):
        if len(line) >= _V1_MAX:
            raise NoHeader("a line without end")
        line += await read(1)
    return _version_1(bytes(line))


def _version_1(line: bytes) -> str | None:
    try:
        words = line[:-2].decode("ascii").split(" ")
        if words[1] == "UNKNOWN":
            return None
        _, kind, source, _, _, _ = words
        return str({"TCP4": ipaddress.IPv4Address, "TCP6": ipaddress.IPv6Address}[kind](source))
    except (ValueError, LookupError):
        raise NoHeader("not a line of version 1") from None


def _version_2(version: int, family: int, rest: bytes) -> str | None:
    if version == 0x20:
        return None
    size = {0x11: 4, 0x21: 16}.get(family)
    if version != 0x21 or size is None or len(rest) < 2 * size + 4:
        raise NoHeader("neither TCP over IPv4 nor over IPv6")
    return str(ipaddress.ip_address(rest[:size]))
