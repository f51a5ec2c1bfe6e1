"""What is in the way of a message, in words.

Knows: what the node's status says of it. Does not know: any message.
"""

from __future__ import annotations

from collections.abc import Sequence

from p2pchat.core.status import RendezvousStatus
from p2pchat.daemon import views
from p2pchat.daemon.ports import Knows
from p2pchat.daemon.reach import no_way


def hindrance(host: Knows) -> str:
    """What is in the way for certain; empty where it may only be a matter of time."""
    node = host.node
    status = node.status()
    if any(link.state == "up" for link in status.links):
        return ""
    if way := no_way(node.unreached(host.clock.now()), host.turn_refused):
        return way
    return _unreached(status.rendezvous) or views.clock_doubt(status.clock) or ""


def why_not_yet(host: Knows) -> str:
    """The nearest reason why nothing arrives, in a few words."""
    status = host.node.status()
    doubt = views.clock_doubt(status.clock)
    if any(link.state == "up" for link in status.links):
        return "no receipt came back yet" + (f", and {doubt}" if doubt else "")
    if way := no_way(host.node.unreached(host.clock.now()), host.turn_refused):
        return way
    if status.rendezvous and not any(each.up for each in status.rendezvous):
        return _unreached(status.rendezvous) or "no rendezvous yet"
    return doubt or "no other member of the mesh is online"


def _unreached(places: Sequence[RendezvousStatus]) -> str:
    """That none could be reached, and why not the first; empty unless every one was tried in vain."""
    if not places or not all(each.reason and not each.up for each in places):
        return ""
    return f"no rendezvous could be reached, {places[0].url}: {places[0].reason}"
