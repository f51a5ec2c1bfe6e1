"""What is missing is sought by walks, a few at a time; what there is is swapped now and then."""

from __future__ import annotations

from collections.abc import Iterable

from p2pchat.core.membership.outputs import Output, Sought, Unsought
from p2pchat.core.membership.places import LinkSlots
from p2pchat.core.membership.refill import BEYOND_FOR_S, BEYOND_S, MAP_S, SWAP_S, WALKS_ALONE_S, Refill
from p2pchat.core.membership.walk import TICKET_S
from p2pchat.core.values.effects import MakeOffer, SendFrame
from p2pchat.core.values.settings import Settings
from p2pchat.crypto.exchange import public_point
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId, LinkId
from p2pchat.wire.walk import Piece, Walk
from tests.support.sides import Side, linked
from tests.support.surroundings import FAR, NEAR, OWN, Around, Place

WALK = Walk(b"w" * 8, public_point(b"k" * 32), (OWN,))


class Scene:
    """A node with one link; its map shows one node beyond that."""

    def __init__(self, around: Around, settings: Settings | None = None) -> None:
        self.ana, self.bob = Side("ana"), Side("bob")
        self.theirs, _ = linked(self.ana, self.bob)
        settings, entropy = settings or Settings(), SeededEntropy("refill")
        places = LinkSlots(settings, entropy, around)
        parts = self.ana.table, places, self.ana.neighbours, self.ana.links
        self.refill = Refill(settings, entropy, self.ana.counters, around, *parts)

    def due(self, missing: int, linked: bool = True) -> float:
        return min(self.refill.list_deadlines(linked, missing))


def kinds(outputs: Iterable[Output]) -> set[type]:
    return {type(each) for each in outputs}


def test_without_a_map_no_node_is_drawn_and_the_next_look_is_soon() -> None:
    scene = Scene(Around())
    assert scene.refill.seek_missing(True, 3, 10.0) == []
    assert scene.due(3) == 10.0 + MAP_S


def test_without_a_link_there_is_nothing_to_walk_over_and_after_a_while_no_help() -> None:
    scene = Scene(Around(Place()))
    assert not scene.refill.is_helpless(10.0)
    assert scene.refill.seek_missing(False, 3, 10.0) == []
    assert not scene.refill.is_helpless(10.0)
    assert scene.refill.is_helpless(10.0 + WALKS_ALONE_S) and scene.refill.alone_at == 10.0 + WALKS_ALONE_S
    scene.refill.note_full()
    assert not scene.refill.is_helpless(10.0 + WALKS_ALONE_S)


def test_the_end_of_a_walk_is_asked_or_counts_as_sought_if_it_is_a_neighbour() -> None:
    scene = Scene(Around(Place()))
    outputs = scene.refill.seek_missing(True, 3, 10.0)
    assert kinds(outputs) <= {SendFrame, Sought} and outputs
    assert scene.due(3) > 10.0, "the next is drawn later"


def test_a_silent_node_is_asked_again_and_then_given_up() -> None:
    scene = Scene(Around(Place(links={OWN: [NEAR], NEAR: [OWN, FAR, FAR], FAR: [NEAR]})))
    scene.theirs.sought = True
    asked, now = scene.refill.seek_missing(True, 1, 10.0), 10.0
    assert kinds(asked) == {SendFrame}
    while scene.ana.counters["walks given up"] == 0:
        now += TICKET_S
        asked += scene.refill.ask_others(now)
    assert 1 < len(asked) < 8


def test_a_swap_is_drawn_once_in_hours_and_never_at_the_first_look() -> None:
    scene = Scene(Around(Place()))
    assert scene.refill.swap_links(10.0) == [] == scene.refill.swap_links(10.0)
    assert scene.refill.swap_links(10.0 + 100 * SWAP_S)


def test_a_node_that_takes_no_walks_draws_none_and_has_no_room_for_one() -> None:
    scene = Scene(Around(Place()), Settings(walks=False))
    scene.refill.swap_links(10.0)
    assert scene.refill.swap_links(10.0 + 100 * SWAP_S) == [] == scene.refill.renew_links(10.0)
    assert kinds(scene.refill.receive_walk(LinkId(1), WALK, 10.0)) == {SendFrame}, "a ticket that says so"


def test_a_small_mesh_has_no_other_node_to_draw() -> None:
    scene = Scene(Around(Place()))
    assert scene.refill.renew_links(10.0) == [], "it may grow still"
    assert scene.refill.renew_links(100.0) == []


def test_in_a_mesh_that_has_grown_what_was_drawn_among_few_is_drawn_anew() -> None:
    many = {HopId(bytes([number]) * 8): [NEAR] for number in range(100)}
    scene = Scene(Around(Place(links={OWN: [NEAR], NEAR: [OWN, *many], **many})), Settings(links_wanted=1))
    scene.theirs.sought, scene.theirs.among = True, 2
    assert scene.refill.renew_links(10.0) == []
    assert scene.refill.renew_links(100.0) == [Unsought(scene.theirs)]
    assert not scene.theirs.sought
    assert scene.ana.counters["links drawn anew"] == 1


def test_behind_a_greeter_never_reached_before_another_piece_is_sought() -> None:
    scene = Scene(Around(Place()))
    scene.theirs.swap = True
    assert scene.refill.look_beyond(True, 10.0) == []
    scene.refill.link_up(scene.theirs, 10.0)
    assert scene.due(1, linked=False) == 10.0
    assert scene.refill.look_beyond(False, 10.0) == [] == scene.refill.look_beyond(True, 10.1)
    assert scene.refill.look_beyond(True, 10.0 + BEYOND_S)
    assert scene.refill.look_beyond(True, 10.0 + BEYOND_FOR_S) == [], "once is enough"


def test_what_leads_nowhere_is_not_looked_at_for_ever() -> None:
    scene = Scene(Around())
    scene.theirs.swap = True
    scene.refill.link_up(scene.theirs, 10.0)
    assert scene.refill.look_beyond(True, 10.0 + BEYOND_FOR_S) == []
    scene.refill.link_down(scene.theirs.id, 10.0)
    assert scene.refill.look_beyond(True, 99.0) == []


def test_a_walk_that_ends_here_is_answered_and_what_follows_is_an_offer_or_nothing() -> None:
    scene = Scene(Around(Place()))
    assert kinds(scene.refill.receive_walk(LinkId(1), WALK, 10.0)) == {SendFrame}
    half = bytes(1024)
    assert scene.refill.receive_walk(LinkId(1), Piece(WALK.id, 0, half), 10.0) == []
    assert scene.refill.receive_walk(LinkId(1), Piece(WALK.id, 1, half), 10.0) == []
    assert scene.ana.counters["input refused: unreadable"] == 1


def test_what_an_offer_over_a_walk_makes_is_a_frame_and_never_a_second_one() -> None:
    scene = Scene(Around(Place()))
    assert MakeOffer not in kinds(scene.refill.seek_missing(True, 1, 10.0)), "not before there is a ticket"
