"""The state of discovery on the own network, in words.

Knows: what a node tells of it. Does not know: what is announced there.
"""

from __future__ import annotations

from p2pchat.control.answers import LanInfo
from p2pchat.text import one_line


def nearby(lan: LanInfo) -> str:
    """The line of a status; ``lan`` as in ``node.status``."""
    if lan.problem:
        return f"own network: {one_line(lan.problem)}"
    where = ", ".join(lan.addresses)
    return f"own network: at {where}; others found there: {lan.found or 'none yet'}"
