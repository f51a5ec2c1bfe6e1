"""Homes that are put back or copied, in the simulator's world, and what people in front of them are told."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable

from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.session.reunion import Reunion
from p2pchat.core.session.session import Session
from p2pchat.core.values import effects, user_inputs
from p2pchat.crypto.recovery import PublicKey, secret_for
from p2pchat.types import MessageState
from p2pchat.wire.cell import Cell, decode_cell, encode_cell
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.recovery import Knock
from tests.support.memory_store import MemoryStore
from tests.support.world import Machine, World


def copied(world: World, name: str) -> MemoryStore:
    return copy.deepcopy(world.machines[name].store)


def put_back(world: World, name: str, older: MemoryStore) -> None:
    """The home is what it was when it was copied; its node starts."""
    machine = world.machines[name]
    world.kill(name)
    machine.store = machine.host.store = copy.deepcopy(older)
    world.start(name)


def twin(world: World, name: str, older: MemoryStore) -> str:
    """A second home from the same copy, under another name in this world."""
    other = f"{name} again"
    store = copy.deepcopy(older)
    world.machines[other] = Machine(other, store, world.sim.add_host(store))
    world.start(other)
    return other


def add_copy_that_asks(world: World) -> None:
    """A twin of r2, of before its last three lines to r1, which writes to r1 and so asks to begin
    anew."""
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after the copy")
    world.send(twin(world, "r2", older), "r1", "it is I")


def turns(world: World, name: str) -> list[str]:
    """What people in front of a home were told about its session."""
    return [event.turn for event in world.machines[name].events(effects.SessionTurned)]


def said(world: World, source: str, target: str, count: int, what: str) -> None:
    for number in range(count):
        world.send(source, target, f"{what} {number}")
        world.run(3.0)


def received(world: World, name: str, what: str) -> list[str]:
    """The texts that begin so, in the order of the history."""
    return [text for text in world.machines[name].store.received() if text.startswith(what)]


def false_deliveries(world: World, source: str, target: str) -> list[str]:
    """What ``source`` was told to be delivered and ``target``'s history lacks."""
    there = world.machines[target].store.received()
    mine = world.machines[source].store.history
    delivered = [line.text for line in mine if line.outgoing and line.state is MessageState.DELIVERED]
    return [text for text in delivered if text not in there]


def verified(world: World, one: str, other: str) -> None:
    """Both compare, and say so."""
    for of, name in ((one, other), (other, one)):
        world.tell(of, user_inputs.ContactVerified(world.contact(of, name), True))


def talk(world: World, of: str, name: str) -> Conversation:
    return world.machines[of].running._conversations._by_id[world.conversation(of, name)]


def session(world: World, of: str, name: str) -> Session:
    return talk(world, of, name)._session


def together(world: World, one: str, other: str) -> bool:
    """Whether both are in one session."""
    return session(world, one, other).name == session(world, other, one).name


def their_key(world: World, of: str, name: str) -> PublicKey:
    """The recovery key that ``of`` accepts from ``name``."""
    theirs = talk(world, of, name)._reunion.keys.theirs
    assert theirs is not None
    return theirs.newest


def another_knock(reunion: Reunion) -> Knock:
    """Make a knock that this end has not made yet."""
    assert reunion.keys.theirs is not None
    theirs = reunion.keys.theirs.newest
    return Knock(secret_for(theirs)[1], theirs.name, reunion.keys.own.list_names())


def held(world: World, name: str) -> list[bytes]:
    """The cells that a member of the mesh keeps for others."""
    mesh = next(iter(world.machines[name].running._meshes.values()))
    return [each.body for each in mesh.traffic.cells._hold._recent.values()]


def inject(world: World, name: str, cell: bytes) -> None:
    """The member sends a cell of its own making."""
    mesh = next(iter(world.machines[name].running._meshes.values()))
    world.tell(name, user_inputs.CellSubmitted(mesh.record.id, cell))


def forged(raw: bytes) -> bytes:
    """Make another box under the same tag, as a writer without any key does."""
    cell = decode_cell(raw)
    return encode_cell(Cell(cell.tag, cell.epoch, bytes(GEOMETRY.stamp), os.urandom(GEOMETRY.box)))


def repeated(raw: bytes) -> bytes:
    """The same cell with another stamp, so that the mesh takes it for a new one."""
    cell = decode_cell(raw)
    return encode_cell(Cell(cell.tag, cell.epoch, os.urandom(GEOMETRY.stamp), cell.box))


def cut(world: World, *names: str) -> Callable[[], None]:
    """Drop all frames to and from these nodes, without a sign for anyone, until the returned function is
    called."""
    before = world.on_frame
    world.on_frame = lambda source, target, data: (
        None if source in names or target in names else before(source, target, data)
    )

    def mend() -> None:
        world.on_frame = before

    return mend
