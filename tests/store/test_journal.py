"""What is committed is there again, whole; what is not leaves no trace."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from p2pchat.core.values.changes import (
    DropCells,
    DropContact,
    DropMesh,
    DropOutbox,
    DropTried,
    PutCells,
    PutContact,
    PutIdentity,
    PutListeners,
    PutMesh,
    PutMessage,
    PutOutbox,
    PutSession,
    PutTried,
    SetMessageState,
)
from p2pchat.core.values.records import HeldCell, Memory, OutboxEntry, OutboxKind, SessionState, Tried, Trust
from p2pchat.errors import StoreError
from p2pchat.store import KeyFile, Store
from p2pchat.types import CellKey, ContactId, ConversationId, Epoch, MeshId, MessageId, MessageState
from tests.support.homes import BOB, MESH, WITH_BOB, identity, message, new_store

ENTRY = OutboxEntry(MessageId("e" * 32), WITH_BOB, b"payload", 1, 9.0)


def reopened(home: Path, store: Store) -> Store:
    store.close()
    return Store.open_store(home, KeyFile())


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    me = identity("Somebody Else")
    session = SessionState(BOB.id, b"olm", b"chains")
    sealed = replace(
        ENTRY, id=MessageId("f" * 32), order=2, number=7, ciphertext=b"sealed", kind=OutboxKind.REKEY
    )
    store.commit_changes([PutIdentity(me), PutSession(session), PutOutbox(sealed), PutOutbox(ENTRY)])
    store = reopened(tmp_path / "home", store)
    assert store.load_memory() == Memory(me, (MESH,), (BOB,), (session,), (ENTRY, sealed), {MESH.id: ()})
    store.close()


def test_where_members_listen_comes_back_and_goes_with_the_mesh(tmp_path: Path) -> None:
    other = replace(MESH, id=MeshId(b"o" * 16))
    store = new_store(tmp_path / "home")
    store.commit_changes(
        [
            PutMesh(other),
            PutListeners(MESH.id, ("ws://11.0.0.1:1",)),
            PutListeners(other.id, ("ws://11.0.0.2:2",)),
        ]
    )
    store.commit_changes([PutListeners(MESH.id, ("ws://11.0.0.3:3", "ws://11.0.0.1:1"))])
    store = reopened(tmp_path / "home", store)
    assert not store.load_memory().set_back
    assert store.load_memory().listeners == {
        MESH.id: ("ws://11.0.0.3:3", "ws://11.0.0.1:1"),
        other.id: ("ws://11.0.0.2:2",),
    }
    store.commit_changes([DropMesh(other.id)])
    assert list(store.load_memory().listeners) == [MESH.id]
    store.close()


def test_held_cells_come_back_as_an_index_and_whole_when_asked_for(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    kept = tuple(
        HeldCell(number, CellKey(bytes([number]) * 8), Epoch(81_000), 7, bytes([number]) * 925)
        for number in (1, 2, 3)
    )
    store.commit_changes([PutCells(MESH.id, kept[1:]), PutCells(MESH.id, kept[:1])])
    store = reopened(tmp_path / "home", store)
    assert store.load_memory().held == {MESH.id: tuple(replace(cell, body=b"") for cell in kept)}
    assert store.read_cells(MESH.id, [3, 1, 4]) == (kept[0], kept[2])
    assert store.read_cells(MeshId(b"another"), [1]) == ()
    store.commit_changes([DropCells(MESH.id, (1, 3, 4))])
    assert [cell.number for cell in store.load_memory().held[MESH.id]] == [2]
    store.close()


def test_codes_that_were_tried_come_back_oldest_first_until_they_are_dropped(tmp_path: Path) -> None:
    first, second = Tried(b"f" * 16, 2.0), Tried(b"s" * 16, 1.0)
    store = new_store(tmp_path / "home")
    store.commit_changes([PutTried(first), PutTried(second)])
    assert store.load_memory().tried == (second, first)
    worked = replace(second, at=3.0, contact=BOB.id)
    store.commit_changes([PutTried(worked), DropContact(BOB.id)])
    assert store.load_memory().tried == (first, worked), "also when the contact is gone"
    store.commit_changes([DropTried(first.mark)])
    assert store.load_memory().tried == (worked,)
    store.close()


def test_cells_of_an_unknown_mesh_are_refused_with_their_batch(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    stray = HeldCell(1, CellKey(b"k" * 8), Epoch(81_000), 7, b"c" * 925)
    with pytest.raises(StoreError):
        store.commit_changes([PutMessage(message(1)), PutCells(MeshId(b"unknown"), (stray,))])
    assert store.history.read_messages(WITH_BOB) == []
    store.close()


def test_putting_again_replaces(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    renamed = replace(BOB, name="Robert", trust=Trust(verified=True), blocked=True)
    elsewhere = replace(MESH, rendezvous=("ws://a", "ws://b"))
    later = replace(ENTRY, number=3, ciphertext=b"x")
    store.commit_changes([PutOutbox(ENTRY), PutContact(renamed), PutMesh(elsewhere), PutOutbox(later)])
    memory = store.load_memory()
    assert (memory.contacts, memory.meshes, memory.outbox) == ((renamed,), (elsewhere,), (later,))
    store.commit_changes([DropOutbox(ENTRY.id)])
    assert store.load_memory().outbox == ()
    store.close()


def test_a_dropped_contact_takes_everything_along(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit_changes(
        [PutSession(SessionState(BOB.id, b"o", b"c")), PutOutbox(ENTRY), PutMessage(message(1))]
    )
    store.commit_changes([DropContact(BOB.id)])
    memory = store.load_memory()
    assert (memory.contacts, memory.sessions, memory.outbox) == ((), (), ())
    assert store.history.read_messages(WITH_BOB) == []
    store.close()


def test_a_message_is_added_once_and_a_final_state_is_never_left(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    line = message(1, "first", outgoing=True)
    store.commit_changes([PutMessage(line), PutMessage(replace(line, text="second"))])
    assert [each.text for each in store.history.read_messages(WITH_BOB)] == ["first"]
    for state in (MessageState.RELAYED, MessageState.DELIVERED, MessageState.EXPIRED, MessageState.QUEUED):
        store.commit_changes([SetMessageState(line.id, state)])
    kept = store.history.find_sent_message(line.id)
    assert kept is not None
    assert kept.state is MessageState.DELIVERED
    store.close()


def test_the_same_id_may_come_in_and_go_out(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit_changes([PutMessage(message(1)), PutMessage(message(1, outgoing=True))])
    assert len(store.history.read_messages(WITH_BOB)) == 2
    store.close()


def test_a_batch_that_fails_in_its_middle_changes_nothing(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    stranger = replace(ENTRY, conversation=ConversationId("nobody"))
    with pytest.raises(StoreError):
        store.commit_changes([PutMessage(message(1)), PutOutbox(stranger), PutMessage(message(2))])
    assert store.history.read_messages(WITH_BOB) == []
    with pytest.raises(StoreError):
        store.commit_changes([PutContact(replace(BOB, id=ContactId("c"), mesh=MeshId(b"unknown")))])
    store.commit_changes([PutMessage(message(3))])
    assert len(store.history.read_messages(WITH_BOB)) == 1
    store.close()


DRILL = """
import os, random, signal, sys, time
from pathlib import Path
from p2pchat.core.values.changes import PutMessage
from p2pchat.store import KeyFile, Store
from tests.support.homes import WITH_BOB, message

