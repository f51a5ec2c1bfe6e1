"""All rooms of a home, in nodes that talk to each other."""

from __future__ import annotations

import pytest

from p2pchat.core.mesh.succession import OVERLAP_MIN_S
from p2pchat.core.rooms.rooms import Rooms
from p2pchat.core.values.effects import MessageArrived
from p2pchat.core.values.references import ReferenceKind
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_events import MessageReached, RoomTurn
from p2pchat.core.values.room_inputs import MemberRemoved, RoomForgotten, RoomFounded, RoomLeft, RoomOffered
from p2pchat.core.values.user_inputs import ContactRemoved, MeshLeft, ReferenceSubmitted, Target
from p2pchat.types import ContactId, MessageId, MessageState, person_of
from tests.support.homes_in_rooms import RoomsWorld


@pytest.fixture
def world() -> RoomsWorld:
    """Alice knows Bob and Carol, who do not know each other; all are in."""
    world = RoomsWorld("alice", "bob", "carol")
    world.found("alice")
    world.let_in("alice", "bob")
    world.let_in("alice", "carol")
    world.run(20.0)
    return world


def test_what_is_said_comes_to_all_and_says_who_has_it(world: RoomsWorld) -> None:
    assert all(world.names(name) == ["alice", "bob", "carol"] for name in world.machines)
    assert len({world.room(name).words for name in world.machines}) == 1
    message = world.say("carol", "hello all", wants=True)
    carol = world.machines["carol"]
    world.run_until(lambda: carol.store.state(message) is MessageState.DELIVERED)
    for name in ("alice", "bob"):
        (line,) = world.machines[name].store.history
        assert (line.text, line.author) == ("hello all", person_of(world.own("carol")))
        assert line.conversation == world.id(name) and line.room is not None and line.room.number == 1
    told = [(event.reached, event.to) for event in carol.events(MessageReached)]
    assert told == [(1, 2), (2, 2)]
    (line,) = carol.store.history
    assert line.room is not None and (line.room.number, line.room.reached, line.room.to) == (1, 2, 2)


def test_who_is_put_out_is_not_waited_for_or_counted(world: RoomsWorld) -> None:
    bob = world.own("bob")
    world.kill("bob")
    message = world.say("alice", "hello all", wants=True)
    alice = world.machines["alice"]
    world.run_until(lambda: bool(alice.events(MessageReached)))
    world.change("alice", MemberRemoved(world.id("alice"), bob))
    world.run_until(lambda: alice.store.state(message) is MessageState.DELIVERED)
    assert [(event.reached, event.to) for event in alice.events(MessageReached)] == [(1, 2), (1, 1)]
    (line,) = alice.store.history
    assert line.room is not None and (line.room.reached, line.room.to) == (1, 1)


def test_a_reaction_a_correction_and_a_reply_name_their_line_for_all(world: RoomsWorld) -> None:
    message = world.say("bob", "hello al")
    world.run(20.0)
    (seen,) = world.machines["carol"].store.history
    room = world.id("bob")
    world.tell(
        "bob",
        ReferenceSubmitted(
            MessageId("a" * 32), room, ReferenceKind.CORRECTION, Target(message, True), 1, "hello all"
        ),
    )
    world.tell(
        "carol",
        ReferenceSubmitted(MessageId("b" * 32), room, ReferenceKind.REACTION, Target(seen.id, False), 1, "+"),
    )
    world.run(20.0)
    for name in world.machines:
        (line,) = world.machines[name].store.history
        assert line.text == "hello all" and line.referred is not None
        (reaction,) = line.referred.reactions
        expected = None if name == "carol" else person_of(world.own("carol"))
        assert reaction.author == expected


def test_a_home_that_is_killed_goes_on_and_gets_what_it_missed(world: RoomsWorld) -> None:
    world.restart("bob")
    world.run(20.0)
    assert world.names("bob") == ["alice", "bob", "carol"]
    world.kill("carol")
    world.say("bob", "are you there?")
    world.run(300.0)
    world.start("carol")
    world.run(120.0)
    assert world.machines["carol"].store.received() == ["are you there?"]
    world.say("carol", "now I am")
    world.run(30.0)
    assert world.machines["bob"].store.received() == ["now I am"]


