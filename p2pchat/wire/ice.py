"""STUN and TURN servers: how they are named, and which of them a rendezvous may name.

Knows: the form of their URLs (RFC 7064, RFC 7065, with a user and a password before the host), what a hint
of a rendezvous stands for. Does not know: how they are asked.

A rendezvous names ports and never hosts: the host is the one that we reach it at. So no hint leads to a
third party, nor into a private network, and nothing is looked up for one.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import field
from typing import Final, Literal
from urllib.parse import quote, unquote, urlsplit

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.wire.places import BROADCAST, is_global, plain_address
from p2pchat.wire.signalling import Hints

Transport = Literal["udp", "tcp", "tls"]

PORT: Final = 3478
TLS_PORT: Final = 5349
"""What URLs mean that say no port (RFC 8489, RFC 8656)."""

HINTED_PORTS: Final = frozenset((443, PORT, TLS_PORT))
"""What a rendezvous may name beside its own port: no hint makes us knock at any other door of its machine."""

SERVERS_MAX: Final = 8
"""In one list of the user's: all of them are asked for every link."""

_URL: Final = re.compile(
    r"(?P<scheme>stun|turns?):(?:(?P<user>[^:\s]+):(?P<password>\S+)@)?"
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(?P<port>\d{1,5}))?(?:\?transport=(?P<transport>udp|tcp))?"
)


@dataclass(frozen=True, slots=True)
class StunServer:
    """Tells us by which address the world sees us. Over UDP."""

    host: str
    """A name or a numeric address, an IPv6 one without brackets."""
    port: int = PORT


@dataclass(frozen=True, slots=True)
class TurnServer:
    """Passes on what a link carries."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    transport: Transport = "udp"
    name: str = ""
    """What its certificate must name, where that is not ``host``."""


@dataclass(frozen=True, slots=True)
class Servers:
    """All that may be asked for one link."""

    stun: tuple[StunServer, ...] = ()
    turn: tuple[TurnServer, ...] = ()

    def __add__(self, more: Servers) -> Servers:
        """These, then those; each once."""
        return Servers(
            tuple(dict.fromkeys(self.stun + more.stun)), tuple(dict.fromkeys(self.turn + more.turn))
        )


NO_SERVERS: Final = Servers()


def parse_server(url: str) -> StunServer | TurnServer:
    """Read ``stun:host:port`` or ``turn:user:password@host:port?transport=tcp``; ``turns:`` is TLS.

    What is special in a user or a password is percent-encoded: ``%3A`` is a colon in a user. Raises
    Malformed, in words fit for a person that repeat no password.
    """
    parts = _URL.fullmatch(url)
    if parts is None:
        raise Malformed("not like stun:host:port or turn:user:password@host:port (a colon in a user is %3A)")
    scheme, transport = parts["scheme"], parts["transport"]
    host = _host(parts["host"])
    port = int(parts["port"] or (TLS_PORT if scheme == "turns" else PORT))
    if not 0 < port < 1 << 16:
        raise Malformed(f"no port has the number {port}")
    if scheme == "stun":
        if transport is not None or parts["user"] is not None:
            raise Malformed("a STUN server has no transport, no user and no password")
        return StunServer(host, port)
    if parts["user"] is None:
        raise Malformed("a TURN server needs a user and a password: turn:user:password@host:port")
    if scheme == "turns" and transport == "udp":
        raise Malformed("a TURN server is reached by TLS over TCP, never over UDP")
    over: Transport = "tls" if scheme == "turns" else "tcp" if transport == "tcp" else "udp"
    return TurnServer(host, port, unquote(parts["user"]), unquote(parts["password"]), over)


def parse_servers(urls: tuple[str, ...]) -> Servers:
    """Read several. Raises Malformed."""
    if len(urls) > SERVERS_MAX:
        raise Malformed(f"{len(urls)} STUN and TURN servers; at most {SERVERS_MAX} are asked")
    read = [parse_server(url) for url in urls]
    return Servers(
        tuple(server for server in read if isinstance(server, StunServer)),
        tuple(server for server in read if isinstance(server, TurnServer)),
    )


def server_url(server: StunServer | TurnServer) -> str:
    """The URL that ``parse_server`` reads; of a TURN server with its password."""
    host = f"[{server.host}]" if ":" in server.host else server.host
    if isinstance(server, StunServer):
        return f"stun:{host}:{server.port}"
    who = f"{quote(server.user, safe='')}:{quote(server.password, safe='')}"
    scheme = "turns" if server.transport == "tls" else "turn"
    over = "?transport=tcp" if server.transport == "tcp" else ""
    return f"{scheme}:{who}@{host}:{server.port}{over}"


def hinted(url: str, address: str, hints: Hints) -> Servers:
    """What a rendezvous' hints stand for, which we reach at ``address`` by ``url``."""
    parts = urlsplit(url)
    own = parts.port or (443 if parts.scheme == "wss" else 80)
    allowed = HINTED_PORTS | {own}
    stun = tuple(StunServer(address, port) for port in hints.stun if port in allowed)
    login = hints.login
    if login is None:
        return Servers(stun)
    user = f"{login.expires}:{login.name.hex()}"
    password = base64.b64encode(login.password).decode()
    turn = [
        TurnServer(address, port, user, password, over)
        for over in ("udp", "tcp")
        for port in hints.turn
        if port in allowed
    ]
    name = parts.hostname or ""
    turn += [
        TurnServer(address, port, user, password, "tls", name) for port in hints.turns if port in allowed
    ]
    return Servers(stun, tuple(turn))


def can_see(server: str, seen: str) -> bool:
    """Whether a STUN server at an address may say that it sees us at another: a server on the Internet sees
    no private address, and no server sees an address that does not exist. Other nodes learn what a server
    says, and send there. A name is the user's to choose, for a rendezvous has none."""
    at, by = plain_address(seen), plain_address(server)
    if at is None or at.is_multicast or at.is_unspecified or str(at) == BROADCAST:
        return False
    if at.is_loopback:
        return by is not None and by.is_loopback
    return by is None or not is_global(by) or is_global(at)


def _host(text: str) -> str:
    if not text.startswith("["):
        return text
    try:
        return str(ipaddress.IPv6Address(text[1:-1]))
    except ValueError:
        raise Malformed(f"{text} is no IPv6 address") from None
