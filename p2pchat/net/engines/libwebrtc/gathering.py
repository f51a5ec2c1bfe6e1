"""How long libwebrtc may look for addresses, which of them are described, what they tell of the network.

Knows: candidate lines (RFC 8839) and the answers behind them. Does not know: connections.

libwebrtc waits ten seconds for a server that is silent, and describes every address it has, also TCP's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from ipaddress import ip_address
from typing import Final

from p2pchat.data import dataclass
from p2pchat.net import interfaces
from p2pchat.net.engines import port
from p2pchat.wire.description import Description, Nat
from p2pchat.wire.ice import Servers, StunServer, TurnServer, can_see
from p2pchat.wire.sdp import from_sdp

UNAUTHORIZED: Final = 401
"""RFC 8489, section 9.2.4."""

NO_ANSWER: Final = 700
"""Codes from here on are the engine's own, for a server that it cannot reach; a server's own are below."""


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """One candidate line, as far as it is looked at."""

    text: str
    kind: str
    protocol: str
    address: str
    base: str
    """Where it is seen from; the same as the address for a host's."""


def read_line(text: str) -> CandidateLine | None:
    """Read a line; None where it has no numeric address."""
    fields = text.removeprefix("candidate:").split()
    try:
        address, kind = str(ip_address(fields[4])), fields[7]
        after = dict(zip(fields[8::2], fields[9::2], strict=False))
        return CandidateLine(text, kind, fields[2].lower(), address, after.get("raddr", address))
    except (IndexError, ValueError):
        return None


@dataclass
class Gathering:
    """The gathering of one connection."""

    servers: Servers
    relay_only: bool
    lines: list[CandidateLine] = field(default_factory=list)
    seen_by: set[tuple[str, str]] = field(default_factory=set)
    """Which STUN servers have answered, and to which of our addresses."""
    failed: set[str] = field(default_factory=set)
    """URLs of servers that did not."""
    declined: set[str] = field(default_factory=set)
    """Those of them that answered with an error."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    def add_candidate(self, text: str, url: str | None) -> None:
        """Note a candidate that the engine has found with the help of a server."""
        line = read_line(text)
        if line is not None and line.protocol == "udp" and not self._is_lie(line, url):
            self.lines.append(line)
            if line.kind == "srflx" and url:
                self.seen_by.add((url, line.base))
        self.changed.set()

    def _is_lie(self, line: CandidateLine, url: str | None) -> bool:
        """Whether a STUN server tells an address that it cannot have seen."""
        servers = {server_url(server): server.host for server in self.servers.stun}
        return line.kind == "srflx" and not can_see(servers.get(url or "", ""), line.address)

    def add_failure(self, url: str, code: int = NO_ANSWER) -> None:
        """Note a server that has not answered, or has refused us."""
        self.failed.add(url)
        if code < NO_ANSWER:
            self.declined.add(url)
        self.changed.set()

    def stop_waiting(self) -> None:
        """End the gathering."""
        self.over = True
        self.changed.set()

    async def wait_for_enough(self) -> None:
        """Wait until enough has been found."""
        now: Callable[[], float] = asyncio.get_running_loop().time
        start = now()
        answered: float | None = None
        while not self.over:
            self.changed.clear()
            found = {line.kind for line in self.lines}
            if answered is None and "srflx" in found:
                answered = now()
            left = self._until(start, answered, "relay" in found) - now()
            if left <= 0:
                return
            try:
                async with asyncio.timeout(left):
                    await self.changed.wait()
            except TimeoutError:
                return

    def _until(self, start: float, answered: float | None, relayed: bool) -> float:
        if self.servers.turn and not relayed:
            return start + (port.RELAY_SECONDS if self.relay_only else port.TURN_SECONDS)
        if answered is not None:
            return min(answered + port.LATE_SECONDS, start + port.STUN_SECONDS)
        return start + port.STUN_SECONDS

    def describe_local(self, sdp: str) -> Description:
        """Return the engine's description with the useful addresses alone: the best of our own, the very
        best first, and what servers saw or lent. Raises Malformed."""
        kept = best_hosts(line.address for line in self.lines if line.kind == "host")
        bare = [line for line in sdp.splitlines() if not line.startswith("a=candidate:")]
        text = "\r\n".join((*bare, *(f"a={line.text}" for line in self._useful(kept)), ""))
        made = from_sdp(text)
        hosts = [candidate for candidate in made.candidates if candidate.kind == "host"]
        hosts.sort(key=lambda one: kept.index(one.address))
        others = [candidate for candidate in made.candidates if candidate.kind != "host"]
        candidates = (*hosts, *others)
        return Description(made.setup, made.ufrag, made.pwd, made.fingerprint, candidates, self.kind_of_nat())

    def _useful(self, kept: Sequence[str]) -> Iterator[CandidateLine]:
        """What is described where these of our addresses are. On a machine of dozens of networks a server
        may see as many addresses, and the peer would check each of them from each of its own."""
        own = {line.address for line in self.lines if line.kind == "host"}
        seen = {line.base for line in self.lines if line.kind == "srflx"}
        bases = seen & set(interfaces.routed()) if len(own) > len(kept) else seen
        for line in self.lines:
            if line.kind == "host":
                useful = line.address in kept
            else:
                useful = line.kind != "srflx" or line.base in (bases or kept)
            if useful:
                yield line

    def kind_of_nat(self) -> Nat:
        """Return the kind of NAT, from the addresses that STUN servers saw. A server that sees our own
        address leaves no candidate."""
        if not self.servers.stun or self.relay_only:
            return Nat.UNKNOWN
        seen = [line for line in self.lines if line.kind == "srflx"]
        silent = {server_url(server) for server in self.servers.stun} <= self.failed
        if not seen:
            return Nat.OPEN if self.over and not silent else Nat.BLOCKED
        of_base = [line for line in seen if line.base == seen[0].base]
        if len(of_base) > 1:
            return Nat.SYMMETRIC
        return Nat.SOME if len(self.servers.stun) - len(self.failed) < 2 or not self.over else Nat.CONE


def best_hosts(addresses: Iterable[str]) -> list[str]:
    """Choose the own addresses to offer: the loopback's only where there is no other."""
    known = list(addresses)
    outer = [own for own in known if not ip_address(own).is_loopback]
    return interfaces.best(outer or known, interfaces.routed())


def server_url(server: StunServer | TurnServer) -> str:
    """Return a URL as libwebrtc takes it, without user and password."""
    host = f"[{server.host}]" if ":" in server.host else server.host
    if isinstance(server, StunServer):
        return f"stun:{host}:{server.port}"
    if server.transport == "tls":
        return f"turns:{host}:{server.port}?transport=tcp"
    return f"turn:{host}:{server.port}?transport={server.transport}"


def can_reach(server: TurnServer) -> bool:
    """libwebrtc checks a certificate for the host's name alone, so not for one at a bare address."""
    return server.transport != "tls" or server.name in ("", server.host)
