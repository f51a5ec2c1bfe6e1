"""By which ways a node reaches others, as a person writes them: STUN and TURN servers, a proxy.

Knows: how such addresses are written, and which go together. Does not know: where they are kept, or any
socket.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.wire.ice import Servers, parse_server, parse_servers

_PROXY: Final = re.compile(
    r"socks5h://(?:[^:@/\s]+:[^:@/\s]+@)?(?:\[[0-9a-fA-F:]+\]|[\w.-]+):(?P<port>\d{1,5})"
)

ICE_LIKE: Final = "like stun:host:port or turn:user:password@host:port, with blanks between several"
PROXY_LIKE: Final = "like socks5h://127.0.0.1:9050 (h: the proxy looks names up)"


_AUTO: Final = "auto"
AIORTC: Final = "aiortc"
LIBWEBRTC: Final = "libwebrtc"
ENGINES: Final = (_AUTO, AIORTC, LIBWEBRTC)

_TAKE_AUTO: Final = "; let engine be auto"
_LIBRARIES: Final = {AIORTC: "aiortc", LIBWEBRTC: "wrtc"}


def is_installed(engine: str) -> bool:
    """Whether the library of this engine is there. It is not loaded."""
    return find_spec(_LIBRARIES[engine]) is not None


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """How a node reaches others, and they it."""

    ice_servers: tuple[str, ...] = ()
    """The person's own STUN and TURN servers, as URLs."""
    relay_only: bool = False
    """Links go through the TURN server alone; neighbours see its address, never ours."""
    proxy: str | None = None
    """URL of the SOCKS5 proxy through which all TCP goes or none: to rendezvous and TURN servers."""
    ca_file: str | None = None
    """A PEM file of certificates to trust beside the system's, where a rendezvous is reached by TLS."""
    lan: bool = False
    """Others are looked for on this machine's own network, directly, and may find us there."""
    listen: int | None = None
    """The TCP port at which members may come to us from anywhere."""
    engine: str = _AUTO
    """What makes WebRTC links: one of ``ENGINES``."""

    @property
    def servers(self) -> Servers:
        """The person's own STUN and TURN servers."""
        return parse_servers(self.ice_servers)

    def find_conflict(self) -> str:
        """Say which settings contradict each other, and what to do; empty if none do."""
        shown = "lan" if self.lan else "listen" if self.listen is not None else ""
        if shown and (self.relay_only or self.proxy is not None):
            what = "relay-only" if self.relay_only else "the proxy"
            return f"{shown} shows your address and goes round {what}: have one or the other"
        return self._relays_conflict() if self.relay_only else self._engine_conflict()

    def engine_name(self) -> str:
        """The engine that is to run. auto takes the one that keeps to every other setting."""
        return AIORTC if self.engine == _AUTO else self.engine

    def _relays_conflict(self) -> str:
        if not self.servers.turn:
            return (
                "relay-only needs a TURN server: 'p2pchat config set ice turn:USER:PASSWORD@HOST:PORT',"
                " or P2PCHAT_ICE"
            )
        if self.proxy is not None and all(server.transport == "udp" for server in self.servers.turn):
            return (
                "behind a proxy, relay-only needs a TURN server over TCP: let its address in ice end in"
                " ?transport=tcp, or use turns:"
            )
        return self._engine_conflict()

    def _engine_conflict(self) -> str:
        if self.engine_name() != LIBWEBRTC:
            return ""
        if not is_installed(LIBWEBRTC):
            return (
                "engine libwebrtc is not installed here: in the clone, pip install --require-hashes -r"
                " scripts/locks/libwebrtc.txt; or 'p2pchat config set engine auto'"
            )
        if self.relay_only:
            return f"with relay-only, engine libwebrtc would show your address{_TAKE_AUTO}"
        if self.proxy is not None:
            return f"engine libwebrtc reaches no TURN server through a proxy{_TAKE_AUTO}"
        if self.ca_file is not None and any(server.transport == "tls" for server in self.servers.turn):
            return f"engine libwebrtc does not read ca-file for a turns: server{_TAKE_AUTO}"
        return ""


def read_servers(text: str) -> tuple[str, ...]:
    """STUN and TURN URLs, separated by blanks. Raises ValueError, which names no password."""
    if _LISTED.search(text):
        raise ValueError("several servers are parted by blanks, not by commas")
    urls = tuple(text.split())
    for url in urls:
        try:
            parse_server(url)
        except Malformed as error:
            raise ValueError(f"{masked(url)!r}: {error}") from None
    try:
        parse_servers(urls)
    except Malformed as error:
        raise ValueError(str(error)) from None
    return urls


def read_proxy(text: str) -> str:
    """The URL of a SOCKS5 proxy that looks names up itself. Raises ValueError."""
    parts = _PROXY.fullmatch(text)
    if parts is None or not 0 < int(parts["port"]) < 1 << 16:
        raise ValueError
    return text


def masked(text: str) -> str:
    """Addresses without their passwords, fit to be shown: ``turn:user:***@host``. What is not written as it
    should be is masked up to its last ``@``."""
    return " ".join(_without_password(url) for url in text.split())


_SCHEMES: Final = frozenset({"stun", "stuns", "turn", "turns", "socks", "socks5", "socks5h", "http", "https"})


_LISTED: Final = re.compile(r",(stuns?|turns?):")

_PLAIN: Final = re.compile(r"\w+:(//)?(\[[0-9a-fA-F:.%]+\]|[^:?@/\[\]]+)(:\d{1,5})?/?")
"""A scheme, a host and a port."""


def _without_password(url: str) -> str:
    credentials, at, host = url.rpartition("@")
    if not at:
        scheme = url.partition(":")[0]
        if _PLAIN.fullmatch(url) and scheme not in ("turn", "turns"):  # there, a port may be a password
            return url
        return f"{scheme}:***" if scheme in _SCHEMES else "***"
    scheme, _, rest = credentials.partition(":")
    if scheme not in _SCHEMES:
        return f"***@{host}"
    slashes = "//" if rest.startswith("//") else ""
    user, between, _password = rest.removeprefix("//").partition(":")
    return f"{scheme}:{slashes}{f'{user}:' if between else ''}***@{host}"
