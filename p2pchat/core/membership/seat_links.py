"""Links with nodes that are met at a rendezvous: where a node sits, and which nodes it offers one there.

Knows: which rendezvous a mesh is met at, and how many offers are made to nodes there. Does not know:
sockets, how seats are taken (``seats``), how an offer becomes a link (``offers``). Parent of ``seats`` and
``listeners``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from p2pchat.core.membership.link_table import LinkTable
from p2pchat.core.membership.listeners import Listeners
from p2pchat.core.membership.neighbour import Neighbour, SeatRef
from p2pchat.core.membership.offers import Offers
from p2pchat.core.membership.outputs import Output
from p2pchat.core.membership.places import LinkSlots
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, TakeSeat
from p2pchat.core.rendezvous.seats import Seats
from p2pchat.core.values.effects import Effect
from p2pchat.core.values.records import MeshRecord
from p2pchat.core.values.settings import Settings
from p2pchat.ports import Entropy, sample
from p2pchat.types import LinkId, NodeId
from p2pchat.wire.signalling import Seated

SEAT_LINKS = 2
"""Links made through a rendezvous to begin with; those that count are sought by walks from these, so that
the mesh does not become a star of the few nodes there, or of those that a hostile rendezvous shows."""

SeatOutput = Output | Effect | TakeSeat | LeaveSeat


class SeatLinks:
    """Each method returns what follows."""

    def __init__(
        self,
        record: MeshRecord,
        node: NodeId,
        settings: Settings,
        entropy: Entropy,
        listeners: Iterable[str],
        table: LinkTable,
        places: LinkSlots,
        offers: Offers,
    ) -> None:
        self.record = record
        self.listeners = Listeners(listeners if settings.visits else ())
        self.seats = Seats(record.secret, record.rendezvous, entropy)
        self._nearby: tuple[str, ...] = ()
        self._node = node
        self._settings = settings
        self._entropy = entropy
        self._table = table
        self._places = places
        self._offers = offers

    def list_deadlines(self, linked: bool) -> Iterator[float]:
        """When something is next due here."""
        yield self.seats.next_wakeup
        if self.seats.sitting:
            yield self.seats.ask_at
        yield self.listeners.visit_at(linked)

    # --- where the mesh is met

    def meet_at(self, record: MeshRecord, now: float) -> list[SeatOutput]:
        """The record has new places where the mesh is met."""
        self.record = record
        return [*self.seats.set_servers(record.rendezvous, now)]

    def meet_nearby(self, urls: Sequence[str]) -> list[SeatOutput]:
        """Meet others on this machine's own network at these places only."""
        self._nearby = tuple(urls)
        return self._take_outside_seats()

    def remember_listener(self, link: LinkId, port: int) -> bool:
        """A neighbour listens at a port of its address. Return whether that may matter."""
        neighbour = self._table.get(link)
        if neighbour is None or not self._settings.visits:
            return False
        self.listeners.add_listener(neighbour.address, port)
        return True

    def visit_listeners(self, linked: bool, now: float) -> list[SeatOutput]:
        """Look where members were seen to listen, while there is no link."""
        return self._take_outside_seats() if self.listeners.plan_visits(linked, now) else []

    def _take_outside_seats(self) -> list[SeatOutput]:
        """Take seats where no rendezvous of the mesh's record is needed."""
        visited = [url for url in self.listeners.visited if url not in self.record.rendezvous]
        return [*self.seats.set_nearby(tuple(dict.fromkeys((*self._nearby, *visited))))]

    # --- seats there

    def on_seated(self, url: str, seated: Seated, helpless: bool, now: float) -> list[SeatOutput]:
        """We hold a seat and see some others: offer links where we need them, leave if we are not needed. A
        server that has not noticed that we are gone from our own last seat shows us that, too."""
        topic = seated.topic
        self.seats.known.learn_owner(url, seated.seat, self._node)
        self.seats.on_seat_taken(url, topic, len(seated.others))
        seats = [SeatRef(url, topic, other) for other in seated.others]
        waiting = [self._table.waiting_at(seat) for seat in seats]
        outputs: list[SeatOutput] = [
            output
            for pending in waiting
            if pending is not None
            for output in self._offers.repeat_offer(pending)
        ]
        missing = self._places.count_missing(list(self._table))
        strangers = [seat for seat in seats if self._is_stranger(seat, now)]
        if missing > 0:
            count = min(missing, self._count_offers(helpless))
        elif self.seats.should_release_seats():
            return [*outputs, *self.seats.release_seats(now)]
        else:
            strangers = [seat for seat in strangers if not self.seats.known.is_reached(url, seat.seat)]
            count = int(self.seats.should_probe_other(now))
        sought = not self._settings.walks
        for seat in sample(self._entropy, strangers, max(0, count)):
            outputs += self._offers.offer_link(seat, now, sought, swap=missing <= 0)
        return outputs

    def link_up(self, neighbour: Neighbour) -> None:
        """A link is up."""
        self.seats.on_link_up()
        if isinstance(neighbour.at, SeatRef):
            self.seats.known.mark_reached(neighbour.at.url, neighbour.at.seat)
            self.seats.count_success()

    def attempt_failed(self, at: SeatRef, answered: bool, now: float) -> None:
        """An attempt there came to nothing."""
        if answered:
            self.seats.known.mark_reached(at.url, at.seat)
        self.seats.on_attempt_failed(at.url, at.seat, now, declined=answered)

    def _count_offers(self, helpless: bool) -> int:
        """How many offers to make to nodes here: few, and one more where walks do not help."""
        if not self._settings.walks:
            return self._settings.links_wanted
        standing = sum(not neighbour.faded for neighbour in self._table)
        few = max(SEAT_LINKS - standing, int(helpless))
        return min(few, self._settings.links_wanted + SEAT_LINKS - self._places.count_own(list(self._table)))

    def _is_stranger(self, at: SeatRef, now: float) -> bool:
        """Whether an offer may be made there. A node without any link avoids no seat: there may be no
        other."""
        if self._table.counted_neighbours() and self.seats.is_avoided(at.url, at.seat, now):
            return False
        node = self.seats.known.owner_of(at.url, at.seat)
        tried = any(neighbour.at == at and not neighbour.faded for neighbour in self._table)
        return not tried and node != self._node and (node is None or not self._table.knows_node(node))
