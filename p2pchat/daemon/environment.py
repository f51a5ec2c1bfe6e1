"""Choices for a node that come from the environment, because every program that may become the node must find
the same.

Knows: the variables and what is wrong with a value. Does not know: what they mean to the core.
"""

from __future__ import annotations

import os

from p2pchat.core.settings import Settings
from p2pchat.errors import UsageError


def settings() -> Settings:
    """``P2PCHAT_LINKS`` (wanted) and ``P2PCHAT_LINKS_MAX``. Raises UsageError."""
    fallback = Settings()
    wanted = _number("P2PCHAT_LINKS", fallback.links_wanted)
    most = _number("P2PCHAT_LINKS_MAX", max(fallback.links_max, wanted))
    try:
        return Settings(wanted, most)
    except ValueError as error:
        raise UsageError(f"P2PCHAT_LINKS and P2PCHAT_LINKS_MAX do not fit: {error}") from error


def ice_servers() -> tuple[str, ...]:
    """``P2PCHAT_ICE``: STUN and TURN URLs, separated by blanks; none by default, so no third party is
    contacted."""
    urls = tuple(os.environ.get("P2PCHAT_ICE", "").split())
    for url in urls:
        if not url.startswith(("stun:", "turn:", "turns:")):
            raise UsageError(f"P2PCHAT_ICE: {url!r} is not a stun: or turn: address")
    return urls


def _number(name: str, fallback: int) -> int:
    value = os.environ.get(name)
    if not value:
        return fallback
    if not value.isdecimal():
        raise UsageError(f"{name} must be a number, not {value!r}")
    return int(value)
