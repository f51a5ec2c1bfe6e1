"""How a link finds out where it can be reached: own addresses, what STUN servers see, what TURN servers lend.

Knows: how many are asked, in what order, and for how long. Does not know: the source of the servers, or which
link asks.

aioice asks one STUN server, over IPv4 alone, and one TURN server, and waits five seconds for each that is
silent.
"""

# ruff: noqa: SLF001 -- aioice shows neither the addresses of a connection nor its protocols

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import ipaddress
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

import aioice.ice
import aioice.turn
from aioice import stun
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from python_socks.async_.asyncio import Proxy

from p2pchat.data import dataclass
from p2pchat.net import interfaces
from p2pchat.net.engines.port import (
    LATE_SECONDS,
    RELAY_SECONDS,
    STUN_SECONDS,
    TURN_SECONDS,
    CandidatePair,
    PathKind,
    note_silent,
)
from p2pchat.net.racing import connected, first_through
from p2pchat.net.tls import tls_context
from p2pchat.wire.description import Nat
from p2pchat.wire.ice import NO_SERVERS, Servers, StunServer, TurnServer, can_see

NEXT_SECONDS: Final = 0.3
"""A TURN server that UDP has not reached by then is tried over TCP, then over TLS."""

ASKING_MAX: Final = 3
"""Own addresses of each family from which STUN servers are asked; the first has the route to the world."""

PREFERENCE_MAX: Final = 65_535
"""Of a candidate among those of its kind (RFC 8445, section 5.1.2.1)."""

SERVERS: Final = contextvars.ContextVar[Servers]("servers", default=NO_SERVERS)
"""What the tasks of this context ask."""

PROXY: Final = contextvars.ContextVar[str | None]("proxy", default=None)
"""URL of the SOCKS5 proxy by which the tasks of this context reach TURN servers over TCP."""

_IP_MTU_DISCOVER: Final = 10
_IP_PMTUDISC_DONT: Final = 0
_IPV6_MTU: Final = 24
_IPV6_MTU_MIN: Final = 1280
"""Linux's, which Python does not name."""

CA_FILE: Final = contextvars.ContextVar[str | None]("ca_file", default=None)
"""PEM file of certificates that the tasks of this context trust beside the system's."""

REFUSED: Final = contextvars.ContextVar[set[str] | None]("refused", default=None)
"""Where the tasks of this context note which TURN servers refuse their user or password, as ``host:port``."""

SILENT: Final = contextvars.ContextVar[set[str] | None]("silent", default=None)
"""Where the tasks of this context note which TURN servers do not answer, as ``host:port``."""

UNAUTHORIZED: Final = 401
"""RFC 8489, section 9.2.4."""

Address = tuple[str, int]

Relay = tuple[Candidate, aioice.ice.StunProtocol]
"""An address that a TURN server has lent, and the transport to it."""


async def gather(connection: aioice.ice.Connection, component: int, addresses: list[str]) -> list[Candidate]:
    """Return all candidates, the best first. What fails is left out."""
    return await _Gathering(connection, component).run(addresses)


def nat(connection: aioice.ice.Connection) -> Nat:
    """What was learned of the way to others while gathering."""
    return _NATS.get(connection, Nat.UNKNOWN)


def chosen(connection: aioice.ice.Connection) -> CandidatePair | None:
    """The pair that messages take; None: none is chosen. aioice counts what STUN showed as a host's."""
    for pair in connection._nominated.values():
        transport: Any = pair.protocol.transport
        if isinstance(transport, aioice.turn.TurnTransport):
            transport = transport._TurnTransport__inner_protocol.transport  # type: ignore[attr-defined]
        where = transport.get_extra_info("sockname")
        if where:
            own, peer = pair.local_candidate.type, pair.remote_candidate.type
            remote = "" if peer == "relay" else str(pair.remote_candidate.host)
            return CandidatePair(cast(PathKind, own), cast(PathKind, peer), str(where[0]), remote)
    return None


@dataclass(frozen=True, slots=True)
class _Seen:
    """A STUN server's answer."""

    by: StunServer
    base: aioice.ice.StunProtocol
    address: Address


