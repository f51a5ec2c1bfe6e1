"""Two meet at places of their own network: they pair, link, and none of it is kept or told."""

from __future__ import annotations

import random

from p2pchat.core.pairing.invites import LOOK_S
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, TakeSeat
from p2pchat.core.rendezvous.seats import BACK_LAST_S, Seats
from p2pchat.core.values import effects, inputs, user_inputs
from p2pchat.core.values.inputs import Sought
from p2pchat.core.values.refusals import NoContact
from p2pchat.core.values.settings import Settings
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Topic
from p2pchat.wire.invite import InviteCode, InviteLink
from p2pchat.wire.signalling import OTHERS_MAX, SeatMode
from rendezvous.broker import Broker
from rendezvous.limits import Limits
from tests.support.world import URL, World

HERE, THERE = "ws://192.168.1.1:4001", "ws://192.168.1.2:4002"
LAN = Settings(lan=True)
FAR = "ws://far.test"


def network(*urls: str) -> World:
    """Ana and bob, on one network; ana listens at one end of it, bob at the other."""
    world = World(seed="nearby")
    for name in ("ana", "bob"):
        world.add(name, urls)
        world.start(name, LAN)
    for url in (HERE, THERE):
        world.brokers[url] = Broker(Limits(), random.Random(1))
    for name, own in (("ana", HERE), ("bob", THERE)):
        world.tell(name, inputs.NearbyFound((own,), {}))
    return world


def found(world: World, name: str, own: str, *others: str) -> None:
    """What such a machine would find."""
    node = world.machines[name].running
    places: dict[Sought, tuple[str, ...]] = {each.of: others for each in node.nearby_keys(world.now)}
    world.tell(name, inputs.NearbyFound((own,), places))


def enter(world: World, code: InviteCode | InviteLink) -> None:
    world.tell("bob", user_inputs.InviteEntered(1, code, None, (), world.now + 60))


def paired() -> World:
    world = network()
    enter(world, world.invite("ana"))
    found(world, "bob", THERE, HERE)
    world.run_until(lambda: bool(world.machines["bob"].events(effects.InviteCompleted)))
    for name, own, other in (("ana", HERE, THERE), ("bob", THERE, HERE)):
        found(world, name, own, other)
    return world


def links(world: World, name: str) -> int:
    return sum(each.links for each in world.machines[name].running.get_status().meshes)


def test_they_pair_and_link_without_any_rendezvous() -> None:
    world = paired()
    world.run_until(lambda: links(world, "ana") == links(world, "bob") == 1)


def test_nothing_of_it_is_kept_or_told() -> None:
    world = paired()
    world.run_until(lambda: links(world, "bob") == 1)
    for name in ("ana", "bob"):
        machine = world.machines[name]
        assert [mesh.rendezvous for mesh in machine.store.meshes.values()] == [()]
        assert machine.running.known_urls() == machine.running.typed_urls() == ()
        assert machine.running.get_status().rendezvous == ()
        assert {each.url for each in machine.running.get_status().nearby} == {HERE, THERE}
    assert world.machines["bob"].events(effects.InviteCompleted)[0].left_out == ()
    link = world.invite("ana", link=True)
    assert isinstance(link, InviteLink) and link.rendezvous == ()


def test_after_both_were_gone_they_find_each_other_there() -> None:
    world = paired()
    world.run_until(lambda: links(world, "bob") == 1)
    for name in ("ana", "bob"):
        world.kill(name)
    world.run(60.0)
    for name, own, other in (("ana", HERE, THERE), ("bob", THERE, HERE)):
        world.start(name, LAN)
        found(world, name, own, other)
    world.run_until(lambda: links(world, "ana") == links(world, "bob") == 1)


def test_a_place_nearby_is_connected_to_as_such() -> None:
    world = network()
    node = world.machines["bob"].running
    node.handle(
        user_inputs.InviteEntered(1, InviteCode(1, ("tango", "marble", "orbit")), None, (), world.now + 60),
        world.now,
    )
    places: dict[Sought, tuple[str, ...]] = {each.of: (HERE,) for each in node.nearby_keys(world.now)}
    batch = node.handle(inputs.NearbyFound((THERE,), places), world.now)
    assert effects.ConnectRendezvous(HERE, typed=False, nearby=True) in batch
    assert effects.ConnectRendezvous(THERE, typed=False, nearby=True) not in batch


def test_a_guest_looks_for_a_while_before_it_takes_no_for_an_answer() -> None:
    world = network()
    enter(world, InviteCode(1, ("tango", "marble", "orbit")))
    world.run(LOOK_S - 1.0)
    assert not world.machines["bob"].events(effects.InviteFailed)
    world.run(2.0)
    (failed,) = world.machines["bob"].events(effects.InviteFailed)
    assert failed.failure.reason is NoContact.NOBODY_NEARBY


def test_a_rendezvous_that_says_no_is_not_the_last_word_while_it_looks() -> None:
    world = World(seed="both")
    for name, urls in (("ana", ()), ("bob", (URL,))):
        world.add(name, urls)
        world.start(name, LAN)
    world.brokers[HERE] = Broker(Limits(), random.Random(1))
    world.tell("ana", inputs.NearbyFound((HERE,), {}))
    code = world.invite("ana")
    enter(world, code)
    world.run(LOOK_S / 2)
    found(world, "bob", THERE, HERE)
    world.run_until(lambda: bool(world.machines["bob"].events(effects.InviteCompleted)))

    absent = InviteCode(1, ("tango", "marble", "orbit"))
    world.tell("bob", user_inputs.InviteEntered(2, absent, None, (), world.now + 60))
    world.run(LOOK_S + 1.0)
    (failed,) = world.machines["bob"].events(effects.InviteFailed)
    assert failed.failure.reason is NoContact.NO_SUCH_INVITE


