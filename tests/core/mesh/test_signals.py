"""What a rendezvous says is for the mesh or the invite that is met at its topic."""

from __future__ import annotations

import pytest

from p2pchat.core.mesh.signals import Signals
from p2pchat.core.values import inputs
from p2pchat.types import LinkId, Seat, Topic
from p2pchat.wire.signalling import Gone
from tests.core.messaging.test_messages import friends
from tests.support.world import World

URL = "ws://meet.example"
STRANGE = Gone(Topic(bytes(32)), Seat(bytes(8)))


@pytest.fixture
def world() -> World:
    return friends("alice", "bob")


def signals(world: World) -> Signals:
    return world.machines["alice"].running._signals


def test_unrequested_input_is_counted(world: World) -> None:
    assert signals(world).on_rendezvous(inputs.SignalReceived(URL, STRANGE), world.now) == []
    assert world.machines["alice"].running.get_status().counters["unrequested signals"] == 1


def test_places_nearby_are_those_that_the_person_has_not_typed(world: World) -> None:
    typed = world.machines["alice"].running.known_urls()
    signals(world).on_nearby(("ws://192.0.2.7:1", *typed), {}, world.now)
    assert signals(world).nearby == {"ws://192.0.2.7:1"}


def test_on_another_network_rendezvous_are_tried_again(world: World) -> None:
    for input in (inputs.NetworkChanged(), inputs.Urged()):
        signals(world).on_network(input, world.now)
    assert signals(world).on_network(inputs.LinkShaken(LinkId(999)), world.now) == []
