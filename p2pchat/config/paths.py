"""By which ways a node reaches others, as a person writes them: STUN and TURN servers, a proxy.

Knows: how such addresses are written, and which go together. Does not know: where they are kept, or any
socket.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ICE: Final = re.compile(
    r"(?P<scheme>stun|turns?):(?:(?P<user>[^:@]+:[^@]+)@)?(?P<host>\[[0-9a-fA-F:]+\]|[\w.-]+)(?::\d{1,5})?"
    r"(?:\?transport=(?P<transport>udp|tcp))?"
)
_PROXY: Final = re.compile(
    r"socks5h://(?:[^:@/\s]+:[^:@/\s]+@)?(?:\[[0-9a-fA-F:]+\]|[\w.-]+):(?P<port>\d{1,5})"
)

LIKE_A_SERVER: Final = "like stun:host:port or turn:user:password@host:port"
ICE_LIKE: Final = f"{LIKE_A_SERVER}, with blanks between several"
PROXY_LIKE: Final = "like socks5h://127.0.0.1:9050 (h: the proxy looks names up)"


@dataclass(frozen=True, slots=True)
class Paths:
    """By which ways a node reaches others, and they it."""

    ice_servers: tuple[str, ...] = ()
    """STUN and TURN URLs."""
    relay_only: bool = False
    """Links go through the TURN server alone; neighbours see its address, never ours."""
    proxy: str | None = None
    """URL of the SOCKS5 proxy through which all TCP goes or none: to rendezvous and TURN servers."""
    ca_file: str | None = None
    """A PEM file of certificates to trust beside the system's, where a rendezvous is reached by TLS."""

    def conflict(self) -> str:
        """What cannot be kept to, and what to do about it; empty if nothing."""
        if not self.relay_only:
            return ""
        if not any(url.startswith("turn") for url in self.ice_servers):
            return (
                "relay-only needs a TURN server: 'p2pchat config set ice turn:USER:PASSWORD@HOST:PORT',"
                " or P2PCHAT_ICE"
            )
        if self.proxy is not None and not any(_over_tcp(url) for url in self.ice_servers):
            return (
                "behind a proxy, relay-only needs a TURN server over TCP: let its address in ice end in"
                " ?transport=tcp, or use turns:"
            )
        return ""


def read_servers(text: str) -> tuple[str, ...]:
    """STUN and TURN URLs, separated by blanks. Raises ValueError, which names no password."""
    urls = tuple(text.split())
    relays = 0
    for url in urls:
        parts = _ICE.fullmatch(url)
        if parts is None:
            raise ValueError(f"{masked(url)!r} is not {LIKE_A_SERVER}")
        if parts["scheme"] == "turns" and parts["transport"] == "udp":
            raise ValueError(f"{masked(url)!r}: a TURN server is reached by TLS over TCP, never over UDP")
        relays += parts["scheme"] != "stun"
    if relays > 1:
        raise ValueError("name one TURN server; only the first would be used")
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


def _without_password(url: str) -> str:
    credentials, at, host = url.rpartition("@")
    if not at:
        return url
    scheme, _, rest = credentials.partition(":")
    if scheme not in _SCHEMES:
        return f"***@{host}"
    slashes = "//" if rest.startswith("//") else ""
    user, between, _password = rest.removeprefix("//").partition(":")
    return f"{scheme}:{slashes}{f'{user}:' if between else ''}***@{host}"


def _over_tcp(url: str) -> bool:
    return url.startswith("turns:") or (url.startswith("turn:") and url.endswith("?transport=tcp"))
