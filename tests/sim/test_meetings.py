"""Real brokers behind virtual connections: which nodes connect, which are turned away, what breaks."""

from __future__ import annotations

from typing import cast

from p2pchat.core.node import NodeMachine
from p2pchat.core.values import inputs
from p2pchat.core.values.effects import CloseRendezvous, ConnectRendezvous
from p2pchat.sim.agenda import Agenda
from p2pchat.sim.host import SimulatedHost
from p2pchat.sim.meetings import Meetings
from p2pchat.sim.store import NodeMemory
from p2pchat.sim.trace import Trace
from rendezvous.limits import Limits

URL = "ws://place.sim"


class Scene:
    """One machine and the rendezvous."""

    def __init__(self) -> None:
        self.agenda = Agenda(0.0)
        self.told: list[inputs.Input] = []
        self.meetings = Meetings(
            self.agenda, Limits(), "seed", Trace(), lambda _, told: self.told.append(told)
        )
        self.host = SimulatedHost(0, cast("NodeMemory", None), 0.05)
        self.host.node = cast("NodeMachine", object())

    def connect(self) -> None:
        self.meetings.open_connection(self.host, ConnectRendezvous(URL))
        self.agenda.run(self.agenda.now + 1.0)


def test_a_connection_takes_two_round_trips() -> None:
    scene = Scene()
    scene.meetings.open_connection(scene.host, ConnectRendezvous(URL))
    scene.agenda.run(0.19)
    assert scene.told == []
    scene.agenda.run(0.21)
    assert scene.told[0] == inputs.RendezvousUp(URL)


def test_a_server_that_is_down_refuses_until_it_runs_again() -> None:
    scene = Scene()
    scene.connect()
    scene.meetings.stop_server(URL)
    scene.agenda.run(scene.agenda.now + 1.0)
    scene.connect()
    assert [told for told in scene.told if isinstance(told, inputs.RendezvousDown)] == [
        inputs.RendezvousDown(URL, "the connection ended"),
        inputs.RendezvousDown(URL, "connection refused"),
    ]
    scene.meetings.start_server(URL)
    scene.connect()
    assert URL in scene.host.lines


def test_a_machine_that_wakes_finds_its_connections_broken() -> None:
    scene = Scene()
    scene.connect()
    scene.meetings.wake_host(scene.host)
    assert scene.told[-1] == inputs.RendezvousDown(URL, "timed out")
    assert scene.host.lines == {}


def test_a_connection_that_the_node_closes_is_told_to_the_server_alone() -> None:
    scene = Scene()
    scene.connect()
    told = len(scene.told)
    scene.meetings.close_connection(scene.host, CloseRendezvous(URL))
    scene.agenda.run(scene.agenda.now + 1.0)
    assert len(scene.told) == told and scene.host.lines == {}
