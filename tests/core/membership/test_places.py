"""What a node sought is its own, what it accepts is bounded, and only guests lose their places."""

from __future__ import annotations

from itertools import count

import pytest

from p2pchat.core.link.link import Link
from p2pchat.core.membership.growth import Growth
from p2pchat.core.membership.neighbour import YOUNG_S, Endpoint, Neighbour, SeatRef, Standing
from p2pchat.core.membership.places import EVICT_GAP_S, SHED_S, LinkSlots
from p2pchat.core.membership.walk import WalkRef
from p2pchat.core.values.settings import GUESTS, RENDEZVOUS_LINKS, Settings
from p2pchat.crypto.sealing import LinkKeys
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId, NodeId, Seat, Topic
from p2pchat.wire.description import Description
from p2pchat.wire.offer import Offer
from p2pchat.wire.topology import LINKS_MAX

OFFER = Offer(
    NodeId(b"n" * 8), bytes(32), bytes(1184), Description("actpass", "ufragufrag", "p" * 22, bytes(32), ())
)
SEAT, WALK = SeatRef("ws://a", Topic(bytes(32)), Seat(bytes(8))), WalkRef(LinkId(1), bytes(8), bytes(32))
LONG = 1000.0
NUMBERS = count(1)
WANTED, MOST = Settings().links_wanted, Settings().links_max


def up(standing: Standing, opened: float = 0.0, swap: bool = False) -> Neighbour:
    """A link that has been up since then."""
    ours = standing in (Standing.SOUGHT, Standing.INTRODUCED)
    at: Endpoint = WALK if standing in (Standing.SOUGHT, Standing.ACCEPTED) else SEAT
    neighbour = Neighbour(LinkId(next(NUMBERS)), at, opened, offer=None if ours else OFFER, swap=swap)
    neighbour.sought = standing is Standing.SOUGHT
    neighbour.link = Link(LinkKeys.from_secrets(bytes(32), bytes(64), b"", b""), "offerer")
    neighbour.link.opened_at, neighbour.link.confirmed = opened, True
    assert neighbour.standing is standing
    return neighbour


def several(number: int, standing: Standing, opened: float = 0.0) -> list[Neighbour]:
    return [up(standing, opened) for _ in range(number)]


class Idle:
    """A mesh that would miss no link; a stem begins at one."""

    def __init__(self, first: int, contact: int) -> None:
        self._first, self._contact = first, contact
        self.needed: list[LinkId] = []

    def is_idle(self, link: LinkId) -> bool:
        return True

    def is_stem_start(self, link: LinkId) -> bool:
        return link == self._first

    def is_needed(self, link: LinkId, now: float) -> bool:
        return link in self.needed

    def leads_to_contact(self, link: LinkId) -> bool:
        return link == self._contact


def places(first: int = 0, contact: int = 0) -> LinkSlots:
    return LinkSlots(Settings(), SeededEntropy("places"), Idle(first, contact))


def shed(places: LinkSlots, neighbours: list[Neighbour], seconds: float = 100 * SHED_S) -> list[Neighbour]:
    """The links that it ends over time."""
    gone: list[Neighbour] = []
    for step in range(int(seconds)):
        gone += places.to_shed([each for each in neighbours if each not in gone], LONG + step)
    return gone


def test_links_that_others_made_are_none_of_those_that_a_node_seeks() -> None:
    for standing in (Standing.INTRODUCED, Standing.ACCEPTED, Standing.GUEST):
        assert places().count_missing(several(MOST, standing)) == WANTED
    assert places().count_missing(several(WANTED, Standing.SOUGHT)) == 0


def test_walks_end_here_up_to_a_bound_and_never_instead_of_others() -> None:
    full = several(WANTED, Standing.SOUGHT) + several(MOST, Standing.ACCEPTED)
    assert places().has_place(full[:-1]) and not places().has_place(full)
    assert places().to_evict(full, at_seat=False, now=LONG) == []
    assert places().to_evict(full, at_seat=True, now=LONG) == []


