"""What keeps this node from everybody, in words.

Knows: what a node tells of itself. Does not know: who is told, or when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from p2pchat.control.answers import NodeInfo


def hindrance(status: NodeInfo) -> str:
    """What is in the way for certain; empty where there is a link, or where it may be a matter of time."""
    if status.links_up:
        return ""
    if status.no_way:
        return status.no_way
    places = status.rendezvous
    if places and all(place.reason and not place.up for place in places):
        return f"no rendezvous could be reached, {places[0].url}: {places[0].reason}"
    return (status.clock.doubt or "") if status.clock is not None else ""