home, chance = Path(sys.argv[1]), random.Random(1)

def write(first, acknowledge):
    store = Store.open_store(home, KeyFile())
    store._connection.wal_autocheckpoint(chance.choice((10, 100, 1000)))  # the log begins anew now and then
    for batch in range(first, first + 10**6):
        size = 1 + batch % 3
        store.commit_changes([PutMessage(message(10 * batch + each, "x" * 2000)) for each in range(size)])
        os.write(acknowledge, batch.to_bytes(4, "big"))

acknowledged = []
for kill in range(24):
    reading, writing = os.pipe()
    writer = os.fork()
    if writer == 0:
        write(kill * 10**6, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        acknowledged.append(pipe.read(4))
        time.sleep(chance.uniform(0, 0.03))
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        rest = pipe.read()
    acknowledged += [rest[at : at + 4] for at in range(0, len(rest), 4)]
    store = Store.open_store(home, KeyFile())
    kept = [int(line.id, 16) for line in store.history.read_messages(WITH_BOB)]
    store.close()
    batches = sorted({number // 10 for number in kept})
    assert kept == [10 * batch + each for batch in batches for each in range(1 + batch % 3)], "half a batch"
    lost = {int.from_bytes(each, "big") for each in acknowledged} - set(batches)
    assert not lost, lost
    assert len(batches) <= len(acknowledged) + kill + 1, "more than was being written"
print(len(acknowledged))
"""


def test_killed_at_any_moment_it_keeps_every_acknowledged_batch_whole(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    done = subprocess.run(
        [sys.executable, "-c", DRILL, str(home)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.stderr == ""
    assert int(done.stdout) >= 24


def test_what_cannot_be_text_is_refused_whole(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    with pytest.raises(StoreError, match="half a character"):
        store.commit_changes([PutMessage(message(1)), PutMessage(message(2, "\udc80"))])
    assert store.history.read_messages(WITH_BOB) == []
    store.close()
