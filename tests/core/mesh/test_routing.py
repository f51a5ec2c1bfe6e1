"""What one machine of a node wants done is another's input; input that no longer concerns any part has no
effect."""

from __future__ import annotations

import pytest

from p2pchat.core.mesh.outputs import CellMoved, NeighbourChanged
from p2pchat.core.mesh.routing import Routing
from p2pchat.core.values import effects, inputs, user_inputs
from p2pchat.core.values.effects import Notify
from p2pchat.core.values.user_inputs import CellFate, Haste
from p2pchat.types import LinkId, MeshId
from tests.core.messaging.test_messages import friends
from tests.support.world import World

GONE = MeshId(b"not ours any mor")


@pytest.fixture
def world() -> World:
    return friends("alice", "bob")


def routing(world: World) -> Routing:
    return world.machines["alice"].running._routing


def test_a_cell_a_link_and_a_fetch_of_a_mesh_that_was_left_are_nothing(world: World) -> None:
    alice = routing(world)
    assert alice.submit_cell(user_inputs.CellSubmitted(GONE, b"", Haste.SOON), world.now) == []
    assert alice.take_fetched(inputs.CellsFetched(GONE, (), ()), world.now) == []
    assert alice.change_link(inputs.LinkDown(LinkId(999), "gone"), world.now) == []


def test_that_links_have_changed_is_told(world: World) -> None:
    (home,) = world.machines["alice"].running._meshes
    told = routing(world).route_mesh(home, [NeighbourChanged(LinkId(999), up=False)], world.now)
    events = [each.event for each in told if isinstance(each, Notify)]
    assert effects.LinksChanged(home.links_up, "down") in events


def test_a_cell_that_is_lost_with_its_link_is_known_to_its_conversation(world: World) -> None:
    (home,) = world.machines["alice"].running._meshes
    bob = routing(world)._conversations._by_id[world.conversation("alice", "bob")].delivery
    world.kill("bob")
    world.send("alice", "bob", "hello")
    world.run(0.1)
    tag = next(reversed(bob._sent_cells))
    routing(world).route_mesh(home, [CellMoved(tag, CellFate.LOST)], world.now)
    assert bob.probe_at == world.now


def test_a_person_who_takes_another_name_keeps_it(world: World) -> None:
    (kept,) = routing(world).change_belonging(user_inputs.NameChosen("ally"), world.now)
    assert isinstance(kept, effects.Persist)
    assert world.machines["alice"].running.identity.name == "ally"


def test_an_invite_that_is_not_there_is_cancelled_without_a_word(world: World) -> None:
    assert routing(world).change_invite(user_inputs.InviteCancelled(999), world.now) == []
