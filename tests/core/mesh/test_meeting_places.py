"""Where one is met is one's own to say: what others name is agreed to first, and stays within its mesh."""

from __future__ import annotations

import pytest

from p2pchat.core.values import effects, inputs, user_inputs
from p2pchat.core.values.changes import PutMesh
from p2pchat.core.values.records import MeshRecord
from p2pchat.core.values.refusals import InviteFailure, NoContact
from p2pchat.types import MeshId
from p2pchat.wire.invite import InviteCode, InviteLink
from p2pchat.wire.places import RENDEZVOUS_BYTES, check_rendezvous
from tests.support.world import URL, World

BEACON = "ws://beacon.mallory.example/victim-0001"
INSIDE = "ws://192.168.1.1"
LONG = "ws://" + "a" * 60 + ".example/" + "b" * 30


def world_of(*names: str) -> World:
    world = World(seed="places")
    for name in names:
        world.add(name)
        world.start(name)
    return world


def joined(
    world: World, host: str, guest: str, planted: tuple[str, ...] = (), **more: bool
) -> effects.InviteCompleted:
    """A pairing in which the host's mesh is met at ``planted``, too."""
    before = len(world.machines[guest].events(effects.InviteCompleted))
    code = world.invite(host)
    plant(world, host, planted)
    world.tell(guest, user_inputs.InviteEntered(before + 1, code, None, (), world.now + 60, **more))
    world.run_until(lambda: len(world.machines[guest].events(effects.InviteCompleted)) > before)
    world.run(1.0)
    return world.machines[guest].events(effects.InviteCompleted)[-1]


def plant(world: World, host: str, urls: tuple[str, ...]) -> None:
    """A host whose node breaks the rules."""
    for opened in world.machines[host].running._invites._open.values():
        ours = opened.party._ours
        object.__setattr__(ours, "rendezvous", (*ours.rendezvous, *urls))


def reached(world: World, name: str) -> set[str]:
    """Every rendezvous to which a node wants a connection."""
    return {each.url for each in world.machines[name].running.get_status().rendezvous}


def meshes(world: World, name: str) -> list[MeshRecord]:
    return list(world.machines[name].store.meshes.values())


def test_what_a_host_names_besides_is_left_out_and_told() -> None:
    world = world_of("mallory", "victim")
    done = joined(world, "mallory", "victim", (BEACON, INSIDE))
    assert done.left_out == (BEACON, INSIDE)
    world.run(3600.0)
    assert reached(world, "victim") == {URL}
    assert [mesh.rendezvous for mesh in meshes(world, "victim")] == [(URL,)]


def test_accepting_new_places_accepts_no_private_one() -> None:
    world = world_of("host", "guest")
    done = joined(world, "host", "guest", (BEACON, INSIDE), accept_new=True)
    assert done.left_out == (INSIDE,)
    assert reached(world, "guest") == {URL, BEACON}
    (mesh,) = meshes(world, "guest")
    assert mesh.theirs == (BEACON,)


def test_what_one_has_typed_is_known() -> None:
    world = World(seed="typed")
    world.add("host", (URL, INSIDE))
    world.add("guest", (URL, INSIDE))
    for name in ("host", "guest"):
        world.start(name)
    done = joined(world, "host", "guest")
    (mesh,) = meshes(world, "guest")
    assert (done.left_out, mesh.rendezvous, mesh.theirs) == ((), (URL, INSIDE), ())


def test_a_link_names_where_its_mesh_is_met_but_no_private_place() -> None:
    world = World(seed="link")
    world.add("host", (URL, INSIDE, BEACON))
    world.add("guest")
    for name in ("host", "guest"):
        world.start(name)
    link = world.invite("host", link=True)
    world.tell("guest", user_inputs.InviteEntered(1, link, None, (), world.now + 60))
    world.run_until(lambda: bool(world.machines["guest"].events(effects.InviteCompleted)))
    assert world.machines["guest"].events(effects.InviteCompleted)[0].left_out == (INSIDE,)
    assert reached(world, "guest") == {URL, BEACON}


def test_a_link_that_meets_in_a_private_place_alone_leads_nowhere_and_says_so() -> None:
    world = world_of("guest")
    for typed, urls in (((), {URL}), ((INSIDE,), {URL, INSIDE})):
        link = InviteLink(b"s" * 16, b"f" * 16, (INSIDE,))
        asked = [
            effect.url
            for effect in world.machines["guest"].running.handle(
                user_inputs.InviteEntered(len(typed) + 1, link, None, typed, world.now + 60), world.now
            )
            if isinstance(effect, effects.ConnectRendezvous)
        ]
        assert set(asked) == (urls if typed else set())
    world.tell("guest", user_inputs.InviteEntered(9, link, None, (), world.now + 60))
    (failed,) = world.machines["guest"].events(effects.InviteFailed)
    assert failed.failure == InviteFailure(NoContact.PRIVATE_RENDEZVOUS, urls=(INSIDE,))


