"""How it stands with one's own network, in words.

Knows: what a node says of it. Does not know: what is announced there.
"""

from __future__ import annotations

from p2pchat.control.answers import LanInfo
from p2pchat.text import one_line


def nearby(lan: LanInfo) -> str:
    """A line; ``lan`` as in ``node.status``."""
    if lan.problem:
        return f"own network: {one_line(lan.problem)}"
    where = ", ".join(lan.addresses)
    return f"own network: at {where}; others found there: {lan.found or 'none yet'}"
