"""Links that are missing, or were drawn too long ago, are sought by walks over the map.

Knows: when a node is drawn, and why. Does not know: which node gets a place (``places``), how to get
there (``search``), how an offer becomes a link (``offers``). Parent of ``search`` and ``growth``.

The word is HyParView's: what is missing in the active view is refilled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

from p2pchat.core.kit.pace import Pace
from p2pchat.core.membership import search
from p2pchat.core.membership.growth import Growth
from p2pchat.core.membership.link_table import LinkTable
from p2pchat.core.membership.neighbour import Neighbour, Standing
from p2pchat.core.membership.neighbours import Neighbours
from p2pchat.core.membership.offers import Offers
from p2pchat.core.membership.outputs import Output
from p2pchat.core.membership.places import LinkSlots, Use
from p2pchat.core.membership.search import Here, PeerSearch
from p2pchat.core.membership.walk import BlobArrived, SendWalk, WalkRef
from p2pchat.core.values.effects import frames_first
from p2pchat.core.values.settings import Settings
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy, exponential
from p2pchat.types import HopId, LinkId
from p2pchat.wire import control
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.walk import Walking

WALKS_AT_ONCE = 3
"""Nodes that we seek at a time: each is asked again every three seconds, and a link may bring one walk a
second."""

WALK_FIRST_S = 1.0
WALK_LAST_S = 30.0
"""Gaps between draws of nodes to seek while links are missing: an answer takes one or two seconds."""

MAP_S = 0.25
"""A newcomer looks this often whether it has a map by now: a second or two after its first link."""

BEYOND_S = 0.5
BEYOND_FOR_S = 10.0
"""A link that may lead to another piece of the mesh is looked at this often for so long: what is beyond it is
drawn on the map, and comes over it first."""

WALKS_ALONE_S = 15.0
"""Short for this long in spite of walks, a node asks at the rendezvous as well."""

SWAP_S = 14_400.0
"""A node swaps a link for a fresh one about every four hours (exponential), so that a link lasts ten and the
graph is another one in a day. Not sooner: every swap breaks the stems that lead over the link, and a
redrawn stem is one more chance for an adversary that links its writer's cells. At twenty minutes a stem of
five hops lasted ten."""


class Surroundings(Use, Protocol):
    """What the mesh makes of links, and its map."""

    def own_position(self, now: float) -> Here | None:
        """Our place on the map; None as long as that is not known."""
        ...

    def position_of(self, name: HopId) -> Here | None:
        """Our place on the map on which we have that name."""
        ...


class Refill:
    """Each method returns what follows."""

    def __init__(
        self,
        settings: Settings,
        entropy: Entropy,
        counters: Counter[str],
        use: Surroundings,
        table: LinkTable,
        places: LinkSlots,
        neighbours: Neighbours,
        offers: Offers,
    ) -> None:
        self._settings = settings
        self._entropy = entropy
        self._counters = counters
        self._use = use
        self._table = table
        self._places = places
        self._neighbours = neighbours
        self._offers = offers
        self._search = PeerSearch(entropy.make_child("search"), counters)
        self._growth = Growth(entropy.make_child("growth"))
        self._walking = Pace(entropy, WALK_FIRST_S, WALK_LAST_S)
        self._short_since: float | None = None
        self._swap_at: float | None = None
        self._beyond: dict[LinkId, float] = {}
        """Links that may lead to another piece of the mesh, and until when it is looked what is beyond."""
        self._beyond_at = 0.0

    def list_deadlines(self, linked: bool, missing: int) -> Iterator[float]:
        """When something is next due here."""
        yield self._search.next_wakeup()
        if self._beyond:
            yield self._beyond_at
        if missing <= 0:
            yield self._swap_at or 0.0
            if self._settings.walks:
                yield self._growth.look_at
        elif linked and self._count_undrawn(missing) > 0:
            yield self._walking.at

    @property
    def alone_at(self) -> float:
        """When walks have not helped for so long that nodes must be sought in another way, too."""
        return (self._short_since or 0.0) + WALKS_ALONE_S

    def is_helpless(self, now: float) -> bool:
        """Whether walks have not helped for so long."""
        return self._short_since is not None and now >= self.alone_at

    # --- sought nodes

    def ask_others(self, now: float) -> list[Output]:
        """A node that did not answer is asked by another way."""
        return self._route_search(self._search.tick(now), now)

    def seek_missing(self, linked: bool, missing: int, now: float) -> list[Output]:
        """Draw a node for each missing link, if there is a link to walk over."""
        if self._short_since is None:
            self._short_since = now
        outputs: list[Output] = []
        if linked and self._count_undrawn(missing) > 0 and now >= self._walking.at:
            if self._use.own_position(now) is not None:
                self._walking.on_attempt(now)
            else:
                self._walking.at = now + MAP_S
            for _ in range(self._count_undrawn(missing)):
                outputs += self._walk(now, swap=False)
        return outputs

    def note_full(self) -> None:
        """Note that no link is missing."""
        self._short_since = None

    def swap_links(self, now: float) -> list[Output]:
        """Now and then seek another link in the place of a present one."""
        if self._swap_at is not None and now < self._swap_at:
            return []
        due, self._swap_at = self._swap_at, now + exponential(self._entropy, SWAP_S)
        return self._walk(now, swap=True) if due is not None else []

    def renew_links(self, now: float) -> list[Output]:
        """Draw links again that were drawn while the mesh was small."""
        here = self._use.own_position(now) if now >= self._growth.look_at and self._settings.walks else None
        if here is None or not self._growth.note_size(here.reachable, now):
            return []
        if here.reachable <= self._settings.links_wanted + 1:
            return []
        stale = self._places.to_renew(list(self._table), self._growth, now)
        self._counters["links drawn anew"] += len(stale)
        return [dropped for one in stale for dropped in self._neighbours.drop_sought(one)]

    def look_beyond(self, may_be_torn: bool, now: float) -> list[Output]:
        """If the mesh may be torn, seek a link beyond one that may lead to another piece, once that node
        has told which others are there."""
        if not self._beyond or now < self._beyond_at:
            return []
        self._beyond_at = now + BEYOND_S
        outputs: list[Output] = []
        for link, until in list(self._beyond.items()):
            torn = may_be_torn and self._places.count_missing(list(self._table)) >= 0
            begun = self._walk(now, True, link) if torn else []
            if begun or now >= until:
                self._beyond.pop(link, None)
            outputs += begun
        return outputs

    def _count_undrawn(self, missing: int) -> int:
        """Return for how many missing links a node must still be drawn."""
        return min(missing, WALKS_AT_ONCE) - self._search.open

    def _walk(self, now: float, swap: bool, via: LinkId | None = None) -> list[Output]:
        """Draw a node to seek a link with, and ask it."""
        here = self._use.own_position(now) if self._settings.walks else None
        if here is None:
            return []
        sought = [neighbour.id for neighbour in self._table if neighbour.sought]
        return self._route_search(self._search.seek_link(here, sought, swap, now, via), now)

    # --- what happens

    def link_up(self, neighbour: Neighbour, now: float) -> None:
        """A link is up. A greeter that we had never reached may be in another part of the mesh: seek a link
        there soon."""
        self._walking.on_success()
        if isinstance(neighbour.at, WalkRef):
            self._search.on_attempt_ended(neighbour.at, answered=True, now=now)
        if neighbour.swap and neighbour.standing is Standing.INTRODUCED and self._settings.walks:
            self._beyond[neighbour.id] = now + BEYOND_FOR_S
            self._beyond_at = now

    def link_down(self, link: LinkId, now: float) -> None:
        """A link is down."""
        self._search.link_down(link)
        self._beyond.pop(link, None)
        self.seek_soon(now)

    def seek_soon(self, now: float) -> None:
        """What did not work may work now: seek soon."""
        self._walking.retry_within(now, WALK_FIRST_S)

    def attempt_failed(self, at: WalkRef, answered: bool, now: float) -> list[Output]:
        """An attempt came to nothing. If a sought node did not answer, nodes on the way may have caused
        that."""
        return self._route_search(self._search.on_attempt_ended(at, answered, now), now)

    def receive_walk(self, link: LinkId, message: Walking, now: float) -> list[Output]:
        """A walk, or what follows one, came over a link."""
        vacant = self._settings.walks and self._places.has_place(list(self._table))
        return self._route_search(
            self._search.receive(link, message, self._use.position_of, vacant, now), now
        )

    def send_blob(self, at: WalkRef, blob: bytes, now: float) -> list[Output]:
        """Send a blob to the other end of a walk."""
        return self._route_search(self._search.send(at, blob), now)

    def _route_search(self, found: Iterable[search.Output], now: float) -> list[Output]:
        """What walks lead to: frames, and attempts as at a seat."""
        routed: list[Output] = []
        for output in frames_first(found):
            match output:
                case SendWalk(link, message):
                    frame = Frame(FrameKind.CONTROL, control.encode(message))
                    routed += self._table.send(link, frame, now)
                case search.Found(link, among):
                    routed += self._neighbours.mark_sought(link, among)
                case search.Agreed(at, swap, among):
                    routed += self._offers.offer_link(at, now, True, swap, among=among)
                case BlobArrived():
                    routed += self._on_blob(output, now)
        return routed

    def _on_blob(self, arrived: BlobArrived, now: float) -> list[Output]:
        take = self._offers.on_reply if arrived.reply else self._offers.on_offer
        try:
            return take(arrived.at, arrived.blob, now)
        except RefusedInput as refusal:
            self._counters[f"input refused: {refusal.kind}"] += 1
            return []
