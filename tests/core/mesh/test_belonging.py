"""To which meshes one belongs is seen, said and ended by oneself."""

from __future__ import annotations

from p2pchat.core.values import effects, user_inputs
from p2pchat.core.values.refusals import NoContact
from p2pchat.types import MeshId
from tests.core.mesh.test_meeting_places import BEACON, INSIDE, joined, meshes, reached, world_of
from tests.support.world import URL, World


def between(world: World, a: str, b: str) -> MeshId:
    """The mesh by which one reaches the other."""
    return world.machines[a].store.contacts[world.contact(a, b)].mesh


def two_meshes() -> World:
    world = world_of("alice", "bob", "carol")
    world.pair("alice", "bob")
    joined(world, "carol", "bob", (BEACON,), accept_new=True)
    world.run(30.0)
    return world


def test_a_mesh_goes_with_the_last_contact_in_it_and_so_does_where_it_is_met() -> None:
    world = two_meshes()
    bob = world.machines["bob"]
    gone, stays = between(world, "bob", "carol"), between(world, "bob", "alice")
    world.tell("bob", user_inputs.ContactRemoved(world.contact("bob", "carol")))
    world.run(10.0)
    assert list(bob.store.meshes) == [stays]
    assert effects.MeshChanged(gone, "left") in bob.events(effects.MeshChanged)
    assert reached(world, "bob") == {URL}
    assert [link.mesh for link in bob.running.get_status().links] == [stays]
    assert gone not in bob.store.held
    world.kill("bob")
    world.start("bob")
    world.run(3600.0)
    assert reached(world, "bob") == {URL}
    message = world.send("alice", "bob", "still here?")
    world.run(60.0)
    assert world.machines["alice"].store.state(message).value == "delivered"


def test_a_mesh_stays_while_somebody_is_reached_through_it() -> None:
    world = world_of("alice", "bob", "carol")
    world.pair("alice", "bob")
    world.pair("alice", "carol")
    world.tell("alice", user_inputs.ContactRemoved(world.contact("alice", "bob")))
    assert len(meshes(world, "alice")) == 1
    world.tell("alice", user_inputs.ContactRemoved(world.contact("alice", "carol")))
    assert not meshes(world, "alice")


def test_a_node_may_relay_on_for_a_mesh_of_strangers() -> None:
    world = world_of("alice", "bob")
    world.pair("alice", "bob")
    world.tell("bob", user_inputs.ContactRemoved(world.contact("bob", "alice"), keep_mesh=True))
    world.run(30.0)
    assert len(meshes(world, "bob")) == 1
    assert world.machines["bob"].running.get_status().links


def test_a_mesh_is_not_left_while_somebody_is_invited_into_it() -> None:
    world = world_of("alice", "bob", "carol")
    world.pair("alice", "bob")
    code = world.invite("alice")
    world.tell("alice", user_inputs.ContactRemoved(world.contact("alice", "bob")))
    world.tell("carol", user_inputs.InviteEntered(1, code, None, (), world.now + 60))
    world.run(30.0)
    message = world.send("alice", "carol", "come in")
    world.run(60.0)
    assert world.machines["alice"].store.state(message).value == "delivered"


def test_leaving_a_mesh_deletes_its_contacts_and_withdraws_its_invites() -> None:
    world = world_of("alice", "bob")
    world.pair("alice", "bob")
    world.run(30.0)
    world.invite("alice")
    world.tell("alice", user_inputs.MeshLeft(between(world, "alice", "bob")))
    alice = world.machines["alice"]
    assert not alice.store.contacts and not alice.store.meshes and not alice.store.held
    assert alice.events(effects.InviteFailed)[-1].failure.reason is NoContact.MESH_LEFT
    assert not reached(world, "alice")
    world.run(60.0)
    assert not alice.running.get_status().links
    world.pair("alice", "bob")
    assert len(meshes(world, "alice")) == 1


def test_a_contact_who_pairs_anew_takes_the_old_mesh_along() -> None:
    """Each has founded one by an invite; the mesh by which they no longer know each other goes."""
    world = world_of("alice", "bob")
    world.pair("alice", "bob")
    before = between(world, "alice", "bob")
    world.tell("bob", user_inputs.MeshLeft(before))
    world.pair("bob", "alice")
    assert [mesh.id for mesh in meshes(world, "alice")] == [between(world, "alice", "bob")] != [before]


def test_a_rendezvous_can_be_added_and_taken_away_for_each_mesh() -> None:
    world = two_meshes()
    bob = world.machines["bob"]
    theirs = between(world, "bob", "carol")
    world.tell("bob", user_inputs.RendezvousRemoved(BEACON, theirs))
    world.run(5.0)
    assert reached(world, "bob") == {URL}
    world.tell("bob", user_inputs.RendezvousAdded(INSIDE, theirs))
    world.run(5.0)
    assert reached(world, "bob") == {URL, INSIDE}
    assert INSIDE in bob.running.typed_urls()
    (other,) = [mesh for mesh in meshes(world, "bob") if mesh.id != theirs]
    assert other.rendezvous == (URL,)


def test_one_s_own_rendezvous_are_where_the_next_mesh_begins() -> None:
    world = world_of("alice")
    second = "ws://second.example"
    world.tell("alice", user_inputs.RendezvousAdded(second, None))
    world.tell("alice", user_inputs.RendezvousRemoved(URL, None))
    world.kill("alice")
    world.start("alice")
    world.invite("alice")
    (mesh,) = meshes(world, "alice")
    assert mesh.rendezvous == (second,)


def test_a_typed_place_is_no_longer_theirs() -> None:
    world = world_of("host", "guest")
    joined(world, "host", "guest", (BEACON,), accept_new=True)
    (mesh,) = meshes(world, "guest")
    assert mesh.theirs == (BEACON,)
    world.tell("guest", user_inputs.RendezvousAdded(BEACON, mesh.id))
    (mesh,) = meshes(world, "guest")
    assert (mesh.rendezvous, mesh.theirs) == ((URL, BEACON), ())


def test_a_new_name_is_what_new_contacts_see_and_those_one_has_keep_the_old() -> None:
    world = world_of("alice", "bob", "carol")
    world.pair("alice", "bob")
    world.tell("bob", user_inputs.NameChosen("robert"))
    world.kill("bob")
    world.start("bob")
    world.pair("bob", "carol")
    names = {
        who: [each.name for each in world.machines[who].running.list_contacts()] for who in ("alice", "carol")
    }
    assert names == {"alice": ["bob"], "carol": ["robert"]}
