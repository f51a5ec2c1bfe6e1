"""What is said to be in the way of a message depends on the mesh in which its recipient is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from p2pchat.control.parameters import NoParams
from p2pchat.core.membership.unreached import Unreached
from p2pchat.core.rendezvous.rendezvous import NO_ANSWER_YET
from p2pchat.core.values.records import Contact
from p2pchat.core.values.status import ClockStatus, LinkStatus, RendezvousStatus, Status
from p2pchat.daemon.contacts import ContactMethods
from p2pchat.daemon.hindrance import hindrance, why_not_yet
from p2pchat.daemon.needs import HasState
from p2pchat.daemon.own_network import NO_NETWORK, NO_ROUTE
from p2pchat.daemon.reach import NONE
from p2pchat.daemon.turn_servers import TurnServers
from p2pchat.types import LinkId, MeshId, NodeId
from p2pchat.wire.description import Nat
from tests.support.homes import BOB

OURS, THEIRS = MeshId(b"o" * 16), MeshId(b"t" * 16)
LOST = Unreached(NodeId(b"n" * 8), 99.0, Nat.CONE, Nat.CONE, relayed=False)
APART = Unreached(NodeId(b"n" * 8), 99.0, Nat.SYMMETRIC, Nat.SYMMETRIC, relayed=False)


def host(
    places: Sequence[RendezvousStatus] = (),
    clock: ClockStatus | None = None,
    apart: bool = True,
    contacts: Sequence[Contact] = (),
    offline: str = "",
    member: Unreached = APART,
    connecting: Sequence[MeshId] = (),
    turn: TurnServers = NONE,
) -> HasState:
    """A node with a link in our mesh, and with a member of theirs that no check reaches."""
    link = LinkStatus(LinkId(1), OURS, None, "up", 0.0, 0, 0)
    attempts = [LinkStatus(LinkId(2), mesh, None, "connecting", 0.0, 0, 0) for mesh in connecting]
    status = Status((link, *attempts), tuple(places), 1, clock=clock)

    def unreached(now: float, of: MeshId | None = None) -> tuple[Unreached, ...]:
        return (member,) if apart and of in (None, THEIRS) else ()

    node = SimpleNamespace(
        get_status=lambda: status,
        list_unreached=unreached,
        list_contacts=lambda: contacts,
        is_here=lambda id, now: None,
        heard_at=lambda id: None,
        over_quota=lambda id: False,
    )
    network = SimpleNamespace(problem=offline)
    clock_of_tests = SimpleNamespace(now=lambda: 100.0)
    made: Any = SimpleNamespace(node=node, clock=clock_of_tests, turn_servers=turn, network=network)
    return cast(HasState, made)


def test_a_link_of_another_mesh_does_not_hide_that_there_is_no_way() -> None:
    assert "symmetric NAT" in hindrance(host(), THEIRS)
    assert "symmetric NAT" in why_not_yet(host(), THEIRS)


@pytest.mark.parametrize("mesh", [OURS, None])
def test_where_a_link_may_carry_the_message_nothing_is_in_the_way_for_certain(
    mesh: MeshId | None,
) -> None:
    assert hindrance(host(), mesh) == ""
    assert why_not_yet(host(), mesh) == "no receipt came back yet"


@pytest.mark.parametrize("mesh", [OURS, THEIRS, None])
def test_without_a_network_that_is_the_reason_though_links_still_count_as_up(mesh: MeshId | None) -> None:
    node = host([DOWN], CLOCK, offline=NO_NETWORK)
    assert hindrance(node, mesh) == why_not_yet(node, mesh) == NO_NETWORK


def test_a_lost_route_is_the_reason_only_where_no_link_is_up() -> None:
    node = host(offline=NO_ROUTE)
    assert hindrance(node, THEIRS) == why_not_yet(node, THEIRS) == NO_ROUTE
    assert NO_ROUTE not in (hindrance(node, OURS), why_not_yet(node, OURS))


DOWN = RendezvousStatus("ws://a:1", False, "nothing listens there")
ASKED = RendezvousStatus("ws://b:1", None, "")
SILENT = RendezvousStatus("ws://c:1", None, NO_ANSWER_YET)
UP = RendezvousStatus("ws://b:1", True, "")
FULL = RendezvousStatus("ws://d:1", True, "it is full; try again later")
CLOCK = ClockStatus(7200.0, "ws://a:1")
DOUBT = "this machine's clock is 2 hours ahead of that of ws://a:1"
NOBODY = "no rendezvous could be reached, ws://a:1: nothing listens there"


@pytest.mark.parametrize(
    ("so", "said"),
    [
        ({"places": [DOWN], "clock": CLOCK}, "no way between your two networks"),
        ({"places": [DOWN], "member": LOST}, NOBODY),
        (
            {"places": [ASKED], "member": LOST},
            "no way between your two networks: nothing that is sent arrives",
        ),
        ({"places": [DOWN], "clock": CLOCK, "apart": False}, NOBODY),
        ({"places": [DOWN, ASKED], "clock": CLOCK, "apart": False}, DOUBT),
        ({"places": [DOWN, ASKED], "apart": False}, ""),
        ({"places": [FULL], "apart": False}, "no rendezvous helps, ws://d:1: it is full; try again later"),
        ({"places": [SILENT], "apart": False}, "no rendezvous has answered yet: ws://c:1"),
        ({"places": [], "apart": False}, ""),
    ],
)
def test_the_nearest_that_is_certain_is_said(so: dict[str, Any], said: str) -> None:
    found = hindrance(host(**so), THEIRS)
    assert found.startswith(said) and bool(found) is bool(said)


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([DOWN], NOBODY),
        ([DOWN, ASKED], "no rendezvous has answered yet"),
        ([FULL, ASKED], "no rendezvous gives a seat"),
        ([], "no rendezvous is known"),
        ([DOWN, RendezvousStatus("ws://b:1", True, "")], "no other member of the mesh is online"),
    ],
)
def test_that_no_member_is_online_is_said_only_where_a_rendezvous_has_answered(
    places: list[RendezvousStatus], said: str
) -> None:
    assert why_not_yet(host(places, apart=False), THEIRS) == said


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        (TurnServers(own_refuses=True, barred=True), "your TURN server refuses its user or password, and"),
        (TurnServers(own_silent="a:1", barred=True), "your TURN server a:1 does not answer, and relay-only"),
    ],
)
@pytest.mark.parametrize("connecting", [[THEIRS], []])
def test_where_links_go_through_a_relay_alone_its_fault_is_the_reason(
    turn: TurnServers, said: str, connecting: list[MeshId]
) -> None:
    node = host([UP], apart=False, turn=turn, connecting=connecting)
    assert hindrance(node, THEIRS).startswith(said) and why_not_yet(node, THEIRS).startswith(said)
    assert hindrance(node, OURS) == "", "a link is up there"


def test_a_silent_turn_server_of_a_rendezvous_is_told_while_a_link_is_being_made() -> None:
    turn = TurnServers(hinted=True, hinted_silent="192.0.2.9:3478")
    node = host([UP], apart=False, turn=turn, connecting=[THEIRS])
    said = "the TURN server that the rendezvous names, 192.0.2.9:3478, does not answer; tell its operator"
    assert said in hindrance(node, THEIRS) and said in why_not_yet(node, THEIRS)
    assert hindrance(host([UP], apart=False, turn=turn), THEIRS) == ""


def test_nobody_is_said_to_be_away_while_a_link_to_somebody_is_being_made() -> None:
    node = host([UP], apart=False, connecting=[THEIRS])
    assert why_not_yet(node, THEIRS) == "a link to another member of the mesh is still being made"
    elsewhere = host([UP], apart=False, connecting=[OURS])
    assert why_not_yet(elsewhere, THEIRS) == "no other member of the mesh is online"


async def test_each_contact_is_told_with_what_is_in_the_way_of_its_own_mesh() -> None:
    contacts = [replace(BOB, name=name, mesh=mesh) for name, mesh in (("ana", OURS), ("bob", THEIRS))]
    node = host(contacts=contacts)
    told = await ContactMethods(cast(Any, node)).list(NoParams(), cast(Any, None))
    assert [each.name for each in told if each.hindrance] == ["bob"]