def test_what_is_said_without_a_link_leaves_when_there_is_one_also_after_a_restart(
    world: RoomsWorld,
) -> None:
    for name in ("alice", "bob", "carol"):
        world.separate("bob", name) if name != "bob" else None
    for link in [link.link for link in world.machines["bob"].running.get_status().links]:
        world.lose("bob", link)
    world.run(90.0)
    message = world.say("bob", "hello?")
    world.run(5.0)
    assert world.machines["bob"].store.state(message) is MessageState.QUEUED
    assert world.room("bob").waiting == 1
    world.restart("bob")
    assert world.room("bob").waiting == 1
    world.unite()
    world.run(300.0)
    assert world.machines["carol"].store.received() == ["hello?"]


def test_a_home_put_back_to_a_copy_waits_until_others_were_heard(world: RoomsWorld) -> None:
    world.machines["bob"].store.set_back = "this home was put back"
    world.restart("bob")
    assert world.room("bob").waits
    world.run(5.0)
    message = world.say("bob", "later")
    world.run(30.0)
    assert world.machines["bob"].store.state(message) is MessageState.QUEUED
    world.run_until(lambda: not world.room("bob").waits, within=7200.0)
    world.run_until(lambda: world.machines["alice"].store.received() == ["later"], within=600.0)


def test_a_mesh_in_which_there_is_a_room_is_not_left_with_its_last_contact(world: RoomsWorld) -> None:
    world.tell("bob", ContactRemoved(world.contact("bob", "alice")))
    world.run(5.0)
    assert world.machines["bob"].running.list_meshes()
    world.say("carol", "still here?")
    world.run(60.0)
    assert world.machines["bob"].store.received() == ["still here?"]


def test_a_room_is_forgotten_only_when_it_was_left(world: RoomsWorld) -> None:
    room = world.id("carol")
    rooms = world.machines["carol"].running.rooms
    assert rooms.take_input(RoomForgotten(room), world.now) == [Rejected(Reason.STILL_IN_ROOM)]
    world.tell("carol", RoomLeft(room))
    world.run(30.0)
    assert world.room("carol").role is None and world.names("alice") == ["alice", "bob"]
    assert RoomTurn.ENDED in world.turns("carol") and RoomTurn.GONE in world.turns("bob")
    world.say("alice", "without carol")
    world.run(30.0)
    assert not world.machines["carol"].events(MessageArrived)
    world.tell("carol", RoomForgotten(room))
    assert world.rooms("carol") == () and world.machines["carol"].store.rooms == {}


def test_what_cannot_be_is_refused_plainly() -> None:
    world = RoomsWorld("alice", "bob")
    world.found("alice")
    rooms: Rooms = world.machines["alice"].running.rooms
    room = world.id("alice")

    def refused(wish: RoomFounded | RoomOffered) -> list[object]:
        return list(rooms.take_input(wish, world.now))

    assert refused(RoomFounded("walkers")) == [Rejected(Reason.ROOM_NAME_TAKEN, "walkers")]
    assert refused(RoomFounded("")) == [Rejected(Reason.NAME_MALFORMED)]
    assert refused(RoomOffered(room, ContactId("0" * 64))) == [Rejected(Reason.NO_SUCH_CONTACT)]
    world.add("dave")
    world.start("dave")
    lonely = world.machines["dave"].running.rooms
    assert lonely.take_input(RoomFounded("hermits"), world.now) == [Rejected(Reason.NO_MESH)]


def test_a_room_moves_with_its_mesh(world: RoomsWorld) -> None:
    carol = world.own("carol")
    world.tell("alice", MemberRemoved(world.id("alice"), carol))
    world.run(20.0)
    before = world.room("alice").record.mesh
    world.tell("alice", ContactRemoved(world.contact("alice", "carol"), renew_mesh=True))
    world.run(120.0)
    world.say("bob", "on the way")
    world.run(2 * OVERLAP_MIN_S)
    (mesh,) = world.machines["alice"].running.list_meshes()
    assert mesh.id != before
    assert {world.room(name).record.mesh for name in ("alice", "bob")} == {mesh.id}
    world.restart("bob")
    world.run(30.0)
    world.say("bob", "there")
    world.run(30.0)
    assert world.machines["alice"].store.received() == ["on the way", "there"]


def test_with_the_mesh_its_rooms_are_left(world: RoomsWorld) -> None:
    mesh = world.room("bob").record.mesh
    world.tell("bob", MeshLeft(mesh))
    assert world.rooms("bob") == () and world.machines["bob"].store.rooms == {}
    assert world.turns("bob")[-1] is RoomTurn.FORGOTTEN
