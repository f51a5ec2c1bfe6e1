"""The active view: which links this node seeks, accepts and lets go.

Knows: what follows when a link is missing, comes or goes. Does not know: which node gets a place
(``places``), which nodes are sought (``refill``, ``seat_links``), how an offer becomes a link (``offers``),
or what travels over links (``mesh``).

A first link is found through a rendezvous; those that are sought lead to the ends of random walks over the
map of the mesh, and when they are found the first one goes. So the mesh is a random graph that neither a
rendezvous nor a node on the way has chosen, and needs no rendezvous once it stands. If walks do not help, it
is asked again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import assert_never

from p2pchat.core.membership.link_table import LinkTable
from p2pchat.core.membership.neighbour import Endpoint, Neighbour, SeatRef
from p2pchat.core.membership.neighbours import Neighbours
from p2pchat.core.membership.offer_exchange import OfferExchange
from p2pchat.core.membership.offers import Offers
from p2pchat.core.membership.outputs import (
    AttemptFailed,
    Closed,
    MessageReceived,
    OfferReceived,
    Opened,
    Output,
    PeerIdentified,
    SendBlob,
    Sought,
    Unsought,
)
from p2pchat.core.membership.places import LinkSlots
from p2pchat.core.membership.refill import Refill, Surroundings
from p2pchat.core.membership.seat_links import SeatLinks, SeatOutput
from p2pchat.core.membership.unreached import Unreached, UnreachedMembers
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, TakeSeat, Topical
from p2pchat.core.values.effects import Effect, Signal, frames_first
from p2pchat.core.values.inputs import AnswerMade, FrameReceived, FramesDrained, LinkInput, OfferMade
from p2pchat.core.values.records import MeshRecord
from p2pchat.core.values.settings import Settings
from p2pchat.ports import Entropy
from p2pchat.types import LinkId, NodeId
from p2pchat.wire import signalling, walk
from p2pchat.wire.signalling import Pass

ViewOutput = Effect | TakeSeat | LeaveSeat | Opened | Sought | Unsought | Closed | MessageReceived


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
        table: LinkTable,
        listeners: Iterable[str] = (),
    ) -> None:
        self._counters = counters
        self._table = table
        self._places = places = LinkSlots(settings, entropy.make_child("places"), use)
        self._neighbours = neighbours = Neighbours(table, counters)
        exchange = OfferExchange(record.secret, node, entropy.make_child("introductions"))
        self._offers = offers = Offers(table, neighbours, exchange, node, new_link, counters)
        self._refill = Refill(settings, entropy, counters, use, table, places, neighbours, offers)
        self.seat_links = SeatLinks(record, node, settings, entropy, listeners, table, places, offers)
        self._unreached = UnreachedMembers()
        self._due: float | None = None
        self.relays = False
        """Whether a rendezvous of the mesh has hinted a TURN server."""

    def unreached_members(self, now: float) -> tuple[Unreached, ...]:
        """Members with which no link could be made."""
        counting = {neighbour.node for neighbour in self._table.counted_neighbours()}
        return self._unreached.still_unreached(now, lambda node: node in counting)

    # --- time

    def next_wakeup(self) -> float:
        """When ``tick`` is next due. Frames that pass only ever move it back, so it is kept meanwhile."""
        if self._due is None:
            self._due = min(self._deadlines())
        return self._due

    def _deadlines(self) -> Iterable[float]:
        linked, missing = bool(self._table.counted_neighbours()), self._missing()
        yield from self.seat_links.list_deadlines(linked)
        yield from self._refill.list_deadlines(linked, missing)
        for neighbour in self._table:
            yield neighbour.next_wakeup()
        if missing <= 0:
            if self._places.has_excess(list(self._table)):
                yield self._places.shed_at
        elif not self.seat_links.seats.sitting:
            yield self._refill.alone_at if linked else 0.0

    def tick(self, now: float) -> list[ViewOutput]:
        """Follow the epochs' topics, drop dead links, send heartbeats, seek what is missing."""
        if now < self.next_wakeup():
            return []
        self._due = None
        seats = self.seat_links.seats
        outputs: list[ViewOutput] = [*seats.follow_epochs(now)]
        outputs += self._carried(self._neighbours.tick(now), now)
        for neighbour in self._table:
            if neighbour.take_look(now):
                outputs += self._checked(neighbour, now)
        outputs += self._carried(self._refill.ask_others(now), now)
        outputs += self._carried(self._refill.look_beyond(seats.may_be_torn(now), now), now)
        outputs += self._carried(
            self.seat_links.visit_listeners(bool(self._table.counted_neighbours()), now), now
        )
        missing = self._missing()
        if missing > 0:
            linked = bool(self._table.counted_neighbours())
            outputs += self._carried(self._refill.seek_missing(linked, missing, now), now)
            if not linked or self._refill.is_helpless(now):
                outputs += seats.take_seats(now)
        else:
            self._refill.note_full()
            outputs += self._carried(self._refill.swap_links(now), now)
            outputs += self._carried(self._refill.renew_links(now), now)
            shed = self._places.to_shed(list(self._table), now)
            outputs += self._carried(self._neighbours.let_go(shed, now), now)
        if seats.sitting and now >= seats.ask_at:
            outputs += seats.ask_greeters(now)
        return outputs

    def _missing(self) -> int:
        """How many more links are to be sought, beyond those that count and the attempts under way."""
        return self._places.count_missing(list(self._table))

    def expel_neighbour(self, link: LinkId, now: float) -> list[ViewOutput]:
        """Let a neighbour go that does not keep to what all do."""
        neighbour = self._table.get(link)
        return self._carried(self._neighbours.let_go([neighbour], now), now) if neighbour is not None else []

    def shut_down(self, now: float) -> list[ViewOutput]:
        """Say goodbye to every neighbour and close."""
        return [
            output
            for one in self._table
            for output in self._carried(self._neighbours.end_link(one, now), now)
        ]

    def leave_for_good(self, now: float) -> list[ViewOutput]:
        """Say goodbye, and give up our seats for good."""
        return [*self.shut_down(now), *self.seat_links.seats.release_all(now)]

    # --- seats

    def meet_at(self, record: MeshRecord, now: float) -> list[ViewOutput]:
        """The record has new places where the mesh is met."""
        self._due = None
        return self._carried(self.seat_links.meet_at(record, now), now)

    def meet_nearby(self, urls: Sequence[str], now: float) -> list[ViewOutput]:
        """Meet others on this machine's own network at these places only."""
        self._due = None
        return self._carried(self.seat_links.meet_nearby(urls), now)

    def remember_listener(self, link: LinkId, port: int) -> None:
        """A neighbour listens at a port of its address."""
        if self.seat_links.remember_listener(link, port):
            self._due = None

    def expect_guest(self, now: float) -> list[ViewOutput]:
        """A node is on the way: sit where the mesh is met."""
        self._due = None
        return [*self.seat_links.seats.take_seats(now)]

    def on_seats_lost(self, url: str) -> None:
        """The connection to a rendezvous is gone, and our seats there with it."""
        self._due = None
        self.seat_links.seats.on_server_lost(url)

    def receive_signal(self, url: str, message: Topical, now: float) -> list[ViewOutput]:
        """Something was said at our seat. Raises RefusedInput."""
        match message:
            case signalling.Seated():
                self._due = None
                helpless = self._refill.is_helpless(now)
                return self._carried(self.seat_links.on_seated(url, message, helpless, now), now)
            case signalling.Blob(topic, seat, blob):
                self._due = None
                return self._carried(self._offers.on_blob(SeatRef(url, topic, seat), blob, now), now)
            case signalling.Gone(topic, seat):
                self._due = None
                waiting = self._table.waiting_at(SeatRef(url, topic, seat))
                gone = self._neighbours.close(waiting) if waiting is not None else []
                return self._carried(gone, now)
            case signalling.SeatRefused():
                self._counters["seats refused"] += 1
                return []
            case _:
                assert_never(message)

    # --- links

    def change_link(self, input: LinkInput, now: float) -> list[ViewOutput]:
        """Something happened to one of our links."""
        if not isinstance(input, (FrameReceived, FramesDrained)):
            self._due = None
        if isinstance(input, OfferMade | AnswerMade):
            return self._carried(self._offers.on_made(input, now), now)
        return self._carried(self._neighbours.on_channel(input, now), now)

    def _carried(self, produced: Iterable[SeatOutput], now: float) -> list[ViewOutput]:
        """What happened among the neighbours, and what follows from it here."""
        outputs: list[ViewOutput] = []
        for output in frames_first(produced):
            match output:
                case SendBlob(at, blob):
                    outputs += self._pass(at, blob, now)
                case PeerIdentified(SeatRef(url, _, seat), node):
                    self.seat_links.seats.known.learn_owner(url, seat, node)
                case PeerIdentified():
                    pass
                case OfferReceived():
                    outputs += self._carried(self._on_offer(output, now), now)
                case Opened(neighbour):
                    self._opened(neighbour, now)
                    outputs.append(output)
                case Closed(neighbour, broken):
                    self._closed(neighbour, broken, now)
                    outputs.append(output)
                case AttemptFailed(neighbour, answered):
                    outputs += self._failed(neighbour, answered, now)
                case MessageReceived(link, walk.Walk() | walk.Ticket() | walk.Piece() as message):
                    self._due = None
                    outputs += self._carried(self._refill.receive_walk(link, message, now), now)
                case _:
                    outputs.append(output)
        return outputs

    def _on_offer(self, offer: OfferReceived, now: float) -> list[Output]:
        """Accept a link while there is a place for it; a guest makes room for a node that seeks us, or for
        a newcomer."""
        at_seat = isinstance(offer.at, SeatRef)
        outputs: list[Output] = []
        if not offer.sought and not offer.anew:
            if self._places.is_full(list(self._table)):
                evicted = self._places.to_evict(list(self._table), at_seat, now)
                outputs += self._neighbours.let_go(evicted, now)
            neighbours = list(self._table)
            if self._places.is_full(neighbours) or not (at_seat or self._places.has_place(neighbours)):
                return outputs + self._offers.decline_offer(offer.at, offer.blob, linked=False)
        return outputs + self._offers.accept_offer(offer, now)

    def _opened(self, neighbour: Neighbour, now: float) -> None:
        """A link is up."""
        self._due = None
        self._unreached.on_link(neighbour.node)
        self.seat_links.link_up(neighbour)
        self._refill.link_up(neighbour, now)

    def _closed(self, neighbour: Neighbour, broken: bool, now: float) -> None:
        """A link is down. If two links that we made broke at once, the mesh may have come apart. Others could
        break theirs to make us think so and look for links at a seat."""
        self._due = None
        self.seat_links.seats.on_link_down(now)
        self._refill.link_down(neighbour.id, now)
        if broken and (neighbour.ours or neighbour.sought):
            self.seat_links.seats.on_own_link_broken(now)

    def _failed(self, neighbour: Neighbour, answered: bool, now: float) -> list[ViewOutput]:
        """An attempt came to nothing."""
        self._due = None
        outputs: list[ViewOutput] = []
        if not answered:
            self._unreached.on_failure(neighbour, now)
        if isinstance(neighbour.at, SeatRef):
            self.seat_links.attempt_failed(neighbour.at, answered, now)
        else:
            responded = answered or neighbour.link is not None
            outputs += self._carried(self._refill.attempt_failed(neighbour.at, responded, now), now)
        if not self._table.counted_neighbours():
            self.seat_links.seats.on_no_links(now)
        return outputs

    def _checked(self, neighbour: Neighbour, now: float) -> list[ViewOutput]:
        """Checks lead nowhere so far: say so, and try a TURN server where there is one."""
        self._due = None
        if neighbour.is_unreached(now):
            self._unreached.on_failure(neighbour, now)
        if not self.relays or not neighbour.needs_relay(now) or not isinstance(neighbour.at, SeatRef):
            return []
        self._counters["second tries with a TURN server"] += 1
        return self._carried(self._offers.try_relay(neighbour, now), now)

    def _pass(self, at: Endpoint, blob: bytes, now: float) -> list[ViewOutput]:
        """Send a blob on its way."""
        if isinstance(at, SeatRef):
            return [Signal(at.url, Pass(at.topic, at.seat, blob))]
        return self._carried(self._refill.send_blob(at, blob, now), now)

    # --- the machine's own network

    def on_link_shaken(self, link: LinkId, now: float) -> list[ViewOutput]:
        """The address is gone from which a link was made: seek another, and end this one when that stands."""
        neighbour = self._table.get(link)
        if neighbour is None:
            return []
        self._due = None
        return self._carried(self._neighbours.stop_counting(neighbour), now)

    def network_changed(self, now: float) -> None:
        """What did not work may work now: ask soon."""
        self._due = None
        self.seat_links.seats.on_link_down(now)
        self._refill.seek_soon(now)
