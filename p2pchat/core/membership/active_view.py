"""The active view: which links this node seeks, accepts and lets go.

Knows: when a link is missing, where to look for one, what follows when one comes or goes. Does not know: for
whom there is a place (``places``), how an offer becomes a link (``neighbours``), how seats are kept
(``seats``), or what travels over links (``mesh``).

A first link is found through a rendezvous; those that are sought lead to the ends of random walks over the
map of the mesh, and when they are found the first one goes. So the mesh is a random graph that neither a
rendezvous nor anybody on the way has chosen, and needs no rendezvous once it stands. If walks do not help, it
is asked again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from p2pchat.core.effects import Effect, SendFrame, Signal, frames_first
from p2pchat.core.inputs import FrameReceived, FramesDrained, LinkInput
from p2pchat.core.limits.pace import Pace
from p2pchat.core.link.link import Link
from p2pchat.core.membership import neighbours, search
from p2pchat.core.membership.growth import Growth
from p2pchat.core.membership.listeners import Listeners
from p2pchat.core.membership.neighbour import Neighbour, SeatRef, Standing, Way
from p2pchat.core.membership.neighbours import (
    AttemptFailed,
    Closed,
    MessageReceived,
    Neighbours,
    OfferReceived,
    Opened,
    PeerIdentified,
    SendBlob,
    Sought,
    Unsought,
)
from p2pchat.core.membership.places import LinkSlots, Use
from p2pchat.core.membership.search import Here, PeerSearch
from p2pchat.core.membership.unreached import Unreached, UnreachedMembers
from p2pchat.core.membership.walk import BlobArrived, SendWalk
from p2pchat.core.records import MeshRecord as MeshRecord
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, TakeSeat
from p2pchat.core.rendezvous.seats import Seats
from p2pchat.core.settings import Settings
from p2pchat.core.status import LinkStatus
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy, exponential, sample
from p2pchat.types import LinkId, NodeId, Seat, Topic
from p2pchat.wire import control, walk
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.signalling import Pass

SEAT_LINKS = 2
"""Links made through a rendezvous to begin with; those that count are sought by walks from these, so that the
mesh does not become a star of the few who sit there, or of those whom a hostile rendezvous shows."""

WALKS_AT_ONCE = 3
"""Whom we seek at a time: each is asked again every three seconds, and a link may bring one walk a second."""

WALK_FIRST_S = 1.0
WALK_LAST_S = 30.0
"""Gaps between draws of whom to seek while links are missing: an answer takes one or two seconds."""

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
graph is another one in a day. Not sooner: every swap breaks the stems that lead over the link, and a stem
drawn anew is one more chance for whoever links its writer's cells. At twenty minutes a stem of five hops
lasted ten."""

ViewOutput = Effect | TakeSeat | LeaveSeat | Opened | Sought | Unsought | Closed | MessageReceived


class Surroundings(Use, Protocol):
    """What the mesh makes of links, and its map."""

    def here(self, now: float) -> Here | None:
        """Our place on the map; None as long as that is not known."""
        ...

    def called(self, name: bytes) -> Here | None:
        """Our place on the map on which we have that name."""
        ...


