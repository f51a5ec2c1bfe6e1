"""What is in the way of a message, in words.

Knows: what the node's status says of it. Does not know: any message.
"""

from __future__ import annotations

from collections.abc import Sequence

from p2pchat.core.rendezvous.rendezvous import NO_ANSWER_YET
from p2pchat.core.values.status import RendezvousStatus, Status
from p2pchat.daemon import views
from p2pchat.daemon.needs import HasState
from p2pchat.daemon.own_network import NO_NETWORK
from p2pchat.daemon.reach import barred, is_guess, no_way, silent_turn
from p2pchat.types import MeshId


def hindrance(host: HasState, mesh: MeshId | None) -> str:
    """Tell what certainly keeps messages out of this mesh (None: out of any mesh); empty where it may only be
    a matter of time."""
    status = host.node.get_status()
    linked = _linked(status, mesh)
    return _certain(host, status, mesh, linked) or ("" if linked else views.clock_doubt(status.clock) or "")


def why_not_yet(host: HasState, mesh: MeshId | None) -> str:
    """Tell the most likely reason why no message arrives, in a few words."""
    status = host.node.get_status()
    linked = _linked(status, mesh)
    if why := _certain(host, status, mesh, linked):
        return why
    doubt = views.clock_doubt(status.clock)
    if linked:
        return "no receipt came back yet" + (f", and {doubt}" if doubt else "")
    nobody = "no other member of the mesh is online"
    unlinked = views.CONNECTING if views.is_connecting(status, mesh) else nobody
    return views.unanswered(status) or doubt or unlinked


def _certain(host: HasState, status: Status, mesh: MeshId | None, linked: bool) -> str:
    """What keeps a message from leaving, whatever the clock says; empty for nothing that is known."""
    if offline := without_network(host, linked):
        return offline
    if linked:
        return ""
    down = _useless(status.rendezvous)
    if down and is_guess(host.node.list_unreached(host.clock.now(), mesh)):
        return down
    return find_link_fault(host, mesh) or down


def find_link_fault(host: HasState, mesh: MeshId | None = None) -> str:
    """Tell why no link to present members comes up, where there is none; empty for nothing that is known."""
    turn = host.turn_servers
    if turn.barred:
        return barred(turn)
    if found := no_way(host.node.list_unreached(host.clock.now(), mesh), turn):
        return found
    # A server that a rendezvous names is asked only after the checks of a first attempt have led nowhere.
    if turn.hinted_silent and views.is_connecting(host.node.get_status(), mesh):
        return f"no link comes up yet, and {silent_turn(turn)}"
    return ""


def without_network(host: HasState, linked: bool) -> str:
    """Tell what is wrong with this machine's own network; empty for nothing. Without any network, a link that
    still counts as up is dead; without a route to the rendezvous, it may be a link on this machine's own
    network."""
    problem = host.network.problem
    return problem if not linked or problem == NO_NETWORK else ""


def _linked(status: Status, mesh: MeshId | None) -> bool:
    """Whether a link is up over which the message can leave: one of another mesh is of no use to it."""
    return any(link.state == "up" and mesh in (None, link.mesh) for link in status.links)


def _useless(places: Sequence[RendezvousStatus]) -> str:
    """That none is of use, and why not the first; empty unless every one was tried in vain."""
    if not places or not all(place.reason for place in places):
        return ""
    if places[0].up:
        return f"no rendezvous helps, {places[0].url}: {places[0].reason}"
    if places[0].reason == NO_ANSWER_YET:
        return f"no rendezvous has answered yet: {places[0].url}"
    return f"no rendezvous could be reached, {places[0].url}: {places[0].reason}"