def test_guests_do_not_keep_walks_out_nor_walks_guests() -> None:
    assert places().has_place(several(MOST, Standing.GUEST))
    assert not places().is_full(several(MOST, Standing.ACCEPTED)), "there is a place for a newcomer"
    assert places().is_full(several(MOST, Standing.ACCEPTED) + several(GUESTS, Standing.GUEST))


def test_a_guest_makes_room_but_not_a_young_one_and_at_seats_not_often() -> None:
    mixed = several(MOST, Standing.ACCEPTED) + several(1, Standing.GUEST)
    mine = places()
    assert mine.to_evict(mixed, True, YOUNG_S / 2) == []
    assert mine.to_evict(mixed, True, LONG) == mixed[-1:]
    assert mine.to_evict(mixed, True, LONG + EVICT_GAP_S / 2) == []
    assert mine.to_evict(mixed, True, LONG + EVICT_GAP_S) == mixed[-1:]


def test_no_node_has_more_links_than_its_record_can_list() -> None:
    crowded = several(LINKS_MAX, Standing.INTRODUCED)
    assert not places().has_place(crowded) and places().is_full(crowded)


def test_nodes_that_a_rendezvous_showed_go_when_walks_have_found_enough() -> None:
    met = several(2, Standing.INTRODUCED)
    assert shed(places(), met) == [], "as long as there is no other"
    assert shed(places(), [*met, *several(WANTED - 1, Standing.SOUGHT)]) == []
    assert set(map(id, shed(places(), [*met, *several(WANTED, Standing.SOUGHT)]))) == set(map(id, met))


def test_what_may_hold_two_halves_together_stays_up_to_a_number() -> None:
    bridges = [up(Standing.INTRODUCED, swap=True) for _ in range(RENDEZVOUS_LINKS + 1)]
    assert shed(places(), [*bridges, *several(WANTED, Standing.SOUGHT)]) == bridges[:1]


@pytest.mark.parametrize("seed", range(3))
def test_of_too_many_that_it_sought_a_node_chooses_which_goes_and_keeps_where_its_stem_begins(
    seed: int,
) -> None:
    sought = several(WANTED + 2, Standing.SOUGHT)
    others = several(MOST, Standing.ACCEPTED) + several(1, Standing.GUEST)
    gone = shed(places(first=sought[seed].id), [*others, *sought])
    assert len(gone) == 2 and all(each in sought for each in gone)
    assert sought[seed] not in gone


# --- what was drawn among few


def grown(crowd: int) -> Growth:
    """A mesh of so many that has done with growing."""
    growth = Growth(SeededEntropy("growth"))
    growth.note_size(crowd, 0.0)
    assert growth.note_size(crowd, LONG)
    return growth


def drawn(*among: int) -> list[Neighbour]:
    links = several(len(among), Standing.SOUGHT)
    for link, number in zip(links, among, strict=True):
        link.among = number
    return links


def test_links_drawn_among_few_are_drawn_anew_and_that_of_the_first_hop_last() -> None:
    first, early, late = drawn(3, 4, 20)
    choose, growth = places(first=first.id), grown(20)
    assert choose.to_renew([first, early, late], growth, LONG) == [early]
    early.among = 20
    assert choose.to_renew([first, early, late], growth, LONG) == [first]
    first.among = 20
    assert choose.to_renew([first, early, late], growth, LONG) == []


def test_none_is_drawn_anew_while_one_is_missing() -> None:
    assert places().to_renew(drawn(3, 3), grown(20), LONG) == []


def test_a_link_to_a_contact_is_kept_however_few_there_were() -> None:
    contact, *others = drawn(3, 20, 20)
    assert places(contact=contact.id).to_renew([contact, *others], grown(20), LONG) == []


def test_what_is_drawn_anew_goes_only_when_its_other_end_has_other_links() -> None:
    was_sought, met = up(Standing.INTRODUCED), up(Standing.INTRODUCED)
    was_sought.among = 5
    use = Idle(0, 0)
    use.needed = [was_sought.id, met.id]
    neighbours = [*several(3, Standing.SOUGHT), was_sought, met]
    assert shed(LinkSlots(Settings(), SeededEntropy("places"), use), neighbours) == [met]
    use.needed = []
    assert was_sought in shed(LinkSlots(Settings(), SeededEntropy("places"), use), neighbours)