class _Gathering:
    """The gathering of one connection."""

    def __init__(self, connection: aioice.ice.Connection, component: int) -> None:
        self._connection = connection
        self._component = component
        self._servers = SERVERS.get()
        self._relay_only = connection._transport_policy is aioice.ice.TransportPolicy.RELAY
        self._seen: list[_Seen] = []
        self._relays: list[Relay] = []
        self._declined: set[str] = set()
        """Hosts of TURN servers that answered, and lent nothing."""

    async def run(self, addresses: list[str]) -> list[Candidate]:
        hosts = [
            await self._host(*found_at)
            for found_at in enumerate(interfaces.best(addresses, interfaces.routed()))
        ]
        bases = [base for base in hosts if base is not None]
        self._connection._protocols += bases
        asking = [*_first(bases, 4), *_first(bases, 6)]
        stuns = [self._task(self._ask(server, asking)) for server in self._servers.stun if asking]
        turns = [self._task(self._borrow(servers)) for servers in _by_host(self._servers.turn)]
        await self._wait(stuns, turns)
        if (silent := SILENT.get()) is not None:
            note_silent(silent, self._servers.turn, self._declined, bool(self._relays))
        self._connection._protocols += [protocol for _, protocol in self._relays]
        if stuns:
            _NATS[self._connection] = _kind(self._seen)
        found = [base.local_candidate for base in bases]
        found += [self._reflexive(mapping) for mapping in self._seen]
        return found + [candidate for candidate, _ in self._relays]

    def _task(self, work: Any) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)

    async def _wait(self, stuns: list[asyncio.Task[None]], turns: list[asyncio.Task[None]]) -> None:
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        answered: float | None = None
        waiting = {*stuns, *turns}
        while waiting:
            if answered is None and self._seen:
                answered = loop.time()
            until = [started_at + STUN_SECONDS]
            if answered is not None:
                until = [min(answered + LATE_SECONDS, *until)]
            if waiting & set(turns) and not self._relays:
                until = [started_at + (RELAY_SECONDS if self._relay_only else TURN_SECONDS)]
            left = until[0] - loop.time()
            if left <= 0:
                break
            _, waiting = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    # --- own addresses

    async def _host(self, place: int, address: str) -> aioice.ice.StunProtocol | None:
        try:
            transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: aioice.ice.StunProtocol(self._connection), local_addr=(address, 0)
            )
        except OSError:
            return None
        _prepare(transport.get_extra_info("socket"))
        host, port = transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = self._candidate("host", host, port, host, PREFERENCE_MAX - place)
        return protocol

    def _candidate(
        self, kind: str, host: str, port: int, base: str, preference: int, related: Address | None = None
    ) -> Candidate:
        return Candidate(
            foundation=candidate_foundation(kind, "udp", base),
            component=self._component,
            transport="udp",
            priority=candidate_priority(self._component, kind, preference),
            host=host,
            port=port,
            type=kind,
            related_address=related[0] if related else None,
            related_port=related[1] if related else None,
        )

    # --- STUN

    async def _ask(self, server: StunServer, bases: Sequence[aioice.ice.StunProtocol]) -> None:
        """Ask one server from several of our addresses; a server that does not answer adds nothing."""
        queries = []
        for address in await _resolved(server.host, server.port):
            of_family = [base for base in bases if _family(base.local_candidate.host) == _family(address[0])]
            queries += [self._ask_from(server, base, address) for base in of_family]
        await asyncio.gather(*queries)

    async def _ask_from(self, server: StunServer, base: aioice.ice.StunProtocol, address: Address) -> None:
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        with contextlib.suppress(stun.TransactionError, OSError, LookupError, ValueError):
            response, _ = await base.request(request, address)
            host, port = response.attributes["XOR-MAPPED-ADDRESS"]
            if _family(host) == _family(address[0]) and can_see(address[0], host):
                self._seen.append(_Seen(server, base, (host, port)))

    def _reflexive(self, seen: _Seen) -> Candidate:
        own = seen.base.local_candidate
        preference = own.priority >> 8 & PREFERENCE_MAX
        return self._candidate("srflx", *seen.address, own.host, preference, (own.host, own.port))

    # --- TURN

    async def _borrow(self, servers: Sequence[TurnServer]) -> None:
        """Borrow one address of a server, over the first transport that works."""
        trying: set[asyncio.Task[Relay | None]] = set()
        try:
            for number, server in enumerate(servers):
                loop = asyncio.get_running_loop()
                trying.add(loop.create_task(self._borrow_by(server, PREFERENCE_MAX - number)))
                last = server is servers[-1]
                lent = await first_through(trying, _has_lent, None if last else NEXT_SECONDS)
                if lent is not None:
                    self._relays.append(lent)
                    return
        finally:
            for task in trying:
                task.cancel()
            for made in await asyncio.gather(*trying, return_exceptions=True):
                if isinstance(made, tuple) and made not in self._relays:
                    await _give_back(made[1])

    async def _borrow_by(self, server: TurnServer, preference: int) -> Relay | None:
        try:
            relayed, protocol = await turn_endpoint(lambda: aioice.ice.StunProtocol(self._connection), server)
        except stun.TransactionFailed as failed:
            self._declined.add(server.host)
            _note(server, refused=failed.response.error_code == UNAUTHORIZED)
            return None
        except Exception:  # noqa: BLE001 -- OSError, TLS, proxies, STUN's own: there is one way less
            return None
        _note(server, refused=False)
        host, port = relayed.get_extra_info("sockname")
        nowhere = ("0.0.0.0" if _family(host) == socket.AF_INET else "::", 9)
        related = nowhere if self._relay_only else relayed.get_extra_info("related_address")
        protocol.local_candidate = self._candidate("relay", host, port, host, preference, related)
        return protocol.local_candidate, protocol