class ActiveView:
    """Keeps up ``settings.links_wanted`` links that it sought. ``use``: what the mesh makes of a link."""

    def __init__(
        self,
        record: MeshRecord,
        node: NodeId,
        settings: Settings,
        entropy: Entropy,
        new_link: Callable[[], LinkId],
        counters: Counter[str],
        use: Surroundings,
        listeners: Iterable[str] = (),
    ) -> None:
        self.listeners = Listeners(listeners if settings.visits else ())
        self._nearby: tuple[str, ...] = ()
        self.record = record
        self._node = node
        self._settings = settings
        self._entropy = entropy
        self._use = use
        self._places = LinkSlots(settings, entropy.make_child("places"), use)
        self._counters = counters
        self._search = PeerSearch(entropy.make_child("search"), counters)
        self._neighbours = Neighbours(
            record.secret, node, entropy.make_child("introductions"), new_link, counters
        )
        self._seats = Seats(record.secret, record.rendezvous, entropy)
        self._growth = Growth(entropy.make_child("growth"))
        self._walking = Pace(entropy, WALK_FIRST_S, WALK_LAST_S)
        self._short_since: float | None = None
        self._swap_at: float | None = None
        self._beyond: dict[LinkId, float] = {}
        """Links that may lead to another piece of the mesh, and until when it is looked what is beyond."""
        self._beyond_at = 0.0
        self._due: float | None = None
        self._unreached = UnreachedMembers()
        self.relays = False
        """Whether a rendezvous of the mesh has hinted a TURN server."""

    # --- what the parent asks

    @property
    def links(self) -> list[LinkId]:
        """Links over which cells travel now."""
        return [neighbour.id for neighbour in self._neighbours.counting()]

    @property
    def sitting(self) -> bool:
        """Whether we hold, or want, seats at the rendezvous."""
        return self._seats.sitting

    def owns(self, link: LinkId) -> bool:
        """Whether the link is one of this mesh."""
        return link in self._neighbours

    def holds(self, topic: Topic) -> bool:
        """Whether the topic is one of this mesh."""
        return self._seats.is_ours(topic)

    def node_at(self, link: LinkId) -> NodeId | None:
        """Who is at the other end."""
        neighbour = self._neighbours.get(link)
        return neighbour.node if neighbour is not None else None

    def binding(self, link: LinkId) -> bytes:
        """A secret of an open link's two ends, 32 bytes."""
        neighbour = self._neighbours.get(link)
        assert neighbour is not None, "an open link"
        return neighbour.binding

    def room(self, link: LinkId) -> int:
        """Frames that would leave on this link at once, if they need no credit."""
        channel = self._channel(link)
        return channel.room if channel is not None else 0

    def own_room(self, link: LinkId) -> int:
        """Cells of our own that this link takes."""
        channel = self._channel(link)
        return channel.own_room if channel is not None else 0

    def count_waiting(self, link: LinkId, source: LinkId | None) -> int:
        """Cells that came from ``source``, or are our own, and wait to leave on a link."""
        channel = self._channel(link)
        return channel.count_waiting(source) if channel is not None else 0

    def _channel(self, link: LinkId) -> Link | None:
        neighbour = self._neighbours.get(link)
        return neighbour.link if neighbour is not None else None

    def status(self) -> tuple[LinkStatus, ...]:
        """All links and attempts."""
        return tuple(neighbour.status(self.record.id) for neighbour in self._neighbours)

    def unreached(self, now: float) -> tuple[Unreached, ...]:
        """Members with whom no link could be made."""
        counting = {each.node for each in self._neighbours.counting()}
        return self._unreached.now(now, lambda node: node in counting)

    def send(self, link: LinkId, frame: Frame, now: float, source: LinkId | None = None) -> list[SendFrame]:
        """Hand a frame to a link that is up. ``source``: the link a cell came from, if not our own."""
        return self._neighbours.send(link, frame, now, source)

    # --- time

    def next_wakeup(self) -> float:
        """When ``tick`` is next due. Frames that pass only ever move it back, so it is kept meanwhile."""
        if self._due is None:
            self._due = min(self._deadlines())
        return self._due

    def _deadlines(self) -> Iterable[float]:
        yield self._seats.next_wakeup
        if self._seats.sitting:
            yield self._seats.ask_at
        for neighbour in self._neighbours:
            yield neighbour.next_wakeup()
        yield self._search.next_wakeup()
        if self._beyond:
            yield self._beyond_at
        linked = bool(self._neighbours.counting())
        yield self.listeners.visit_at(linked)
        if self._missing() <= 0:
            yield self._swap_at or 0.0
            if self._settings.walks:
                yield self._growth.look_at
            if self._places.surplus(self._all()):
                yield self._places.shed_at
        else:
            if linked and self._unsought() > 0:
                yield self._walking.at
            if not self._seats.sitting:
                yield (self._short_since or 0.0) + WALKS_ALONE_S if linked else 0.0

    def tick(self, now: float) -> list[ViewOutput]:
        """Follow the epochs' topics, drop dead links, send heartbeats, seek what is missing."""
        if now < self.next_wakeup():
            return []
        self._due = None
        out: list[ViewOutput] = [*self._seats.follow_epochs(now)]
        out += self._carried(self._neighbours.tick(now), now)
        for neighbour in self._neighbours:
            if neighbour.looked(now):
                out += self._checked(neighbour, now)
        out += self._searched(self._search.tick(now), now)
        out += [*self._look_beyond(now), *self._visit_listeners(now)]
        if self._missing() > 0:
            out += self._seek(now)
        else:
            self._short_since = None
            out += [*self._swap(now), *self._renew(now)]
            out += self._carried(self._let_go(self._places.to_shed(self._all(), now), now), now)
        if self._seats.sitting and now >= self._seats.ask_at:
            out += self._seats.ask_greeters(now)
        return out

    def _missing(self) -> int:
        """How many more links are to be sought, beyond those that count and the attempts under way."""
        return self._places.missing(self._all())

    def _unsought(self) -> int:
        """For how many of them somebody is to be drawn."""
        return min(self._missing(), WALKS_AT_ONCE) - self._search.open

    def _all(self) -> list[Neighbour]:
        return list(self._neighbours)

    def _seek(self, now: float) -> list[ViewOutput]:
        """Walks if there is a link to walk over; a seat if there is none, or walks do not help."""
        if self._short_since is None:
            self._short_since = now
        out: list[ViewOutput] = []
        linked = bool(self._neighbours.counting())
        if linked and self._unsought() > 0 and now >= self._walking.at:
            if self._use.here(now) is not None:
                self._walking.tried(now)
            else:
                self._walking.at = now + MAP_S
            for _ in range(self._unsought()):
                out += self._walk(now, swap=False)
        if not linked or now >= self._short_since + WALKS_ALONE_S:
            out += self._seats.take_seats(now)
        return out

    def _swap(self, now: float) -> list[ViewOutput]:
        """Now and then a walk for another link instead of one there is."""
        if self._swap_at is not None and now < self._swap_at:
            return []
        due, self._swap_at = self._swap_at, now + exponential(self._entropy, SWAP_S)
        return self._walk(now, swap=True) if due is not None else []

    def _renew(self, now: float) -> list[ViewOutput]:
        """Draw anew what was drawn while the mesh was small."""
        here = self._use.here(now) if now >= self._growth.look_at and self._settings.walks else None
        if here is None or not self._growth.note_size(here.reachable, now):
            return []
        if here.reachable <= self._settings.links_wanted + 1:
            return []
        stale = self._places.to_renew(self._all(), self._growth, now)
        self._counters["links drawn anew"] += len(stale)
        return self._carried([dropped for one in stale for dropped in self._neighbours.drop_sought(one)], now)

    def part(self, link: LinkId, now: float) -> list[ViewOutput]:
        """Let a neighbour go that does not keep to what all do."""
        neighbour = self._neighbours.get(link)
        return self._carried(self._let_go([neighbour], now), now) if neighbour is not None else []

    def leave(self, now: float) -> list[ViewOutput]:
        """Say goodbye to every neighbour and close."""
        return [
            each
            for one in self._neighbours
            for each in self._carried(self._neighbours.goodbye(one, now), now)
        ]

    def depart(self, now: float) -> list[ViewOutput]:
        """Say goodbye, and give up our seats for good."""
        return [*self.leave(now), *self._seats.release_all(now)]

    # --- seats

    def meet_at(self, record: MeshRecord, now: float) -> list[ViewOutput]:
        """The record says anew where the mesh is met."""
        self._due = None
        self.record = record
        return [*self._seats.set_servers(record.rendezvous, now)]

    def meet_nearby(self, urls: Sequence[str]) -> list[ViewOutput]:
        """Others may be met at these places of this machine's own network, and at no others there."""
        self._due = None
        self._nearby = tuple(urls)
        return self._take_outside_seats()

    def _take_outside_seats(self) -> list[ViewOutput]:
        """Where no rendezvous that the record names is needed."""
        visited = [url for url in self.listeners.visited if url not in self.record.rendezvous]
        return [*self._seats.set_nearby(tuple(dict.fromkeys((*self._nearby, *visited))))]

    def remember_listener(self, link: LinkId, port: int) -> None:
        """A neighbour listens at a port of its address."""
        neighbour = self._neighbours.get(link)
        if neighbour is not None and self._settings.visits:
            self._due = None
            self.listeners.add_listener(neighbour.address, port)

    def _visit_listeners(self, now: float) -> list[ViewOutput]:
        changed = self.listeners.plan_visits(bool(self._neighbours.counting()), now)
        return self._take_outside_seats() if changed else []

    def expect(self, now: float) -> list[ViewOutput]:
        """Somebody is on the way: sit where the mesh is met."""
        self._due = None
        return [*self._seats.take_seats(now)]

    def seated(
        self, url: str, topic: Topic, others: tuple[Seat, ...], now: float, own: Seat | None = None
    ) -> list[ViewOutput]:
        """We hold a seat and see some others: offer links where we need them, leave if we are not needed. A
        server that has not noticed that we are gone from our ``own`` last seat shows us that, too."""
        self._due = None
        if own is not None:
            self._seats.known.learn_owner(url, own, self._node)
        self._seats.on_seat_taken(url, topic, len(others))
        seats = [SeatRef(url, topic, other) for other in others]
        out = [
            each
            for waiting in map(self._neighbours.waiting_at, seats)
            if waiting is not None
            for each in self._carried(self._neighbours.repeat(waiting), now)
        ]
        missing = self._missing()
        strangers = [seat for seat in seats if self._stranger(seat, now)]
        if missing > 0:
            count = min(missing, self._seat_offers(now))
        elif self._seats.should_release_seats():
            return [*out, *self._seats.release_seats(now)]
        else:
            strangers = [seat for seat in strangers if not self._seats.known.is_reached(url, seat.seat)]
            count = int(self._seats.should_probe_other(now))
        sought = not self._settings.walks
        for seat in sample(self._entropy, strangers, max(0, count)):
            out += self._carried(self._neighbours.begin(seat, now, sought, swap=missing <= 0), now)
        return out

    def unseated(self, url: str) -> None:
        """The connection to a rendezvous is gone, and our seats there with it."""
        self._due = None
        self._seats.on_server_lost(url)

    def blob(self, at: SeatRef, blob: bytes, now: float) -> list[ViewOutput]:
        """A sealed blob was left at our seat. Raises RefusedInput."""
        self._due = None
        return self._carried(self._neighbours.blob(at, blob, now), now)

    def gone(self, at: SeatRef, now: float) -> list[ViewOutput]:
        """The seat we passed a blob to is empty."""
        self._due = None
        waiting = self._neighbours.waiting_at(at)
        return self._carried(self._neighbours.close(waiting), now) if waiting is not None else []

    def _seat_offers(self, now: float) -> int:
        """How many offers to make to those who sit here: few, and one more where walks do not help."""
        if not self._settings.walks:
            return self._settings.links_wanted
        helpless = self._short_since is not None and now >= self._short_since + WALKS_ALONE_S
        standing = sum(not each.faded for each in self._neighbours)
        few = max(SEAT_LINKS - standing, int(helpless))
        return min(few, self._settings.links_wanted + SEAT_LINKS - self._places.own(self._all()))

    def _stranger(self, at: SeatRef, now: float) -> bool:
        """Whether an offer may be made there. A node without any link avoids nobody: there may be nobody
        else."""
        if self._neighbours.counting() and self._seats.is_avoided(at.url, at.seat, now):
            return False
        node = self._seats.known.owner_of(at.url, at.seat)
        tried = any(each.at == at and not each.faded for each in self._neighbours)
        return not tried and node != self._node and (node is None or not self._neighbours.knows(node))

    # --- links

    def link(self, input: LinkInput, now: float) -> list[ViewOutput]:
        """Something happened to one of our links."""
        if not isinstance(input, (FrameReceived, FramesDrained)):
            self._due = None
        return self._carried(self._neighbours.happened(input, now), now)

    def _carried(self, out: Iterable[neighbours.Output], now: float) -> list[ViewOutput]:
        """What happened among the neighbours, and what follows from it here."""
        done: list[ViewOutput] = []
        for each in frames_first(out):
            match each:
                case SendBlob(at, blob):
                    done += self._pass(at, blob, now)
                case PeerIdentified(SeatRef(url, _, seat), node):
                    self._seats.known.learn_owner(url, seat, node)
                case PeerIdentified():
                    pass
                case OfferReceived():
                    done += self._carried(self._wanted(each, now), now)
                case Opened(neighbour):
                    self._opened(neighbour, now)
                    done.append(each)
                case Closed(neighbour, broken):
                    self._closed(neighbour, broken, now)
                    done.append(each)
                case AttemptFailed(neighbour, answered):
                    done += self._failed(neighbour, answered, now)
                case MessageReceived(link, walk.Walk() | walk.Ticket() | walk.Piece() as said):
                    self._due = None
                    room = self._settings.walks and self._places.room(self._all())
                    done += self._searched(self._search.receive(link, said, self._use.called, room, now), now)
                case _:
                    done.append(each)
        return done

    def _wanted(self, wanted: OfferReceived, now: float) -> list[neighbours.Output]:
        """Accept a link while there is a place for it; a guest makes room, for one who seeks us or a
        newcomer."""
        at_seat = isinstance(wanted.at, SeatRef)
        out: list[neighbours.Output] = []
        if not wanted.sought and not wanted.anew:
            if self._places.full(self._all()):
                out += self._let_go(self._places.to_evict(self._all(), at_seat, now), now)
            full = self._places.full(self._all()) or not (at_seat or self._places.room(self._all()))
            if full:
                return out + self._neighbours.decline(wanted.at, wanted.blob, linked=False)
        return out + self._neighbours.accept(wanted, now)

    def _opened(self, neighbour: Neighbour, now: float) -> None:
        """One link more. A greeter whom we had never reached may be in another piece of the mesh: seek a link
        there, soon."""
        self._due = None
        self._unreached.reached(neighbour.node)
        self._seats.on_link_up()
        self._walking.succeeded()
        if isinstance(neighbour.at, SeatRef):
            self._seats.known.mark_reached(neighbour.at.url, neighbour.at.seat)
            self._seats.count_success()
        else:
            self._search.ended(neighbour.at, answered=True, now=now)
        if neighbour.swap and neighbour.standing is Standing.MET and self._settings.walks:
            self._beyond[neighbour.id] = now + BEYOND_FOR_S
            self._beyond_at = now

    def _closed(self, neighbour: Neighbour, broken: bool, now: float) -> None:
        """One link less; if two of our own making broke at once the mesh may have come apart. Others could
        break theirs to make us think so, and look for links at a seat."""
        self._due = None
        self._search.link_down(neighbour.id)
        self._beyond.pop(neighbour.id, None)
        self._seats.on_link_down(now)
        self._walking.hurry(now, WALK_FIRST_S)
        if broken and (neighbour.ours or neighbour.sought):
            self._seats.on_own_link_broken(now)

    def _failed(self, neighbour: Neighbour, answered: bool, now: float) -> list[ViewOutput]:
        """An attempt came to nothing. If there was no word from whom we sought, that may be the doing of
        those on the way."""
        self._due = None
        out: list[ViewOutput] = []
        if not answered:
            self._unreached.failed(neighbour, now)
        if isinstance(neighbour.at, SeatRef):
            if answered:
                self._seats.known.mark_reached(neighbour.at.url, neighbour.at.seat)
            self._seats.on_attempt_failed(neighbour.at.url, neighbour.at.seat, now, declined=answered)
        else:
            heard = answered or neighbour.link is not None
            out += self._searched(self._search.ended(neighbour.at, heard, now), now)
        if not self._neighbours.counting():
            self._seats.on_no_links(now)
        return out

    def _checked(self, neighbour: Neighbour, now: float) -> list[ViewOutput]:
        """Checks lead nowhere so far: say so, and try a TURN server where there is one."""
        self._due = None
        if neighbour.unreached(now):
            self._unreached.failed(neighbour, now)
        if not self.relays or not neighbour.needs_relay(now) or not isinstance(neighbour.at, SeatRef):
            return []
        self._counters["second tries with a TURN server"] += 1
        return self._carried(self._neighbours.try_relay(neighbour, now), now)

    # --- the machine's own network

    def shaken(self, link: LinkId, now: float) -> list[ViewOutput]:
        """The address is gone from which a link was made: seek another, and end this one when that stands."""
        neighbour = self._neighbours.get(link)
        if neighbour is None:
            return []
        self._due = None
        return self._carried(self._neighbours.fade(neighbour), now)

    def network_changed(self, now: float) -> None:
        """What did not work may work now: ask soon."""
        self._due = None
        self._seats.on_link_down(now)
        self._walking.hurry(now, WALK_FIRST_S)

    def _let_go(self, some: list[Neighbour], now: float) -> list[neighbours.Output]:
        return [out for each in some for out in self._neighbours.goodbye(each, now)]

    # --- walks

    def _walk(self, now: float, swap: bool, via: LinkId | None = None) -> list[ViewOutput]:
        """Draw whom to seek a link with, and ask."""
        here = self._use.here(now) if self._settings.walks else None
        if here is None:
            return []
        sought = [each.id for each in self._neighbours if each.sought]
        return self._searched(self._search.seek(here, sought, swap, now, via), now)

    def _look_beyond(self, now: float) -> list[ViewOutput]:
        """If the mesh may be torn, seek a link beyond one that may lead to another piece, once that has
        told who is there."""
        if not self._beyond or now < self._beyond_at:
            return []
        self._beyond_at = now + BEYOND_S
        out: list[ViewOutput] = []
        for link, until in list(self._beyond.items()):
            said = (
                self._walk(now, True, link) if self._seats.may_be_torn(now) and self._missing() >= 0 else []
            )
            if said or now >= until:
                self._beyond.pop(link, None)
            out += said
        return out

    def _searched(self, out: Iterable[search.Output], now: float) -> list[ViewOutput]:
        """What walks lead to: frames, and attempts as at a seat."""
        done: list[ViewOutput] = []
        for each in frames_first(out):
            match each:
                case SendWalk(link, message):
                    done += self.send(link, Frame(FrameKind.CONTROL, control.encode(message)), now)
                case search.Found(link, among):
                    self._due = None
                    done += self._carried(self._neighbours.seek(link, among), now)
                case search.Agreed(at, swap, among):
                    self._due = None
                    done += self._carried(self._neighbours.begin(at, now, True, swap, among=among), now)
                case BlobArrived():
                    self._due = None
                    done += self._blob_walked(each, now)
        return done

    def _blob_walked(self, came: BlobArrived, now: float) -> list[ViewOutput]:
        take = self._neighbours.replied if came.reply else self._neighbours.offered
        try:
            return self._carried(take(came.at, came.blob, now), now)
        except RefusedInput as refusal:
            self._counters[f"input refused: {refusal.kind}"] += 1
            return []

    def _pass(self, at: Way, blob: bytes, now: float) -> list[ViewOutput]:
        """Send a blob on its way."""
        if isinstance(at, SeatRef):
            return [Signal(at.url, Pass(at.topic, at.seat, blob))]
        return self._searched(self._search.send(at, blob), now)
