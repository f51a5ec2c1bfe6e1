"""STUN binding requests (RFC 8489), answered over UDP: a client asks by which address the world sees it.

Knows: that one method, and how much may be asked. Does not know: clients, seats, or anything of the protocol
above it. There is no other method, no change of port or address, no software name. An answer has 32 bytes,
or 44 over IPv6, to a request of 20 or more: no amplifier, but a reflector, so it is limited by network and
in all; not by address alone, since a forged address would use up its owner's share.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from rendezvous.bucket import Bucket
from rendezvous.limits import Rate
from rendezvous.shares import draw

COOKIE: Final = 0x2112A442
HEADER: Final = struct.Struct(">HHI12s")
ATTRIBUTE: Final = struct.Struct(">HH")
REQUEST, SUCCESS = 0x0001, 0x0101
"""A binding request and its success response."""
XOR_MAPPED_ADDRESS: Final = 0x0020
OPTIONAL_FROM: Final = 0x8000
"""Attributes from here on need not be understood (RFC 8489, section 14)."""

REQUEST_MAX: Final = 548
"""Bytes: what a STUN request may have where the path is not known (RFC 8489, section 6.1)."""

PORT_MIN: Final = 1024
"""The lowest port of a client; lower ports are services, whose address an attacker could forge to have them
flooded."""

PER_NETWORK: Final = Rate(burst=1024, per_second=128.0)
"""For an IPv4 /24 or an IPv6 /56: 4 kB a second of answers. A link asks twice for each of its addresses, and
libwebrtc up to nine times in ten seconds: a machine with sixty container networks asks some 500 times."""

SITES_PER_NETWORK: Final = 2
"""An IPv6 /48, which one customer can have, may ask for as much as so many of its /56: half of what all may
ask at once, and an eighth of what they may go on asking."""

IN_ALL: Final = Rate(burst=4096, per_second=2048.0)
"""64 kB of answers a second, about a twentieth of a core (measured)."""

NETWORKS_MAX: Final = 8192
"""Networks remembered while their buckets refill: four seconds' worth of ``IN_ALL``."""

READ_AT_ONCE: Final = 64
"""Datagrams, before others of the event loop have their turn."""

_V4_MAPPED: Final = bytes(10) + b"\xff\xff"

_IP_PKTINFO: Final = getattr(socket, "IP_PKTINFO", 8)
_INFO_V4: Final = struct.Struct("=I4s4s")
_INFO_V6: Final = struct.Struct("=16sI")


def is_answerable(request: bytes, port: int) -> bool:
    """Tell whether a datagram from that port gets an answer, if its sender may have one."""
    return port >= PORT_MIN and _is_binding_request(request)


