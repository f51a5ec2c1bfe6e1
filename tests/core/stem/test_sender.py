"""A cell of ours leaves with its stem, or waits: for a link, for room, for the clock."""

from __future__ import annotations

import pytest

from p2pchat.core.stem.guards import GUARD_S
from p2pchat.core.stem.outputs import CellDispatched, CellQueued, Relay
from p2pchat.core.stem.sender import Sender
from p2pchat.core.values.profile import BALANCED, FAST, STRONG, Profile
from p2pchat.core.values.user_inputs import Haste
from p2pchat.crypto.kdf import cell_id
from p2pchat.types import LinkId
from p2pchat.wire.cell import tag_of
from p2pchat.wire.geometry import GEOMETRY
from tests.support.stems import Wired, cell

CELL = bytes(GEOMETRY.cell)
QUEUED, DISPATCHED = CellQueued(cell_id(CELL)), CellDispatched(tag_of(CELL))


def settled(profile: Profile = FAST) -> tuple[Wired, Sender]:
    mesh = Wired("ab bc ac", profile)
    mesh.run(5.0)
    return mesh, mesh.stems["a"].sender


def test_a_cell_leaves_as_an_onion_of_its_own() -> None:
    mesh, sender = settled()
    queued, relay, dispatched = sender.submit_cell(CELL, mesh.now, Haste.SOON)
    assert (queued, dispatched) == (QUEUED, DISPATCHED)
    assert isinstance(relay, Relay) and relay.source is None and relay.parent == cell_id(CELL)


def test_without_a_link_it_waits_and_nothing_is_due_for_it_alone() -> None:
    mesh = Wired("bc")
    mesh.add("a")
    sender = mesh.stems["a"].sender
    assert sender.submit_cell(CELL, mesh.now, Haste.SOON) == [QUEUED]
    assert sender.begins_at is not None
    assert sender.go_on(mesh.now) == []


def test_while_the_first_link_is_full_it_waits() -> None:
    mesh, sender = settled()
    space = [0]
    sender.own_space = lambda link: space[0]
    assert sender.submit_cell(CELL, mesh.now, Haste.SOON) == [QUEUED]
    space[0] = 1
    assert sender.go_on(mesh.now)[1:] == [DISPATCHED]
    assert sender.go_on(mesh.now) == []


def test_on_the_clock_a_cell_takes_the_place_of_cover() -> None:
    mesh, sender = settled(STRONG)
    assert sender.submit_cell(CELL, mesh.now, Haste.SOON) == [QUEUED]
    ticks = [sender.on_tick(mesh.now) for _ in range(200)]
    assert sum(DISPATCHED in tick for tick in ticks) == 1
    assert all(sum(isinstance(each, Relay) for each in tick) <= 1 for tick in ticks)
    sender.own_space = lambda link: 0
    assert sender.on_tick(mesh.now) == [], "what finds no room is left out"


def test_what_is_patient_waits_for_cover_where_there_is_some() -> None:
    mesh, sender = settled(BALANCED)
    assert sender.submit_cell(CELL, mesh.now, Haste.PATIENT) == [QUEUED]
    sent = [each for _ in range(200) for each in (*sender.on_tick(mesh.now), *sender.go_on(mesh.now))]
    assert DISPATCHED in sent


def test_what_is_patient_is_not_hurried_while_a_stem_is_about_to_be_there() -> None:
    mesh = Wired("bc cd de", BALANCED)
    mesh.add("a", BALANCED)
    mesh.link("a", "b")
    sender = mesh.stems["a"].sender
    assert sender._guards.pick_stem(mesh.now) is None
    assert sender.submit_cell(CELL, mesh.now, Haste.PATIENT) == [QUEUED]
    assert sender.send_waiting(mesh.now) == sender.on_tick(mesh.now) == []
    later = mesh.now + GUARD_S
    assert DISPATCHED not in sender.send_waiting(later)
    ticks = [each for _ in range(200) for each in (*sender.on_tick(later), *sender.go_on(later))]
    assert DISPATCHED in ticks, "it leaves with cover"


def test_where_no_stem_can_be_what_is_patient_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh, sender = settled(BALANCED)
    monkeypatch.setattr(sender._guards, "pick_stem", lambda now: None)
    for _ in range(2):
        assert sender.submit_cell(CELL, mesh.now, Haste.PATIENT) == [QUEUED]
    assert [sender.on_tick(mesh.now) for _ in range(3)] == [[], [], []]


def test_a_node_that_stops_sends_all_that_waits() -> None:
    mesh, sender = settled(BALANCED)
    sender.submit_cell(CELL, mesh.now, Haste.PATIENT)
    assert DISPATCHED in sender.send_all(mesh.now)


def test_a_tick_without_a_stem_sends_nothing() -> None:
    mesh, sender = settled(BALANCED)
    for name in "bc":
        mesh.stems["a"].link_down(LinkId(ord(name)), mesh.now)
    assert sender.on_tick(mesh.now) == []


@pytest.mark.parametrize("profile", [FAST, BALANCED, STRONG])
def test_without_an_identified_neighbour_nothing_leaves_until_there_is_one(profile: Profile) -> None:
    mesh = Wired("bc cd bd")
    mesh.add("a", profile)
    for silent in "xy":
        mesh.add(silent)
        mesh.stems["a"].link_up(LinkId(ord(silent)), bytes(32), mesh.now)
    mesh.submit("a", cell(1))
    mesh.run(60.0)
    assert mesh.entered == [] and mesh.left == [] and mesh.status("a").hops == 0
    mesh.link("a", "b")
    mesh.run(60.0)
    assert [body for _, body in mesh.entered] == [cell(1)]
    assert "a" not in [name for name, _ in mesh.entered]


def test_a_node_that_stops_without_an_identified_neighbour_broadcasts_no_own_cell() -> None:
    mesh = Wired("bc")
    for name in "ax":
        mesh.add(name)
    mesh.stems["a"].link_up(LinkId(ord("x")), bytes(32), mesh.now)
    mesh.submit("a", cell(1))
    mesh.run(20.0)
    mesh.leave("a")
    assert mesh.entered == [] and mesh.left == []
