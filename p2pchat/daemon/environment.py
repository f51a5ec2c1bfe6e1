"""Choices for a node that come from the environment, because every program that may become the node must find
the same.

Knows: the variables and what is wrong with a value. Does not know: what they mean to the core.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final

from p2pchat.core.settings import Settings
from p2pchat.core.stem.profile import BALANCED, PROFILES, Profile
from p2pchat.errors import UsageError
from p2pchat.wire.vicinity import LINKS_MAX

_ICE: Final = re.compile(
    r"(?P<scheme>stun|turns?):(?:(?P<user>[^:@]+:[^@]+)@)?(?P<host>\[[0-9a-fA-F:]+\]|[\w.-]+)(?::\d{1,5})?"
    r"(?:\?transport=(?P<transport>udp|tcp))?"
)
_PROXY: Final = re.compile(
    r"socks5h://(?:[^:@/\s]+:[^:@/\s]+@)?(?:\[[0-9a-fA-F:]+\]|[\w.-]+):(?P<port>\d{1,5})"
)


@dataclass(frozen=True, slots=True)
class Paths:
    """By which ways a node reaches others, and they it."""

    ice_servers: tuple[str, ...] = ()
    """STUN and TURN URLs."""
    relay_only: bool = False
    """Links go through the TURN server alone; neighbours see its address, never ours."""
    proxy: str | None = None
    """URL of the SOCKS5 proxy through which all TCP goes or none: to rendezvous and TURN servers."""


def settings() -> Settings:
    """``P2PCHAT_LINKS`` (wanted), ``P2PCHAT_LINKS_MAX``, ``P2PCHAT_WALKS`` (yes, no), ``P2PCHAT_STAMP_BITS``,
    ``P2PCHAT_HOLD_MB``, ``P2PCHAT_CONTACT_MB``, ``P2PCHAT_PROFILE`` (fast, balanced, strong).

    Raises UsageError."""
    fallback = Settings()
    wanted = _number("P2PCHAT_LINKS", fallback.links_wanted)
    most = _number("P2PCHAT_LINKS_MAX", max(fallback.links_max, min(2 * wanted, LINKS_MAX)))
    walks = _choice("P2PCHAT_WALKS", fallback.walks)
    bits = _number("P2PCHAT_STAMP_BITS", fallback.stamp_bits)
    hold = _number("P2PCHAT_HOLD_MB", fallback.hold_bytes >> 20) << 20
    quota = _number("P2PCHAT_CONTACT_MB", fallback.contact_bytes >> 20) << 20
    separate = keep_separate()
    try:
        return Settings(wanted, most, walks, bits, hold, quota, profile_asked() or BALANCED, separate)
    except ValueError as error:
        names = "P2PCHAT_LINKS, P2PCHAT_LINKS_MAX, P2PCHAT_STAMP_BITS or P2PCHAT_CONTACT_MB"
        raise UsageError(f"{names}: {error}") from error


def paths(relay_only: bool = False) -> Paths:
    """``P2PCHAT_ICE``, ``P2PCHAT_RELAY_ONLY`` and ``P2PCHAT_PROXY`` together. Raises UsageError."""
    servers = _ice_servers()
    relay_only = keep_to_relay(relay_only)
    if relay_only and not any(url.startswith("turn") for url in servers):
        raise UsageError("relay only needs a TURN server: set P2PCHAT_ICE, like turn:user:password@host:port")
    behind = proxy()
    if relay_only and behind is not None and not any(_over_tcp(url) for url in servers):
        raise UsageError(
            "behind a proxy, relay only needs a TURN server over TCP: end it in ?transport=tcp, or use turns:"
        )
    return Paths(servers, relay_only, behind)


def _over_tcp(url: str) -> bool:
    return url.startswith("turns:") or (url.startswith("turn:") and url.endswith("?transport=tcp"))


def keep_to_relay(asked: bool) -> bool:
    """Whether it was asked for on the command line, or ``P2PCHAT_RELAY_ONLY`` is yes. Raises UsageError."""
    return asked or _choice("P2PCHAT_RELAY_ONLY", False)


def keep_separate() -> bool:
    """Whether each topic at a rendezvous has a connection of its own: ``P2PCHAT_SEPARATE``, or, if that is
    not set, where there is a proxy. Raises UsageError."""
    return _choice("P2PCHAT_SEPARATE", proxy() is not None)


def proxy() -> str | None:
    """``P2PCHAT_PROXY``: the URL of a SOCKS5 proxy that looks names up itself. Raises UsageError."""
    url = os.environ.get("P2PCHAT_PROXY")
    if not url:
        return None
    parts = _PROXY.fullmatch(url)
    if parts is None or not 0 < int(parts["port"]) < 1 << 16:
        # Not repeated: it may hold a password.
        raise UsageError("P2PCHAT_PROXY must be like socks5h://127.0.0.1:9050 (h: the proxy looks names up)")
    return url


def _ice_servers() -> tuple[str, ...]:
    """``P2PCHAT_ICE``: STUN and TURN URLs, separated by blanks; none by default, so no third party is
    contacted. Raises UsageError."""
    urls = tuple(os.environ.get("P2PCHAT_ICE", "").split())
    relays = 0
    for url in urls:
        parts = _ICE.fullmatch(url)
        if parts is None:
            raise UsageError(
                f"P2PCHAT_ICE: {url!r} is not like stun:host:port or turn:user:password@host:port"
            )
        if parts["scheme"] == "turns" and parts["transport"] == "udp":
            raise UsageError(
                f"P2PCHAT_ICE: {url!r}: a TURN server is reached by TLS over TCP, never over UDP"
            )
        relays += parts["scheme"] != "stun"
    if relays > 1:
        raise UsageError("P2PCHAT_ICE: name one TURN server; only the first would be used")
    return urls


def profile_asked() -> Profile | None:
    """``P2PCHAT_PROFILE``; None if it is not set. Raises UsageError."""
    name = os.environ.get("P2PCHAT_PROFILE")
    if not name:
        return None
    if name not in PROFILES:
        raise UsageError(f"P2PCHAT_PROFILE must be {', '.join(PROFILES)}, not {name!r}")
    return PROFILES[name]


def _number(name: str, fallback: int) -> int:
    value = os.environ.get(name)
    if not value:
        return fallback
    if not value.isdecimal():
        raise UsageError(f"{name} must be a number, not {value!r}")
    return int(value)


def _choice(name: str, fallback: bool) -> bool:
    value = os.environ.get(name)
    if not value:
        return fallback
    if value not in ("yes", "no"):
        raise UsageError(f"{name} must be yes or no, not {value!r}")
    return value == "yes"
