"""Few links are made at a rendezvous, and no second one with a neighbour."""

from __future__ import annotations

from p2pchat.core.membership.neighbour import SeatRef
from p2pchat.core.membership.outputs import SendBlob
from p2pchat.core.membership.places import LinkSlots
from p2pchat.core.membership.seat_links import SEAT_LINKS, SeatLinks
from p2pchat.core.rendezvous.rendezvous import TakeSeat
from p2pchat.core.values.effects import MakeOffer
from p2pchat.core.values.records import MeshRecord
from p2pchat.core.values.settings import Settings
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId, MeshId, Seat
from p2pchat.wire.signalling import Seated
from tests.support.sides import Side, linked
from tests.support.surroundings import Around

URL, OTHER = "ws://meet.example", "ws://other.example"
RECORD = MeshRecord(MeshId(bytes(16)), bytes(32), (URL,), 0.0)
OTHERS = tuple(Seat(bytes([number]) * 8) for number in range(1, 7))
OWN = Seat(bytes(8))
NOW = 1_000_000.0


class Scene:
    """A node without links that has sat down."""

    def __init__(self, settings: Settings | None = None) -> None:
        settings, entropy = settings or Settings(), SeededEntropy("seat links")
        self.ana = Side("ana")
        places = LinkSlots(settings, entropy, Around())
        parts = self.ana.table, places, self.ana.links
        self.seat_links = SeatLinks(RECORD, self.ana.node, settings, entropy, (), *parts)
        taken = self.seat_links.seats.follow_epochs(NOW) + self.seat_links.seats.take_seats(NOW)
        (self.topic, *_) = [each.topic for each in taken if isinstance(each, TakeSeat)]

    def seated(self, *others: Seat, helpless: bool = False) -> list[type]:
        seated = Seated(self.topic, OWN, others)
        return [type(each) for each in self.seat_links.on_seated(URL, seated, helpless, NOW)]


def test_a_few_of_the_seats_there_are_offered_a_link() -> None:
    assert Scene().seated(*OTHERS) == [MakeOffer] * SEAT_LINKS


def test_where_walks_do_not_help_it_is_one_more() -> None:
    scene = Scene()
    scene.seated(*OTHERS)
    assert scene.seated(*OTHERS) == []
    assert scene.seated(*OTHERS, helpless=True) == [MakeOffer]


def test_a_node_that_takes_no_walks_makes_all_its_links_there() -> None:
    scene = Scene(Settings(walks=False, links_wanted=4))
    assert scene.seated(*OTHERS) == [MakeOffer] * 4


def test_our_own_last_seat_does_not_count() -> None:
    assert Scene().seated(OWN) == []


def test_a_known_neighbour_is_not_offered_another_link() -> None:
    scene, bob = Scene(), Side("bob", first=50)
    linked(scene.ana, bob)
    scene.seat_links.seats.known.learn_owner(URL, OTHERS[0], bob.node)
    assert scene.seated(OTHERS[0]) == []


def test_an_offer_that_waits_there_is_sent_once_more() -> None:
    scene = Scene()
    scene.ana.offers(NOW, at=SeatRef(URL, scene.topic, OTHERS[0]))
    assert SendBlob in scene.seated(OTHERS[0])


def test_where_members_listen_is_looked_at_without_a_link_and_places_nearby_always() -> None:
    scene, bob = Scene(Settings(visits=True)), Side("bob", first=50)
    (link,) = [neighbour.id for neighbour in linked(scene.ana, bob)[:1]]
    scene.ana.table[link].address = "93.184.216.34"
    assert not scene.seat_links.remember_listener(LinkId(99), 8750)
    assert scene.seat_links.remember_listener(link, 8750)
    assert scene.seat_links.listeners.urls
    assert scene.seat_links.visit_listeners(True, NOW) == []
    assert scene.seat_links.visit_listeners(False, NOW) == []
    assert scene.seat_links.visit_listeners(False, NOW + 3600.0), "a seat there"
    assert scene.seat_links.meet_nearby([OTHER])


def test_a_record_that_names_another_rendezvous_moves_the_seats() -> None:
    scene = Scene()
    scene.seat_links.meet_at(RECORD.with_rendezvous((OTHER,), theirs=False), NOW)
    assert OTHER in scene.seat_links.record.rendezvous
    assert min(scene.seat_links.list_deadlines(linked=False)) < NOW + 86_400.0
