"""A machine that reaches others in another way than before makes its links anew, and loses none meanwhile."""

from __future__ import annotations

from p2pchat.core.rendezvous.rendezvous import Rendezvous
from p2pchat.core.values.effects import ConnectRendezvous, MessageArrived
from p2pchat.core.values.inputs import LinkShaken, NetworkChanged, ServersHinted, Urged
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId, Topic
from p2pchat.wire.ice import Servers
from p2pchat.wire.signalling import SeatMode
from tests.support.world import World


def two() -> World:
    world = World()
    for name in ("ana", "bob"):
        world.add(name)
        world.start(name)
    world.pair("ana", "bob")
    world.run_until(lambda: all(len(up(world, name)) == 1 for name in world.machines))
    return world


def up(world: World, name: str) -> list[LinkId]:
    return [each.link for each in world.machines[name].running.get_status().links if each.state == "up"]


def states(world: World, name: str) -> set[str]:
    return {each.state for each in world.machines[name].running.get_status().links}


def test_a_link_from_an_address_that_is_gone_gives_way_to_another_when_that_stands() -> None:
    world = two()
    (old,) = up(world, "ana")
    # The old one no longer carries cells.
    world.sim.links.alter = lambda source, target, frame: (
        frame if "confirming" in states(world, "ana") | states(world, "bob") else None
    )
    world.tell("ana", LinkShaken(old))
    world.tell("ana", NetworkChanged())
    assert states(world, "ana") == {"quiet"}, "not counted on, and not ended"
    began = world.now
    world.run_until(lambda: bool(up(world, "ana")) and up(world, "ana") != [old])
    assert world.now - began < 5.0
    world.sim.links.alter = None
    world.run(30.0)
    for name in world.machines:
        assert len(up(world, name)) == 1 and states(world, name) == {"up"}


def test_what_is_written_meanwhile_arrives() -> None:
    world = two()
    (old,) = up(world, "ana")
    world.tell("ana", LinkShaken(old))
    world.tell("ana", NetworkChanged())
    for number in range(5):
        world.send("ana", "bob", f"{number}")
        world.send("bob", "ana", f"{number}")
    world.run(60.0)
    for name in world.machines:
        arrived = [each.message.text for each in world.machines[name].events(MessageArrived)]
        assert arrived == ["0", "1", "2", "3", "4"]


def test_a_false_alarm_costs_nothing() -> None:
    world = two()
    (old,) = up(world, "ana")
    world.tell("ana", LinkShaken(old))
    world.run(30.0)
    assert len(up(world, "ana")) == 1 and states(world, "ana") == {"up"}


def test_a_shaken_link_that_is_gone_is_nothing() -> None:
    world = two()
    world.tell("ana", LinkShaken(LinkId(4711)))
    assert states(world, "ana") == {"up"}


def test_a_person_who_asks_and_a_network_that_is_back_end_the_back_off() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.keep_seat("ws://a", Topic(b"1" * 32), SeatMode.MESH, 0.0)
    for at in (0.0, 10.0, 20.0, 30.0):
        rendezvous.on_disconnected("ws://a", "nothing listens there", at)
    assert rendezvous.tick(31.0) == []
    assert rendezvous.end_backoffs(31.0) == [ConnectRendezvous("ws://a")]
    rendezvous.on_disconnected("ws://a", "nothing listens there", 31.0)
    assert rendezvous.next_wakeup() is not None and (rendezvous.next_wakeup() or 0.0) < 33.0
    rendezvous.on_disconnected("ws://a", "it sends without measure", 31.0, flooded=True)
    assert rendezvous.end_backoffs(31.0) == [], "but not that of a server that flooded us"


def test_a_person_who_wants_something_now_has_what_failed_tried_again_at_once() -> None:
    world = two()
    world.tell("ana", Urged())
    world.tell("ana", LinkShaken(LinkId(999_999)))
    url = "wss://rendezvous.example"
    world.tell("ana", ServersHinted(url, Servers()))
    world.run(5.0)
    assert len(up(world, "ana")) == 1
