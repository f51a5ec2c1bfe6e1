"""Choices for a node that come from the environment, because every program that may become the node must find
the same.

Knows: the variables and what is wrong with a value. Does not know: what they mean to the core.
"""

from __future__ import annotations

import os
import re
from typing import Final

from p2pchat.core.settings import Settings
from p2pchat.errors import UsageError

_ICE: Final = re.compile(
    r"(?P<scheme>stun|turns?):(?:(?P<user>[^:@]+:[^@]+)@)?(?P<host>\[[0-9a-fA-F:]+\]|[\w.-]+)(?::\d{1,5})?"
    r"(?:\?transport=(?P<transport>udp|tcp))?"
)


def settings() -> Settings:
    """``P2PCHAT_LINKS`` (wanted), ``P2PCHAT_LINKS_MAX``, ``P2PCHAT_WALKS`` (yes, no), ``P2PCHAT_STAMP_BITS``,
    ``P2PCHAT_HOLD_MB``. Raises UsageError."""
    fallback = Settings()
    wanted = _number("P2PCHAT_LINKS", fallback.links_wanted)
    most = _number("P2PCHAT_LINKS_MAX", max(fallback.links_max, wanted))
    walks = _choice("P2PCHAT_WALKS", fallback.walks)
    bits = _number("P2PCHAT_STAMP_BITS", fallback.stamp_bits)
    hold = _number("P2PCHAT_HOLD_MB", fallback.hold_bytes >> 20) << 20
    try:
        return Settings(wanted, most, walks, bits, hold)
    except ValueError as error:
        raise UsageError(f"P2PCHAT_LINKS, P2PCHAT_LINKS_MAX or P2PCHAT_STAMP_BITS: {error}") from error


def ice_servers() -> tuple[str, ...]:
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