def test_without_lan_no_guest_waits_for_hosts_nearby() -> None:
    world = World(seed="without")
    world.add("bob", ())
    world.start("bob")
    enter(world, InviteCode(1, ("tango", "marble", "orbit")))
    (failed,) = world.machines["bob"].events(effects.InviteFailed)
    assert failed.failure.reason is NoContact.NO_RENDEZVOUS


def test_a_host_without_a_network_of_its_own_says_so() -> None:
    world = World(seed="alone")
    world.add("ana", ())
    world.start("ana", LAN)
    world.tell("ana", user_inputs.InviteOpened(1, False, None, (), world.now + 600))
    (failed,) = world.machines["ana"].events(effects.InviteFailed)
    assert failed.failure.reason is NoContact.NO_RENDEZVOUS_NOR_NETWORK


def test_an_invite_goes_on_when_the_network_comes_and_goes() -> None:
    world = network()
    code = world.invite("ana")
    world.tell("ana", inputs.NearbyFound((), {}))
    world.run(1.0)
    assert world.machines["ana"].running.get_status().nearby == ()
    world.tell("ana", inputs.NearbyFound((HERE,), {}))
    enter(world, code)
    found(world, "bob", THERE, HERE)
    world.run_until(lambda: bool(world.machines["bob"].events(effects.InviteCompleted)))


def test_a_rendezvous_out_of_reach_does_not_end_an_invite_that_waits_nearby() -> None:
    world = network(FAR)
    world.down.add(FAR)
    code = world.invite("ana")
    enter(world, code)
    world.run(2.0)
    found(world, "bob", THERE, HERE)
    world.run_until(lambda: bool(world.machines["bob"].events(effects.InviteCompleted)))
    assert [mesh.rendezvous for mesh in world.machines["ana"].store.meshes.values()] == [(FAR,)]


def test_what_a_clock_nearby_says_counts_for_nothing() -> None:
    world = network()
    node = world.machines["ana"].running
    world.invite("ana")
    node.handle(inputs.RendezvousUp(HERE, world.now + 86_400), world.now)
    assert node.get_status().clock is None


def test_a_guest_shows_no_mark_and_a_host_does() -> None:
    world = network()
    world.invite("ana")
    enter(world, InviteCode(1, ("tango", "marble", "orbit")))
    host, guest = (world.machines[name].running.nearby_keys(world.now) for name in ("ana", "bob"))
    topics = [each for each in host if len(each.of) == 32]
    assert [each.shown for each in topics] == [True]
    assert [each.shown for each in guest] == [False]


# --- seats


MESH_URL = "ws://meeting.test"


def seats(out: list[TakeSeat | LeaveSeat], kind: type[TakeSeat | LeaveSeat]) -> set[str]:
    return {each.url for each in out if isinstance(each, kind)}


def sitting() -> Seats:
    meeting = Seats(b"m" * 32, (MESH_URL,), SeededEntropy(1))
    assert seats(meeting.follow_epochs(100_000.0), TakeSeat) == {MESH_URL}
    return meeting


def test_seats_nearby_are_taken_and_given_up_as_places_come_and_go() -> None:
    meeting = sitting()
    assert seats(meeting.set_nearby((HERE, THERE)), TakeSeat) == {HERE, THERE}
    out = meeting.set_nearby((THERE,))
    assert (seats(out, TakeSeat), seats(out, LeaveSeat)) == (set(), {HERE})
    assert meeting.set_nearby((THERE,)) == []


def test_a_node_that_leaves_the_rendezvous_to_others_still_sits_nearby() -> None:
    meeting = sitting()
    meeting.set_nearby((HERE,))
    assert seats(meeting.release_seats(100_000.0), LeaveSeat) == {MESH_URL}
    out = meeting.follow_epochs(100_000.0 + 6 * 3600.0)
    assert HERE in seats(out, TakeSeat)
    assert seats(meeting.set_nearby((HERE, THERE)), TakeSeat) == {THERE}
    meeting.follow_epochs(100_000.0 + BACK_LAST_S + 12 * 3600.0)
    assert meeting.sitting
    assert seats(meeting.release_all(200_000.0), LeaveSeat) == {MESH_URL, HERE, THERE}


def test_seats_nearby_do_not_count_as_seats_at_the_rendezvous() -> None:
    """Else a node on an empty network of its own would never leave its seat at the rendezvous."""
    meeting = sitting()
    (topic,) = {each.topic for each in meeting.set_nearby((HERE,))}
    for _ in range(50):
        meeting.on_seat_taken(HERE, topic, 0)
        meeting.on_seat_taken(MESH_URL, topic, OTHERS_MAX)
        if meeting.should_release_seats():
            break
    else:
        raise AssertionError("never")


def test_a_seat_nearby_is_one_of_a_member() -> None:
    (wish,) = sitting().set_nearby((HERE,))
    assert isinstance(wish, TakeSeat) and wish.mode is SeatMode.MESH


def test_a_node_serves_its_own_topics_alone() -> None:
    world = paired()
    node = world.machines["ana"].running
    (mesh,) = world.machines["ana"].store.meshes.values()
    (topic,) = {each.topic for each in Seats(mesh.secret, (URL,), SeededEntropy(1)).follow_epochs(world.now)}
    assert node.meets_at(topic)
    assert not node.meets_at(Topic(b"t" * 32))