def make_answer(request: bytes, host: str, port: int) -> bytes:
    """Make the response to a request from there that is answerable."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    _, _, _, transaction = HEADER.unpack_from(request)
    mask = struct.pack(">I12s", COOKIE, transaction)
    hidden = bytes(a ^ b for a, b in zip(address.packed, mask, strict=False))
    family = 1 if address.version == 4 else 2
    value = struct.pack(">BBH", 0, family, port ^ COOKIE >> 16) + hidden
    attribute = ATTRIBUTE.pack(XOR_MAPPED_ADDRESS, len(value)) + value
    return HEADER.pack(SUCCESS, len(attribute), COOKIE, transaction) + attribute


def _is_binding_request(data: bytes) -> bool:
    """Whether it is one, whole, and asks for nothing that we would have to understand."""
    if not HEADER.size <= len(data) <= REQUEST_MAX:
        return False
    kind, length, cookie, _ = HEADER.unpack_from(data)
    if kind != REQUEST or cookie != COOKIE or length != len(data) - HEADER.size:
        return False
    at = HEADER.size
    while at < len(data):
        if at + ATTRIBUTE.size > len(data):
            return False
        kind, length = ATTRIBUTE.unpack_from(data, at)
        at += ATTRIBUTE.size + length + -length % 4
        if kind < OPTIONAL_FROM or at > len(data):
            return False
    return True


class AnswerAllowance:
    """The number of requests still allowed: for one network, and for all."""

    def __init__(self, now: float) -> None:
        """``now``: monotonic seconds."""
        self._all = Bucket(IN_ALL, now)
        self._networks: dict[bytes, Bucket] = {}

    def __len__(self) -> int:
        return len(self._networks)

    def allow_answer(self, host: str, now: float) -> bool:
        """Whether a request from there is answered."""
        if not self._all.has_token(now):
            return False
        shares = _name_shares(host)
        known = [self._networks[name] for name in shares if name in self._networks]
        if not all(bucket.has_token(now) for bucket in known):
            return False  # and nothing new is remembered: one /48 could fill the table with its /56
        if not shares.keys() <= self._networks.keys() and not self._has_room(len(shares), now):
            return False
        for name, worth in shares.items():
            if name not in self._networks:
                self._networks[name] = Bucket(PER_NETWORK, now, worth)
        return draw([*(self._networks[name] for name in shares), self._all], now)

    def _has_room(self, count: int, now: float) -> bool:
        if len(self._networks) + count > NETWORKS_MAX:
            self._forget(now)
        return len(self._networks) + count <= NETWORKS_MAX

    def _forget(self, now: float) -> None:
        """What is full again is as good as new."""
        for network in [idle for idle, bucket in self._networks.items() if bucket.is_full(now)]:
            del self._networks[network]


def _name_shares(host: str) -> dict[bytes, int]:
    """Name the networks that have a share together by the beginning of their addresses, and their worth.
    (``ipaddress`` takes ten times as long, and in a flood that decides how much gets lost.)"""
    if ":" not in host:
        return {socket.inet_aton(host)[:3]: 1}
    address = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    if address.startswith(_V4_MAPPED):
        return {address[12:15]: 1}
    return {address[:7]: 1, address[:6]: SITES_PER_NETWORK}


@contextlib.contextmanager
def answering(
    host: str, ports: tuple[int, ...], clock: Callable[[], float] = time.monotonic
) -> Iterator[tuple[int, ...]]:
    """Answer at these UDP ports while the block lasts; yields those that could be had, in their order.

    ``host`` is as in ``server.running``. Must be entered in the event loop's thread, while it runs.
    """
    allowance = AnswerAllowance(clock())
    with contextlib.ExitStack() as stack:
        had = []
        for port in ports:
            try:
                sockets = [stack.enter_context(endpoint) for endpoint in _sockets(host, port)]
            except OSError:
                continue
            for endpoint in sockets:
                stack.enter_context(_reading(endpoint, allowance, clock))
            had.append(port)
        yield tuple(had)


@contextlib.contextmanager
def _reading(
    endpoint: socket.socket, allowance: AnswerAllowance, clock: Callable[[], float]
) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    loop.add_reader(endpoint, _read, endpoint, allowance, clock)
    try:
        yield
    finally:
        loop.remove_reader(endpoint)


def _read(endpoint: socket.socket, allowance: AnswerAllowance, clock: Callable[[], float]) -> None:
    for _ in range(READ_AT_ONCE):
        try:
            data, about, _, where = endpoint.recvmsg(REQUEST_MAX + 1, 64)
        except OSError:  # nothing more there, or an error that an answer of ours came back with
            return
        if not is_answerable(data, where[1]) or not allowance.allow_answer(where[0], clock()):
            continue
        response = make_answer(data, where[0], where[1])
        with contextlib.suppress(OSError):
            endpoint.sendmsg([response], _source_address(about), 0, where)


def _source_address(about: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """An answer leaves from the address that was asked: NATs let no other in."""
    for level, kind, data in about:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            _, local, _ = _INFO_V4.unpack(data[: _INFO_V4.size])
            return [(level, kind, _INFO_V4.pack(0, local, bytes(4)))]
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            local, device = _INFO_V6.unpack(data[: _INFO_V6.size])
            return [(level, kind, _INFO_V6.pack(local, device))]
    return []


def _sockets(host: str, port: int) -> list[socket.socket]:
    """Open a socket for each address. Raises OSError if none can be opened."""
    found = socket.getaddrinfo(
        None if host == "*" else host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
    )
    made: list[socket.socket] = []
    failure: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            made.append(_socket(family, address))
        except OSError as error:
            failure = error
    if failure is not None and (not made or failure.errno == errno.EADDRINUSE):
        for endpoint in made:
            endpoint.close()
        raise failure
    return made


def _socket(family: int, address: tuple[str | int, ...] | tuple[int, bytes]) -> socket.socket:
    endpoint = socket.socket(family, socket.SOCK_DGRAM)
    try:
        endpoint.setblocking(False)
        if family == socket.AF_INET6:
            endpoint.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            endpoint.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        elif sys.platform == "linux":
            endpoint.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        endpoint.bind(address)
    except BaseException:
        endpoint.close()
        raise
    return endpoint
