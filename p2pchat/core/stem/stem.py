"""The stem: how a cell of ours comes to where it enters the broadcast, and how we carry others' there.

Knows: what became of onions of ours, and what follows from a link that comes or goes. Does not know: links,
the broadcast, or what cells hold. Parent of ``stations``, ``guards``, ``sender``, ``probes``, ``forwarding``.

A cell of ours is not spread here but comes back to us from the mesh, as to all members. That tells us that
its stem works; and to neighbours we treat it as any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from p2pchat.core.stem.audit import LOOK_S, Audit, Sight
from p2pchat.core.stem.forwarding import Forwarding, Forwards
from p2pchat.core.stem.guards import FEW, Guards
from p2pchat.core.stem.onions import Onions
from p2pchat.core.stem.outputs import Output, Unlisted
from p2pchat.core.stem.pin import Pinned
from p2pchat.core.stem.probes import LOOP_NAME_BYTES, Probes
from p2pchat.core.stem.sender import Sender
from p2pchat.core.stem.station import Station
from p2pchat.core.stem.stations import Stations
from p2pchat.core.stem.suspects import Suspects
from p2pchat.core.stem.watch import Watch
from p2pchat.core.values.inputs import Haste
from p2pchat.core.values.profile import Profile
from p2pchat.core.values.status import StemStatus
from p2pchat.ports import Entropy
from p2pchat.types import CellId, HopId, LinkId
from p2pchat.wire.topology import OwnDescriptor, TopologyMessage


class Stem:
    """One mesh's stem, our own and those that lead over us."""

    def __init__(
        self, profile: Profile, entropy: Entropy, counters: Counter[str], forwards: Forwards = Forwarding
    ) -> None:
        self._profile = profile
        self._counters = counters
        self._stations = Stations(entropy, counters)
        self._audit = Audit()
        self._watch = Watch()
        self._suspects = Suspects()
        self._pinned = Pinned(profile, entropy.make_child("stems"), self._suspects)
        self.guards = Guards(self._stations, self._pinned)
        onions = Onions(profile, entropy, self._watch)
        self._probes = Probes(profile, entropy, self._stations, self._pinned, onions)
        self.sender = Sender(profile, entropy, counters, self._stations, self.guards, onions, self._probes)
        self._forwarding = forwards(entropy, counters, self._stations, self._on_loop)
        self._look_at = 0.0

    # --- what the parent asks

    def get_status(self) -> StemStatus | None:
        """How well our cells are hidden; None: they are not."""
        pin = self._pinned.now
        hops = len(pin.nodes) if pin is not None and pin.holds() else 0
        begins = hops > 0 and pin is not None and pin.link in self.guards.trusted.values()
        drawn = self._pinned.drawn
        return StemStatus(self._profile.name, hops, self._profile.hops[0], self.crowd, drawn, begins)

    def name(self, now: float) -> HopId | None:
        """Ours in this epoch, 8 bytes, as ``way`` of others has it; None before the first link."""
        station = self._stations.now(now)
        return station.id if station is not None else None

    @property
    def crowd(self) -> int:
        """Nodes in the mesh, as far as descriptors tell; 1 before the first link."""
        used = self._pinned.now
        station = used.station if used is not None else next(iter(self._stations), None)
        return station.reachable if station is not None else 1

    @property
    def way(self) -> tuple[HopId, ...]:
        """The hops of the stem in use, by name."""
        pin = self._pinned.now
        return pin.nodes if pin is not None else ()

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        mix = self._forwarding.mix
        due = min(mix.next_wakeup(), self._watch.next_wakeup(), self.sender.clock.at)
        due = min(due, self._stations.next_wakeup())
        if not self._stations.links:
            return due
        due, begins_at = min(due, self._look_at), self.sender.begins_at
        return due if begins_at is None or self._pinned.now is not None else min(due, begins_at)

    # --- links and neighbours

    def link_up(self, link: LinkId, binding: bytes, now: float) -> list[Output]:
        """A link counts; ``binding``: a secret of its two ends, 32 bytes."""
        if not self._stations.links:
            self.guards.first_link_up(now)
            self.sender.clock.start(now)
        return [*self._stations.link_up(link, binding, now)]

    def link_down(self, link: LinkId, now: float) -> list[Output]:
        """It no longer counts."""
        self.guards.sought.pop(link, None)
        self._stations.link_down(link, now)
        return self.sender.find_missing(link, now)

    def sought(self, link: LinkId, now: float) -> list[Output]:
        """We sought this link ourselves: a stem may begin there."""
        self.guards.add_sought(link, now)
        return self.sender.send_waiting(now)

    def is_needed(self, link: LinkId, now: float) -> bool:
        """Whether the neighbour there has ``FEW`` links or fewer, as far as is known."""
        station, name = self._stations.now(now), self._name_at(link, now)
        return station is not None and name is not None and len(station.map().get(name, ())) <= FEW

    def here(self, now: float) -> Station | None:
        """Our place on the map; None as long as more of the map is about to come."""
        station = self._stations.now(now)
        known = station is not None and (self.guards.has_map(now) or station.closed)
        return station if known else None

    def called(self, name: HopId) -> Station | None:
        """Our place on the map of the epoch in which we have that name."""
        return next((station for station in self._stations if station.id == name), None)

    def begins_at(self, link: LinkId) -> bool:
        """Whether our stem does."""
        pin = self._pinned.now
        return pin is not None and pin.link == link

    def heard(self, link: LinkId, message: TopologyMessage, now: float) -> list[Output]:
        """A neighbour told of itself or of others."""
        if link not in self._stations.links:
            return []
        out: list[Output] = [*self._stations.heard(link, message, now)]
        if type(message) is OwnDescriptor and self._audit.barred(self._name_at(link, now)):
            out.append(Unlisted(link))
        return [*out, *self.sender.send_waiting(now)]

    def tick(self, now: float) -> list[Output]:
        """Do what is due."""
        out: list[Output] = [*self._stations.tick(now)]
        for nodes in self._watch.lost(now):
            self._counters["onions lost"] += 1
            if self._pinned.lost(nodes, now):
                out += self._probes.test_hops(nodes, now)
        out += self._forwarding.mix.due(now)
        if now >= self.sender.clock.at:
            out += self.sender.on_tick(now)
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            if (stalled := self.sender.find_stalled_link(now)) is not None:
                self._pinned.refuse_link(stalled, now)
            self.guards.pick_stem(now)
            out += self._probes.test_suspected(now)
            out += map(Unlisted, self._audit.look(self._take_sights(now), now))
        return out + self.sender.send_waiting(now)

    def _take_sights(self, now: float) -> dict[LinkId, Sight]:
        station = self._stations.now(now)
        return station.take_sights() if station is not None else {}

    def _name_at(self, link: LinkId, now: float) -> HopId | None:
        station = self._stations.now(now)
        return station.name_at(link) if station is not None else None

    # --- cells and onions

    def submit_cell(self, cell: bytes, now: float, haste: Haste = Haste.SOON) -> Iterable[Output]:
        """Send a cell of ours, ``GEOMETRY.cell`` bytes."""
        return self.sender.submit_cell(cell, now, haste)

    def go_on_sending(self, now: float) -> Iterable[Output]:
        """There may be room for what waits."""
        return self.sender.go_on(now)

    def leave(self, now: float) -> list[Output]:
        """The node stops: what waits leaves now, others' as ours."""
        out = self._forwarding.mix.leave()
        return [*out, *self.sender.send_all(now)] if self._stations.links else out

    def seen(self, id: CellId, now: float) -> None:
        """A cell came from the mesh for the first time; if it is ours, its stem works."""
        self.sender.note_returned(id)
        nodes = self._watch.back(id, now)
        self._suspects.worked(nodes)
        self._pinned.worked(nodes)

    def onion(self, link: LinkId, packet: bytes, now: float) -> list[Output]:
        """An onion came in."""
        return self._forwarding.take_onion(link, packet, now)

    def _on_loop(self, payload: bytes, now: float) -> None:
        self._suspects.worked(self._watch.back(payload[:LOOP_NAME_BYTES], now))


Stems = Callable[[Profile, Entropy, Counter[str]], Stem]
"""Makes one mesh's stem from the profile, its own entropy and the node's counters."""
