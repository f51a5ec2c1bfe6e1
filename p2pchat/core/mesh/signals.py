"""What is said at rendezvous, and what happens to this machine's network.

Knows: which mesh or invite a signal, a lost connection or a new network concerns. Does not know: what any of
them makes of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import assert_never

from p2pchat.core.mesh.belonging import Belonging
from p2pchat.core.mesh.meshes import Meshes
from p2pchat.core.mesh.routing import Routing
from p2pchat.core.pairing.invites import Invites
from p2pchat.core.rendezvous.hinted import Hinted
from p2pchat.core.rendezvous.rendezvous import Line, Rendezvous, topic_of, url_of
from p2pchat.core.values import inputs
from p2pchat.core.values.effects import Effect
from p2pchat.core.values.inputs import Sought
from p2pchat.wire import signalling


class Signals:
    """Each method returns what is to be done."""

    def __init__(
        self,
        rendezvous: Rendezvous,
        servers: Hinted,
        invites: Invites,
        meshes: Meshes,
        belonging: Belonging,
        routing: Routing,
        counters: Counter[str],
    ) -> None:
        self._rendezvous = rendezvous
        self._servers = servers
        self._invites = invites
        self._meshes = meshes
        self._belonging = belonging
        self._routing = routing
        self._counters = counters
        self.nearby: frozenset[str] = frozenset()
        """Places on this machine's own network at which nodes are met."""

    def on_rendezvous(
        self, input: inputs.RendezvousUp | inputs.RendezvousDown | inputs.SignalReceived, now: float
    ) -> list[Effect]:
        """A connection came or went, or something was said over one."""
        match input:
            case inputs.RendezvousUp(line, clock):
                return self._rendezvous.on_connected(line, clock, now)
            case inputs.RendezvousDown(line, reason, flooded):
                return self._rendezvous_down(line, reason, flooded, now)
            case inputs.SignalReceived(line, message):
                return self._signal(line, message, now)
            case _:
                assert_never(input)

    def _rendezvous_down(self, line: Line, reason: str, flooded: bool, now: float) -> list[Effect]:
        self._rendezvous.on_disconnected(line, reason, now, flooded)
        url, topic = url_of(line), topic_of(line)
        for mesh in self._meshes:
            if topic is None or mesh.view.seat_links.seats.is_ours(topic):
                mesh.view.on_seats_lost(url)
        results: list[Effect] = []
        for invite, outputs in self._invites.on_unreachable(url, topic, reason, now):
            results += self._routing.route_invite(invite, outputs, now)
        return results

    def _signal(self, line: Line, message: signalling.FromServer, now: float) -> list[Effect]:
        if isinstance(message, signalling.Welcome | signalling.Hints | signalling.Draining):
            return []
        if not self._rendezvous.take_message(line, message):
            self._counters["unrequested signals"] += 1
            return []
        url = url_of(line)
        mesh = self._meshes.find_by_topic(message.topic)
        if mesh is not None:
            return self._routing.route_mesh(mesh, mesh.receive_signal(url, message, now), now)
        invite = self._invites.find_by_topic(message.topic)
        if invite is None:
            return []
        return self._routing.route_invite(invite, self._invites.on_signal(invite, url, message, now), now)

    def on_nearby(
        self, own: tuple[str, ...], places: Mapping[Sought, Sequence[str]], now: float
    ) -> list[Effect]:
        """Others have appeared on this machine's own network, or have left it."""
        found = {url for urls in places.values() for url in urls}
        self._meshes.own_places = own
        self.nearby = frozenset((*own, *found)) - frozenset(self._belonging.known_urls())
        wishes: list[Effect] = []
        for mesh in self._meshes:
            urls = dict.fromkeys((*own, *places.get(mesh.record.id, ())))
            there = [url for url in urls if url not in mesh.record.rendezvous]
            wishes += self._routing.route_mesh(mesh, mesh.meet_nearby(there, now), now)
        for invite, invite_outputs in self._invites.meet_nearby(own, places, now):
            wishes += self._routing.route_invite(invite, invite_outputs, now)
        return wishes

    def on_network(self, input: inputs.NetworkInput, now: float) -> list[Effect]:
        """Servers were hinted, or this machine reaches others in another way."""
        match input:
            case inputs.ServersHinted(line, servers):
                self._servers.on_hints(url_of(line), servers, now)
                for mesh in self._meshes:
                    mesh.view.relays = self._servers.has_relay(mesh.record.rendezvous, now)
                return []
            case inputs.NetworkChanged():
                for mesh in self._meshes:
                    mesh.view.network_changed(now)
                return self._rendezvous.end_backoffs(now)
            case inputs.Urged():
                return self._rendezvous.end_backoffs(now)
            case inputs.LinkShaken(link):
                owner = self._meshes.find_by_link(link)
                return (
                    self._routing.route_mesh(owner, owner.on_link_shaken(link, now), now)
                    if owner is not None
                    else []
                )
            case _:
                assert_never(input)