async def turn_endpoint(
    protocol_factory: Callable[[], aioice.ice.StunProtocol], server: TurnServer
) -> tuple[aioice.turn.TurnTransport, aioice.ice.StunProtocol]:
    """Borrow an address. aioice knows no proxy, no name but the host's own for TLS, and no second address of
    a name."""
    loop = asyncio.get_running_loop()
    where = (server.host, server.port)
    lifetime, refresh = aioice.turn.DEFAULT_ALLOCATION_LIFETIME, aioice.turn.DEFAULT_CHANNEL_REFRESH_TIME
    login = (where, server.user, server.password, lifetime, refresh)
    inner: aioice.turn.TurnClientTcpProtocol | aioice.turn.TurnClientUdpProtocol
    transport: asyncio.BaseTransport
    if server.transport == "udp":
        transport, inner = await loop.create_datagram_endpoint(
            lambda: aioice.turn.TurnClientUdpProtocol(*login), remote_addr=where
        )
        _prepare(transport.get_extra_info("socket"))
    else:
        tls = server.transport == "tls"
        for_tls: dict[str, Any] = {
            "ssl": tls_context(CA_FILE.get()) if tls else None,
            "server_hostname": (server.name or server.host) if tls else None,
        }
        transport, inner = await loop.create_connection(
            lambda: aioice.turn.TurnClientTcpProtocol(*login), **await _transport_to(where), **for_tls
        )
    try:
        protocol, relayed = protocol_factory(), aioice.turn.TurnTransport(inner)
        await relayed._connect(protocol)
    except BaseException:
        transport.close()
        raise
    return relayed, protocol


async def _transport_to(where: Address) -> dict[str, Any]:
    url = PROXY.get()
    if url is None:
        return {"sock": await connected(*where)}
    # python-socks has no name for socks5h: rdns is the h.
    proxy = Proxy.from_url(url.replace("socks5h:", "socks5:", 1), rdns=True)
    return {"sock": await proxy.connect(*where)}


def _note(server: TurnServer, refused: bool) -> None:
    noted = REFUSED.get()
    if noted is not None:
        (noted.add if refused else noted.discard)(f"{server.host}:{server.port}")


async def _give_back(protocol: aioice.ice.StunProtocol) -> None:
    with contextlib.suppress(Exception):
        await protocol.close()


def _prepare(endpoint: socket.socket | None) -> None:
    """Room for a burst; and datagrams that are too long for some network on the way are cut there, for its
    complaint may never come back."""
    if endpoint is None:
        return
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, aioice.turn.UDP_SOCKET_BUFFER_SIZE)
    if sys.platform != "linux":
        return
    if endpoint.family == socket.AF_INET:
        endpoint.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DONT)
    else:
        endpoint.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU, _IPV6_MTU_MIN)


async def _resolved(host: str, port: int) -> list[Address]:
    """Return one address of each IP version."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return [(host, port)]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError:
        return []
    by_family = {family: (str(address[0]), port) for family, _, _, _, address in reversed(found)}
    return list(by_family.values())


def _family(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _has_lent(task: asyncio.Task[Relay | None]) -> bool:
    return task.result() is not None


def _first(bases: Sequence[aioice.ice.StunProtocol], version: int) -> list[aioice.ice.StunProtocol]:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    return [base for base in bases if _family(base.local_candidate.host) == family][:ASKING_MAX]


def _by_host(servers: Sequence[TurnServer]) -> list[list[TurnServer]]:
    """Group the transports of each server: all borrow one address, over UDP if that works."""
    found: dict[str, list[TurnServer]] = {}
    for server in servers:
        found.setdefault(server.host, []).append(server)
    return list(found.values())


def _kind(seen: Sequence[_Seen]) -> Nat:
    """Return the kind of NAT, from the answers to the first own address that got any; IPv4 comes first."""
    if not seen:
        return Nat.BLOCKED
    ordered = sorted(
        seen, key=lambda mapping: (":" in mapping.address[0], -mapping.base.local_candidate.priority)
    )
    base = ordered[0].base
    of_base = [mapping for mapping in ordered if mapping.base is base]
    own = (base.local_candidate.host, base.local_candidate.port)
    if any(mapping.address == own for mapping in of_base):
        return Nat.OPEN
    if len({mapping.by for mapping in of_base}) < 2:
        return Nat.SOME
    return Nat.CONE if len({mapping.address for mapping in of_base}) == 1 else Nat.SYMMETRIC


_NATS: WeakKeyDictionary[aioice.ice.Connection, Nat] = WeakKeyDictionary()
