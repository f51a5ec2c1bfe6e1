"""The stem: how a cell of ours comes to where it enters the broadcast, and how we carry others' there.

Knows: when a cell leaves and as what; what an onion that comes in means; what became of ours. Does not know:
links, the broadcast, or what cells hold. Parent of ``stations``, ``pin``, ``mixing``, ``cover``, ``watch``.

A cell of ours is not spread here but comes back to us from the mesh, as to everybody. That tells us that its
stem works; and to neighbours we treat it as any other.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import assert_never

from p2pchat.core.inputs import Haste
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.status import StemStatus
from p2pchat.core.stem.audit import LOOK_S, Audit, Sight
from p2pchat.core.stem.cover import PoissonClock, loop
from p2pchat.core.stem.mixing import Mixing
from p2pchat.core.stem.outputs import CellDispatched, Output, Relay, Spread, Unlisted
from p2pchat.core.stem.pin import Pin, Pinned
from p2pchat.core.stem.profile import PROFILES, Profile
from p2pchat.core.stem.station import Station
from p2pchat.core.stem.stations import Stations
from p2pchat.core.stem.suspects import Suspects
from p2pchat.core.stem.waiting import WAITING_CAP, Tick, Waiting
from p2pchat.core.stem.watch import Watch
from p2pchat.crypto.kdf import cell_id
from p2pchat.crypto.onion import Hop, HopCommand, Peeled, peel, wrap
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy, below
from p2pchat.types import ContactId, LinkId
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.vicinity import Mine, Vicinal

SETTLE_S = 3.0
"""A node that has just found its first neighbour waits so long for the others' records before it takes a stem
that is too short: they come within a second or two. In a mesh where nobody is missing it does not wait."""

RETURN_S = 2.0
RETURN_HOP_S = 0.3
"""A cell of ours is lost when it did not come back in so long, and so much more for each hop; the delays it
was given on the way count three times. That is some twice what 99 of 100 take in a mesh of a thousand."""

GUARD_S = 10.0
FEW = 3
"""So long a node with a first link waits for one that it sought itself, by a walk, before a stem begins at
another, unless the mesh is so small that nobody hides in it, or there is nobody else to seek."""

NOBODY = Sight(None, False)

TEST_IN = 4
"""One cover in so many tests a hop, as long as hops are to be tested: all at once would show a neighbour that
what it has dropped was a cell."""

TESTS_CAP = 32
"""Hops that are to be tested; beyond it the first is forgotten."""

LOOP_NAME_BYTES = 16

DELAYS = tuple(dict.fromkeys(profile.delay_s for profile in PROFILES.values()))
"""What a sender may ask of a hop, by the number that its slot bears."""


class Stem:
    """One mesh's stem, our own and those that lead over us."""

    def __init__(self, profile: Profile, entropy: Entropy, counters: Counter[str]) -> None:
        self._profile = profile
        self._entropy = entropy
        self._counters = counters
        self._stations = Stations(entropy, counters)
        self._trusted: dict[ContactId, LinkId] = {}
        """Where contacts are: each on one link, however many nodes it may have. A link that was quiet for a
        while is the same when it counts again."""
        self._sought: dict[LinkId, float] = {}
        """Links that we sought ourselves, and since when: at one of them stems begin."""
        self._audit = Audit()
        self._mixing = Mixing(entropy.make_child("mixing"))
        self._watch = Watch()
        self._suspects = Suspects()
        self._pinned = Pinned(profile, entropy.make_child("stems"), self._suspects)
        self._clock = PoissonClock(profile, entropy.make_child("cover"))
        self._tests: deque[tuple[bytes, ...]] = deque(maxlen=TESTS_CAP)
        """Loops over single hops that wait for the clock."""
        self._asked: tuple[bytes, ...] = ()
        """Hops that were in doubt when it was last looked, and then asked alone."""
        self.own_room: Callable[[LinkId], int] = lambda link: WAITING_CAP
        """How many onions of our own a link takes now."""
        self._waiting = Waiting()
        self._settled_at = NEVER
        self._unguarded_at = NEVER
        """When a stem may begin at a link that we did not seek."""
        self._seeks = True
        self._better_at = 0.0
        """Until when what waits has waited for a better stem, so far."""
        self._look_at = 0.0

    # --- what the parent asks

    def status(self) -> StemStatus:
        """How well our cells are hidden."""
        pin = self._pinned.now
        hops = len(pin.nodes) if pin is not None and pin.holds() else 0
        begins = hops > 0 and pin is not None and pin.link in self._trusted.values()
        drawn = self._pinned.drawn
        return StemStatus(self._profile.name, hops, self._profile.hops[0], self.crowd, drawn, begins)

    def name(self, now: float) -> bytes | None:
        """Ours in this epoch, 8 bytes, as ``way`` of others has it; None before the first link."""
        station = self._stations.now(now)
        return station.id if station is not None else None

    @property
    def crowd(self) -> int:
        """Nodes in the mesh, as far as records tell; 1 before the first link."""
        used = self._pinned.now
        station = used.station if used is not None else next(iter(self._stations), None)
        return station.reachable if station is not None else 1

    @property
    def way(self) -> tuple[bytes, ...]:
        """The hops of the stem in use, by name."""
        pin = self._pinned.now
        return pin.nodes if pin is not None else ()

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        due = min(self._mixing.next_wakeup(), self._watch.next_wakeup(), self._clock.at)
        due = min(due, self._stations.next_wakeup())
        if self._stations.links:
            due = min(due, self._look_at)
        starts = self._waiting and self._stations.links and self._pinned.now is None
        if not starts:
            return due
        return min(due, self._better_at)

    # --- links and neighbours

    def link_up(self, link: LinkId, binding: bytes, now: float) -> list[Output]:
        """A link counts; ``binding``: a secret of its two ends, 32 bytes."""
        if not self._stations.links:
            self._settled_at = now + SETTLE_S
            self._unguarded_at = now + GUARD_S if self._seeks else now
            self._clock.start(now)
        return [*self._stations.link_up(link, binding, now)]

    def link_down(self, link: LinkId, now: float) -> None:
        """It counts no more."""
        self._sought.pop(link, None)
        self._stations.link_down(link, now)

    def seek_nobody(self) -> None:
        """This node takes no walks: no stem waits for a link that it sought."""
        self._seeks = False

    def sought(self, link: LinkId, now: float) -> list[Output]:
        """We sought this link ourselves: a stem may begin there."""
        self._sought.setdefault(link, now)
        return self._depart(now)

    def drop_sought(self, link: LinkId) -> None:
        """It counts as such no more: unless a contact is there, the next stem begins at another."""
        self._sought.pop(link, None)
        if self._sought and not self.leads_to_contact(link):
            self._pinned.forsake(link)

    def is_needed(self, link: LinkId, now: float) -> bool:
        """Whether the neighbour there has ``FEW`` links or fewer, as far as is known."""
        station = self._stations.now(now)
        name = station.name_at(link) if station is not None else None
        return station is not None and name is not None and len(station.map().get(name, ())) <= FEW

    def here(self, now: float) -> Station | None:
        """Our place on the map; None as long as more of the map is about to come."""
        station = self._stations.now(now)
        known = station is not None and (now >= self._settled_at or station.closed)
        return station if known else None

    def called(self, name: bytes) -> Station | None:
        """Our place on the map of the epoch in which we have that name."""
        return next((station for station in self._stations if station.id == name), None)

    def trust(self, link: LinkId, contact: ContactId) -> None:
        """A contact is behind this link: stems begin there, if they can."""
        self._trusted[contact] = link

    def leads_to_contact(self, link: LinkId) -> bool:
        """Whether one is there."""
        return link in self._trusted.values()

    def distrust(self, contact: ContactId) -> None:
        """No more, and no stem goes on beginning there."""
        link = self._trusted.pop(contact, None)
        if link is not None:
            self._pinned.forsake(link)

    def begins_at(self, link: LinkId) -> bool:
        """Whether our stem does."""
        pin = self._pinned.now
        return pin is not None and pin.link == link

    def heard(self, link: LinkId, message: Vicinal, now: float) -> list[Output]:
        """A neighbour told of itself or of others."""
        if link not in self._stations.links:
            return []
        out: list[Output] = [*self._stations.heard(link, message, now)]
        if isinstance(message, Mine) and self._audit.barred(self._sights(now).get(link, NOBODY).name):
            out.append(Unlisted(link))
        return [*out, *self._depart(now)]

    def tick(self, now: float) -> list[Output]:
        """Do what is due."""
        out: list[Output] = [*self._stations.tick(now)]
        for nodes in self._watch.lost(now):
            self._counters["onions lost"] += 1
            if self._pinned.lost(nodes, now):
                out += self._test(nodes, now)
        out += self._mixing.due(now)
        if now >= self._clock.at:
            out += self._cover(now)
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            self._pin(now)
            out += self._doubt(now)
            out += map(Unlisted, self._audit.look(self._sights(now), now))
        return out + self._depart(now)

    # --- our own cells

    def submit(self, cell: bytes, now: float, haste: Haste = Haste.SOON) -> list[Output]:
        """Send a cell of ours, ``GEOMETRY.cell`` bytes: at once, or when the clock says so. One that is
        patient waits for the clock wherever there is one."""
        if self._waiting.is_full:
            self._counters["cells shed before the stem"] += 1
            return []
        has_cover = self._profile.cover_per_s > 0 and not self._profile.on_clock
        self._waiting.put_cell(cell, haste, has_cover)
        return self._depart(now)

    def leave(self, now: float) -> list[Output]:
        """The node stops: what waits leaves now, others' as ours by whatever stem there is. A receipt that
        stayed behind would have its sender believe that nothing arrived."""
        out = self._mixing.leave()
        if not self._stations.links:
            return out
        self._settled_at = now
        pin = self._pin(now)
        self._waiting.hurry_patient()
        while self._waiting:
            out += self._send_next(pin, now)
        return out

    def go_on_sending(self, now: float) -> list[Output]:
        """There may be room on the first link."""
        return self._depart(now) if self._waiting else []

    def seen(self, name: bytes, now: float) -> None:
        """A cell came from the mesh for the first time; if it is ours, its stem works."""
        nodes = self._watch.back(name, now)
        self._suspects.worked(nodes)
        self._pinned.worked(nodes)

    def _depart(self, now: float) -> list[Output]:
        """Send what waits for nothing but a stem, as far as its first link takes it. Without a link it goes
        on waiting: held here, a cell that nobody else has would tell the next neighbour who wrote it."""
        if not self._stations.links or not (self._waiting or self._waiting.has_patient):
            return []
        pin = self._pin(now)
        if pin is None:
            self._waiting.hurry_patient()
            if not self._settled(now):
                self._better_at = self._settled_at if now < self._settled_at else self._unguarded_at
                return []
        elif self._profile.on_clock:
            return []
        link = pin.link if pin is not None else None
        room = self.own_room(link) if link is not None else len(self._waiting)
        count = min(room, len(self._waiting))
        return [sent for _ in range(count) for sent in self._send_next(pin, now)]

    def _send_next(self, route: Pin | None, now: float) -> list[Output]:
        """What waits first: a cell, or what the clock sends."""
        item = self._waiting.pop_next()
        if not isinstance(item, Tick):
            return self._send(item, route, now)
        return self._send_cover(route, item.is_loop, now) if route is not None else []

    def _send(self, cell: bytes, pin: Pin | None, now: float) -> list[Output]:
        left = CellDispatched(cell[: GEOMETRY.cell_tag])
        link = pin.link if pin is not None else None
        if pin is None or link is None:
            self._counters["cells sent without a stem"] += 1
            return [Spread(cell, None, None), left]
        name = cell_id(cell)
        self._watch.expect(name, pin.nodes, now, self._patience_s(pin.nodes))
        return [self._onion(link, pin.hops, HopCommand.BROADCAST, cell, name), left]

    def _patience_s(self, nodes: Sequence[bytes]) -> float:
        return RETURN_S + len(nodes) * (RETURN_HOP_S + 3 * self._profile.delay_s)

    def _pin(self, now: float) -> Pin | None:
        station = self._stations.now(now)
        if station is None or not self._settled(now):
            return None
        return self._pinned.pin(station, self._trusted.values(), self._sought, now)

    def _sights(self, now: float) -> dict[LinkId, Sight]:
        station = self._stations.now(now)
        return station.sights() if station is not None else {}

    def _settled(self, now: float) -> bool:
        """Whether waiting longer would hardly bring a better stem."""
        guarded = self._sought or self._trusted or now >= self._unguarded_at
        settled = now >= self._settled_at
        if guarded and settled:
            return True  # nearly always: the map is not walked for every cell
        station = self._stations.now(now)
        if station is None or not station.closed:
            return False
        crowd = station.reachable
        return bool(guarded) or crowd <= FEW or (settled and crowd == 1 + len(station.neighbours))

    def _cover(self, now: float) -> list[Output]:
        """The clock ticks: whether a loop leaves does not depend on whether a cell waits.

        What finds no room on the first link is left out where all leaves by the clock, whatever it would have
        been. Elsewhere it waits in one queue with our cells: by themselves they would be all that leaves when
        there is room again."""
        is_loop = self._clock.ticked(now)
        pin = self._pin(now)
        if pin is None or pin.link is None:
            return []
        if self._profile.on_clock:
            return self._send_cover(pin, is_loop, now) if self.own_room(pin.link) > 0 else []
        self._waiting.put_tick(Tick(is_loop))
        return []

    def _send_cover(self, route: Pin, is_loop: bool, now: float) -> list[Output]:
        """What a tick of the clock sends."""
        if route.link is None:
            return []
        if self._tests and below(self._entropy, TEST_IN) == 0:
            return self._send_loop(route.station, self._tests.popleft(), now)
        if is_loop:
            return self._loop(route.station, now)
        if self._profile.on_clock and self._waiting:
            return self._send_next(route, now)
        if (patient := self._waiting.pop_patient()) is not None:
            return self._send(patient, route, now)
        return [self._onion(route.link, route.hops, HopCommand.DROP, self._entropy.draw_bytes(GEOMETRY.cell))]

    def _test(self, nodes: Sequence[bytes], now: float) -> list[Output]:
        """Ask each of these hops alone, as far as a loop reaches, before another stem is needed: when the
        clock says so, if there is one."""
        station = self._stations.now(now)
        if station is None:
            return []
        ways = [each for each in (station.there_and_back(node) for node in nodes) if each is not None]
        if self._profile.cover_per_s:
            self._tests.extend(each for each in ways if each not in self._tests)
            return []
        return [out for way in ways for out in self._send_loop(station, way, now)]

    def _doubt(self, now: float) -> list[Output]:
        """Ask the hops that loops cast suspicion on, each alone; a stem over one that is in doubt still
        at the next look is left, before a cell of ours is lost on it."""
        doubted = self._pinned.doubted(now)
        if any(node in self._asked for node in doubted):
            self._pinned.leave()
            doubted = ()
        self._asked = doubted
        return self._test(doubted, now)

    def _loop(self, station: Station, now: float) -> list[Output]:
        nodes = loop(station.map(), station.id, self._entropy)
        return self._send_loop(station, nodes, now) if nodes is not None else []

    def _send_loop(self, station: Station, nodes: Sequence[bytes], now: float) -> list[Output]:
        link, way = station.link_to(nodes[0]), station.hops(nodes)
        if link is None or len(way) != len(nodes):
            return []
        payload = self._entropy.draw_bytes(GEOMETRY.cell)
        self._watch.expect(payload[:LOOP_NAME_BYTES], nodes, now, self._patience_s(nodes))
        hops = (*way, Hop(station.id, station.key.public))
        return [self._onion(link, hops, HopCommand.LOOP, payload)]

    def _onion(
        self, link: LinkId, hops: Sequence[Hop], command: HopCommand, payload: bytes, was: bytes | None = None
    ) -> Relay:
        delay = DELAYS.index(self._profile.delay_s)
        return Relay(link, wrap(hops, command, payload, self._entropy, delay), None, was)

    # --- others' onions

    def onion(self, link: LinkId, packet: bytes, now: float) -> list[Output]:
        """An onion came in. Whatever is wrong with it, nobody hears of it."""
        for station in self._stations:
            try:
                peeled = peel(station.key, packet)
            except RefusedInput:
                continue
            if station.replay.first(peeled.replay):
                return self._peeled(station, link, peeled, cell_id(packet), now)
            self._counters["onions refused: repeated"] += 1
            return []
        self._counters["onions refused: unreadable"] += 1
        return []

    def _peeled(
        self, station: Station, source: LinkId, peeled: Peeled, was: bytes, now: float
    ) -> list[Output]:
        match peeled.command:
            case HopCommand.FORWARD:
                link = station.link_to(peeled.next)
                if link is None:
                    self._counters["onions without a way"] += 1
                    return []
                self._counters["onions relayed"] += 1
                return self.go_on(Relay(link, peeled.packet, source, was), peeled.delay, now)
            case HopCommand.BROADCAST:
                return self.go_on(Spread(peeled.payload, source, was), peeled.delay, now)
            case HopCommand.LOOP:
                self._suspects.worked(self._watch.back(peeled.payload[:LOOP_NAME_BYTES], now))
                return []
            case HopCommand.DROP:
                return []
            case _:
                assert_never(peeled.command)

    def go_on(self, output: Relay | Spread, delay: int, now: float) -> list[Output]:
        """What was peeled goes on after the wait that its sender asked for. The simulator's hostile relays do
        something else here."""
        if delay >= len(DELAYS):
            self._counters["onions refused: unreadable"] += 1
            return []
        if not DELAYS[delay]:
            return [output]
        if not self._mixing.put(output, DELAYS[delay], now):
            self._counters["onions shed"] += 1
        return []


Stems = Callable[[Profile, Entropy, Counter[str]], Stem]
"""Makes one mesh's stem from the profile, its own entropy and the node's counters."""
