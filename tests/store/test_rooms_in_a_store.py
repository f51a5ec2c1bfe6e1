"""Homes in a room whose stores are files: what a node resumes with is what the store has kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from p2pchat.core.values import changes, room_records
from p2pchat.core.values.changes import Change, Settled
from p2pchat.core.values.files import FileEffect, ForFiles
from p2pchat.core.values.records import HeldCell, Memory
from p2pchat.core.values.room_inputs import RoomRetention
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.store import KeyFile, Store
from p2pchat.types import ConversationId, MeshId, MessageState, person_of
from tests.support.homes import CHEAP
from tests.support.homes_in_rooms import RoomsWorld


class Shelf:
    """A store in a file. Each change is a transaction of its own, so that a node can be killed between."""

    def __init__(self, path: Path, home: RoomsWorld, name: str) -> None:
        identity = home.machines[name].store.identity
        self.path = path
        self.store = Store.create_store(path, KeyFile(), identity, SeededEntropy(name), CHEAP)
        for change in _changes_of(home, name):
            self.store.commit_changes([change])

    def load_memory(self) -> Memory:
        self.store.close()
        self.store = Store.open_store(self.path, KeyFile())
        return self.store.load_memory()

    def apply_change(self, change: Change) -> Settled | None:
        return next(iter(self.store.commit_changes([change])), None)

    def read_cells(self, mesh: MeshId, numbers: tuple[int, ...]) -> tuple[HeldCell, ...]:
        return self.store.read_cells(mesh, numbers)

    def read_room_records(self, room: ConversationId, names: tuple[bytes, ...]) -> dict[bytes, bytes | None]:
        return self.store.read_room_records(room, names)

    def serve_file(self, effect: FileEffect) -> ForFiles | None:
        return self.store.serve_file(effect)


def _changes_of(world: RoomsWorld, name: str) -> list[Change]:

    kept = world.machines[name].store
    return [
        *(changes.PutMesh(mesh) for mesh in kept.meshes.values()),
        *(changes.PutContact(contact) for contact in kept.contacts.values()),
        *(changes.PutSession(session) for session in kept.sessions.values()),
        *(changes.PutRecovery(recovery) for recovery in kept.recoveries.values()),
        *(room_records.PutRoom(room) for room in kept.rooms.values()),
        *(
            room_records.PutRoomRecords(room.id, {**kept.room_records[room.id]})
            for room in kept.rooms.values()
        ),
    ]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RoomsWorld]:
    """Two in a room; from now on Bob's store is a file."""
    world = RoomsWorld("alice", "bob")
    world.found("alice")
    world.let_in("alice", "bob")
    world.run(20.0)
    world.kill("bob")
    shelf = Shelf(tmp_path / "bob", world, "bob")
    world.machines["bob"].host.store = shelf
    world.start("bob")
    world.run(20.0)
    yield world
    shelf.store.close()


def shelf_of(world: RoomsWorld) -> Store:
    shelf = world.machines["bob"].host.store
    assert isinstance(shelf, Shelf)
    return shelf.store


def test_what_is_said_on_both_sides_of_a_restart_stands_in_one_history(world: RoomsWorld) -> None:
    first = world.say("bob", "before")
    world.run(10.0)
    world.restart("bob")
    world.say("bob", "after", wants=True)
    world.say("alice", "hello", wants=True)
    world.run(60.0)
    lines = shelf_of(world).history.read_messages(world.id("bob"))
    assert sorted(line.text for line in lines) == ["after", "before", "hello"]
    (theirs,) = [line for line in lines if not line.outgoing]
    assert theirs.author == person_of(world.own("alice"))
    (ours,) = [line for line in lines if line.id == first]
    assert ours.state is MessageState.DELIVERED
    assert ours.room is not None and (ours.room.reached, ours.room.to) == (1, 1)
    assert sorted(world.machines["alice"].store.received()) == ["after", "before"]


def test_what_disappears_is_gone_from_the_file(world: RoomsWorld) -> None:
    world.tell("alice", RoomRetention(world.id("alice"), 60))
    world.run(20.0)
    world.say("bob", "soon gone")
    world.run(180.0)
    assert shelf_of(world).history.read_messages(world.id("bob")) == []
    kept = shelf_of(world).work_on(
        lambda connection: connection.execute(
            "SELECT count(*) FROM room_record WHERE expires_at IS NOT NULL"
        ).fetchall()
    )
    assert kept == [(0,)]
