"""The stem: how a cell of ours comes to where it enters the broadcast, and how we carry others' there.

Knows: what became of onions of ours, and what follows from a link that comes or goes. Does not know: links,
the broadcast, or what cells hold. Parent of ``epoch_maps``, ``guards``, ``sender``, ``probes`` and
``forwarding``.

A cell of ours is not spread here but comes back to us from the mesh, as to all members. That tells us that
its stem works; and to neighbours we treat it as any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from p2pchat.core.stem.audit import LOOK_S, Audit, Sight
from p2pchat.core.stem.epoch_map import EpochMap
from p2pchat.core.stem.epoch_maps import EpochMaps
from p2pchat.core.stem.failure_scores import FailureScores
from p2pchat.core.stem.forwarding import Forwarding, Forwards
from p2pchat.core.stem.guards import FEW, Guards
from p2pchat.core.stem.onions import Onions
from p2pchat.core.stem.outputs import Output, Unlisted
from p2pchat.core.stem.path import PathSelector
from p2pchat.core.stem.probes import LOOP_NAME_BYTES, Probes
from p2pchat.core.stem.return_tracker import ReturnTracker
from p2pchat.core.stem.sender import Sender
from p2pchat.core.values.profile import Profile
from p2pchat.core.values.status import StemStatus
from p2pchat.core.values.user_inputs import Haste
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
        self._maps = EpochMaps(entropy, counters)
        self._audit = Audit()
        self._returns = ReturnTracker()
        self._failures = FailureScores()
        self._paths = PathSelector(profile, entropy.make_child("stems"), self._failures)
        self.guards = Guards(self._maps, self._paths)
        onions = Onions(profile, entropy, self._returns)
        self._probes = Probes(profile, entropy, self._maps, self._paths, onions)
        self.sender = Sender(profile, entropy, counters, self._maps, self.guards, onions, self._probes)
        self._forwarding = forwards(entropy, counters, self._maps, self._on_loop)
        self._look_at = 0.0

    # --- what the parent asks

    def get_status(self) -> StemStatus | None:
        """How well our cells are hidden; None: they are not."""
        path = self._paths.now
        hops = len(path.nodes) if path is not None and path.is_whole() else 0
        begins = hops > 0 and path is not None and path.link in self.guards.trusted.values()
        drawn = self._paths.drawn
        return StemStatus(self._profile.name, hops, self._profile.hops[0], self.anonymity_set, drawn, begins)

    def own_hop_id(self, now: float) -> HopId | None:
        """Ours in this epoch, 8 bytes, as ``path`` of others has it; None before the first link."""
        epoch_map = self._maps.map_at(now)
        return epoch_map.id if epoch_map is not None else None

    @property
    def anonymity_set(self) -> int:
        """Nodes in the mesh, as far as descriptors tell; 1 before the first link."""
        used = self._paths.now
        epoch_map = used.epoch_map if used is not None else next(iter(self._maps), None)
        return epoch_map.reachable if epoch_map is not None else 1

    @property
    def path(self) -> tuple[HopId, ...]:
        """The hops of the stem in use, by name."""
        path = self._paths.now
        return path.nodes if path is not None else ()

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        due = min(
            self._forwarding.mix.next_wakeup(),
            self._returns.next_wakeup(),
            self.sender.clock.at,
            self._maps.next_wakeup(),
        )
        if not self._maps.links:
            return due
        due, begins_at = min(due, self._look_at), self.sender.begins_at
        return due if begins_at is None or self._paths.now is not None else min(due, begins_at)

    # --- links and neighbours

    def link_up(self, link: LinkId, binding: bytes, now: float) -> list[Output]:
        """A link counts; ``binding``: a secret of its two ends, 32 bytes."""
        if not self._maps.links:
            self.guards.first_link_up(now)
            self.sender.clock.start(now)
        return [*self._maps.link_up(link, binding, now)]

    def link_down(self, link: LinkId, now: float) -> list[Output]:
        """A link no longer counts."""
        self.guards.sought.pop(link, None)
        self._maps.link_down(link, now)
        return self.sender.find_missing(link, now)

    def on_sought(self, link: LinkId, now: float) -> list[Output]:
        """We sought this link ourselves: a stem may begin there."""
        self.guards.add_sought(link, now)
        return self.sender.send_waiting(now)

    def is_needed(self, link: LinkId, now: float) -> bool:
        """Whether the neighbour there has ``FEW`` links or fewer, as far as is known."""
        epoch_map, name = self._maps.map_at(now), self._name_at(link, now)
        return (
            epoch_map is not None
            and name is not None
            and len(epoch_map.confirmed_links().get(name, ())) <= FEW
        )

    def own_position(self, now: float) -> EpochMap | None:
        """Our place on the map; None as long as more of the map is about to come."""
        epoch_map = self._maps.map_at(now)
        known = epoch_map is not None and (self.guards.has_map(now) or epoch_map.closed)
        return epoch_map if known else None

    def position_of(self, name: HopId) -> EpochMap | None:
        """Our place on the map of the epoch in which we have that name."""
        return next((epoch_map for epoch_map in self._maps if epoch_map.id == name), None)

    def begins_at(self, link: LinkId) -> bool:
        """Whether our stem does."""
        path = self._paths.now
        return path is not None and path.link == link

    def on_topology(self, link: LinkId, message: TopologyMessage, now: float) -> list[Output]:
        """A neighbour told of itself or of others."""
        if link not in self._maps.links:
            return []
        outputs: list[Output] = [*self._maps.on_topology(link, message, now)]
        if type(message) is OwnDescriptor and self._audit.is_barred(self._name_at(link, now)):
            outputs.append(Unlisted(link))
        return [*outputs, *self.sender.send_waiting(now)]

    def tick(self, now: float) -> list[Output]:
        """Do what is due."""
        outputs: list[Output] = [*self._maps.tick(now)]
        for nodes in self._returns.take_lost(now):
            self._counters["onions lost"] += 1
            if self._paths.on_lost(nodes, now):
                outputs += self._probes.test_hops(nodes, now)
        outputs += self._forwarding.mix.take_due(now)
        if now >= self.sender.clock.at:
            outputs += self.sender.on_tick(now)
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            if (stalled := self.sender.find_stalled_link(now)) is not None:
                self._paths.refuse_link(stalled, now)
            self.guards.pick_stem(now)
            outputs += self._probes.test_suspected(now)
            outputs += map(Unlisted, self._audit.examine_links(self._take_sights(now), now))
        return outputs + self.sender.send_waiting(now)

    def _take_sights(self, now: float) -> dict[LinkId, Sight]:
        epoch_map = self._maps.map_at(now)
        return epoch_map.take_sights() if epoch_map is not None else {}

    def _name_at(self, link: LinkId, now: float) -> HopId | None:
        epoch_map = self._maps.map_at(now)
        return epoch_map.name_at(link) if epoch_map is not None else None

    # --- cells and onions

    def submit_cell(self, cell: bytes, now: float, haste: Haste = Haste.SOON) -> Iterable[Output]:
        """Send a cell of ours, ``GEOMETRY.cell`` bytes."""
        return self.sender.submit_cell(cell, now, haste)

    def go_on_sending(self, now: float) -> Iterable[Output]:
        """Send what waits, if there is space."""
        return self.sender.go_on(now)

    def flush_waiting(self, now: float) -> list[Output]:
        """The node stops: what waits leaves now, others' as ours."""
        outputs = self._forwarding.mix.take_all()
        return [*outputs, *self.sender.send_all(now)] if self._maps.links else outputs

    def on_cell_seen(self, id: CellId, now: float) -> list[Output]:
        """A cell came from the mesh for the first time; if it is ours, its stem works."""
        nodes = self._returns.on_return(id, now)
        self._failures.on_success(nodes)
        self._paths.on_returned(nodes)
        return self.sender.note_returned(id)

    def on_onion(self, link: LinkId, packet: bytes, now: float) -> list[Output]:
        """An onion came in."""
        return self._forwarding.take_onion(link, packet, now)

    def _on_loop(self, payload: bytes, now: float) -> None:
        self._failures.on_success(self._returns.on_return(payload[:LOOP_NAME_BYTES], now))


Stems = Callable[[Profile, Entropy, Counter[str]], Stem]
"""Makes one mesh's stem from the profile, its own entropy and the node's counters."""