def test_a_private_place_is_connected_to_as_typed_and_others_are_not() -> None:
    world = world_of("guest")
    node = world.machines["guest"].running
    code = InviteCode(1, ("tango", "marble", "orbit"))
    batch = node.handle(user_inputs.InviteEntered(1, code, None, (INSIDE,), world.now + 60), world.now)
    assert effects.ConnectRendezvous(INSIDE, typed=True) in batch
    link = InviteLink(b"s" * 16, b"f" * 16, (BEACON,))
    batch = node.handle(user_inputs.InviteEntered(2, link, None, (), world.now + 60), world.now)
    assert effects.ConnectRendezvous(BEACON, typed=False) in batch


def test_where_one_mesh_is_met_is_never_told_to_another() -> None:
    world = world_of("victim", "alice", "mallory", "carol")
    world.pair("victim", "alice")
    joined(world, "mallory", "victim", (BEACON,), accept_new=True)
    assert len(meshes(world, "victim")) == 2
    link = world.invite("victim", link=True)
    assert isinstance(link, InviteLink)
    assert link.rendezvous == (URL,)
    done = joined(world, "victim", "carol")
    assert done.left_out == ()
    assert reached(world, "carol") == {URL}


@pytest.mark.parametrize("accept_new", [False, True])
def test_nothing_that_is_planted_keeps_one_from_inviting(accept_new: bool) -> None:
    world = world_of("mallory", "victim", "carol")
    planted = tuple(f"{LONG}{number}" for number in range(2))
    joined(world, "mallory", "victim", planted, accept_new=accept_new)
    for mesh in meshes(world, "victim"):
        check_rendezvous(mesh.rendezvous)
    assert joined(world, "victim", "carol").contact.name == "victim"


def test_a_list_that_an_older_node_let_grow_too_long_is_no_obstacle() -> None:
    world = world_of("victim", "carol")
    urls = (URL, *(f"{LONG}{number}" for number in range(4)), "ws://host/a.cgi?reboot")
    assert sum(map(len, urls)) > RENDEZVOUS_BYTES
    world.stop("victim")
    record = MeshRecord(MeshId(b"m" * 16), b"s" * 32, urls, 0.0)
    world.machines["victim"].store.apply_change(PutMesh(record))
    world.start("victim")
    assert joined(world, "victim", "carol").contact.name == "victim"
    assert "ws://host/a.cgi?reboot" not in reached(world, "victim")


def test_a_node_is_another_in_each_mesh() -> None:
    world = world_of("alice", "bob", "carol")
    world.pair("alice", "bob")
    world.pair("carol", "bob")
    world.run(30.0)
    first, second = world.machines["bob"].running.get_status().meshes
    assert first.node != second.node
    seen = {
        link.peer for name in ("alice", "carol") for link in world.machines[name].running.get_status().links
    }
    assert seen == {first.node, second.node}


def test_an_invite_leads_into_the_mesh_that_is_named() -> None:
    world = world_of("alice", "bob", "carol", "dora")
    world.pair("alice", "bob")  # alice's own mesh
    world.pair("carol", "alice")  # and carol's
    first, second = (mesh.id for mesh in world.machines["alice"].running.list_meshes())
    for number, (mesh, guest) in enumerate(((second, "dora"), (first, "dora")), start=10):
        world.tell("alice", user_inputs.InviteOpened(number, False, None, (), world.now + 60, mesh=mesh))
        world.run_until(lambda: world.machines["alice"].events(effects.InviteReady)[-1].invite == number)  # noqa: B023
        code = world.machines["alice"].events(effects.InviteReady)[-1].code
        world.tell(guest, user_inputs.InviteEntered(number, code, None, (), world.now + 60))
        world.run_until(lambda: world.machines[guest].events(effects.InviteCompleted)[-1:] != [])  # noqa: B023
        world.run_until(lambda: world.machines[guest].events(effects.InviteCompleted)[-1].invite == number)  # noqa: B023
        world.run(1.0)
        assert next(iter(world.machines[guest].store.contacts.values())).mesh == mesh


def test_an_invite_into_a_mesh_that_was_left_fails_with_the_reason() -> None:
    world = world_of("alice")
    world.tell("alice", user_inputs.InviteOpened(1, False, None, (), world.now + 60, mesh=MeshId(b"x" * 16)))
    failed = world.machines["alice"].events(effects.InviteFailed)[-1]
    assert failed.failure.reason is NoContact.MESH_UNKNOWN


def test_a_node_that_stops_ends_its_open_invites() -> None:
    world = World()
    world.add("alice")
    world.start("alice")
    world.tell("alice", user_inputs.InviteOpened(1, False, None, (), world.now + 60))
    node = world.machines["alice"].running
    assert node is not None
    assert list(node._invites.list_open())
    world.tell("alice", inputs.StopAnnounced())
    assert not list(node._invites.list_open())
