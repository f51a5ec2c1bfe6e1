"""Several servers as one, in a virtual world, and clients of theirs."""

from __future__ import annotations

import random
from collections import deque

from p2pchat.types import Topic
from p2pchat.wire.signalling import (
    FromClient,
    FromServer,
    Seated,
    SeatMode,
    Take,
    decode_server,
    encode_client,
)
from rendezvous.broker import Broker
from rendezvous.cluster import TICK_SECONDS, Cluster, ClusterOutput, Publish
from rendezvous.limits import Limits
from rendezvous.outputs import Close, Deliver, DeliverBytes, Output
from rendezvous.topics import Connection

TOPIC = Topic(b"t" * 32)


class Machine:
    """One server, and what its clients have heard."""

    def __init__(self, name: bytes, seed: int, limits: Limits) -> None:
        self.name = name
        self.broker = Broker(limits, random.Random(seed), server=name)
        self.cluster = Cluster(self.broker)
        self.alive = True
        self.heard: dict[Connection, list[FromServer]] = {}


class Room:
    """Machines, and a bus between them that can be cut."""

    def __init__(self, count: int = 3, limits: Limits | None = None) -> None:
        self.now = 1000.0
        self.machines = [Machine(bytes([65 + n]) * 4, n, limits or Limits()) for n in range(count)]
        self.bus: deque[tuple[bytes | None, bytes]] = deque()
        self.deaf: set[bytes] = set()
        self._numbers = iter(range(1, 10**6))
        self.pass_time(1.5)

    def carry_out(self, machine: Machine, outputs: list[ClusterOutput]) -> None:
        for output in outputs:
            match output:
                case Deliver(to, message):
                    assert to in machine.heard, "only who is connected hears anything"
                    machine.heard[to].append(message)
                case DeliverBytes(to, data):
                    machine.heard[to].append(decode_server(data))
                case Close(connection):
                    del machine.heard[connection]
                case Publish(to, data):
                    if machine.alive:
                        self.bus.append((to, data))

    def settle(self, machine: Machine, outputs: list[Output]) -> None:
        self.carry_out(machine, machine.cluster.resolve_outputs(outputs, self.now))

    def deliver(self) -> None:
        while self.bus:
            to, data = self.bus.popleft()
            for machine in self.machines:
                if machine.alive and machine.name not in self.deaf and to in (None, machine.name):
                    self.carry_out(machine, machine.cluster.on_messages([data], self.now))

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += TICK_SECONDS
            for machine in self.machines:
                if machine.alive:
                    self.carry_out(machine, machine.cluster.tick(self.now))
            self.deliver()

    def add(self, machine: Machine) -> None:
        self.machines.append(machine)

    def kill(self, machine: Machine) -> None:
        machine.alive = False

    def client(self, where: int, culprit: str = "") -> Client:
        machine = self.machines[where]
        connection = Connection(next(self._numbers))
        assert machine.broker.on_connect(connection, (), self.now)
        machine.heard[connection] = []
        return Client(self, machine, connection)


class Client:
    def __init__(self, room: Room, machine: Machine, connection: Connection) -> None:
        self.room, self.machine, self.connection = room, machine, connection

    def says(self, message: FromClient, wait: bool = True) -> None:
        data = encode_client(message)
        room = self.room
        room.settle(self.machine, self.machine.broker.on_message(self.connection, data, room.now))
        if wait:
            room.deliver()

    def hears(self) -> list[FromServer]:
        said = self.machine.heard[self.connection]
        self.machine.heard[self.connection] = []
        return said

    def takes(self, mode: SeatMode, topic: Topic = TOPIC) -> FromServer:
        self.says(Take(topic, mode))
        (answer,) = self.hears()
        return answer

    def sits(self, mode: SeatMode, topic: Topic = TOPIC) -> Seated:
        answer = self.takes(mode, topic)
        assert isinstance(answer, Seated), answer
        return answer

    def goes(self) -> None:
        machine, room = self.machine, self.room
        outputs = machine.broker.on_disconnect(self.connection, room.now)
        del machine.heard[self.connection]
        room.settle(machine, outputs)
        room.deliver()
