"""What is committed is there again, whole; what is not leaves no trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from p2pchat.core.records import (
    DropContact,
    DropOutbox,
    Memory,
    OutboxEntry,
    PutContact,
    PutIdentity,
    PutMesh,
    PutMessage,
    PutOutbox,
    PutSession,
    SessionState,
    SetMessageState,
)
from p2pchat.errors import StoreError
from p2pchat.store import KeyFile, Store
from p2pchat.types import ContactId, MeshId, MessageId, MessageState
from tests.support.homes import BOB, MESH, identity, message, new_store

ENTRY = OutboxEntry(MessageId("e" * 32), BOB.id, b"payload", 1, 9.0)


def reopened(home: Path, store: Store) -> Store:
    store.close()
    return Store.open(home, KeyFile())


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    me = identity("Somebody Else")
    session = SessionState(BOB.id, b"olm", b"chains")
    sealed = replace(ENTRY, id=MessageId("f" * 32), order=2, number=7, ciphertext=b"sealed", renewal=True)
    store.commit([PutIdentity(me), PutSession(session), PutOutbox(sealed), PutOutbox(ENTRY)])
    store = reopened(tmp_path / "home", store)
    assert store.load() == Memory(me, (MESH,), (BOB,), (session,), (ENTRY, sealed))
    store.close()


def test_putting_again_replaces(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    renamed = replace(BOB, name="Robert", verified=True, blocked=True)
    elsewhere = replace(MESH, rendezvous=("ws://a", "ws://b"))
    later = replace(ENTRY, number=3, ciphertext=b"x")
    store.commit([PutOutbox(ENTRY), PutContact(renamed), PutMesh(elsewhere), PutOutbox(later)])
    memory = store.load()
    assert (memory.contacts, memory.meshes, memory.outbox) == ((renamed,), (elsewhere,), (later,))
    store.commit([DropOutbox(ENTRY.id)])
    assert store.load().outbox == ()
    store.close()


def test_a_dropped_contact_takes_everything_along(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit([PutSession(SessionState(BOB.id, b"o", b"c")), PutOutbox(ENTRY), PutMessage(message(1))])
    store.commit([DropContact(BOB.id)])
    memory = store.load()
    assert (memory.contacts, memory.sessions, memory.outbox) == ((), (), ())
    assert store.history(BOB.id) == []
    store.close()


def test_a_message_is_added_once_and_a_final_state_is_never_left(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    line = message(1, "first", outgoing=True)
    store.commit([PutMessage(line), PutMessage(replace(line, text="second"))])
    assert [each.text for each in store.history(BOB.id)] == ["first"]
    for state in (MessageState.RELAYED, MessageState.DELIVERED, MessageState.EXPIRED, MessageState.QUEUED):
        store.commit([SetMessageState(line.id, state)])
    kept = store.message(line.id)
    assert kept is not None
    assert kept.state is MessageState.DELIVERED
    store.close()


def test_the_same_id_may_come_in_and_go_out(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit([PutMessage(message(1)), PutMessage(message(1, outgoing=True))])
    assert len(store.history(BOB.id)) == 2
    store.close()


def test_a_batch_that_fails_in_its_middle_changes_nothing(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    stranger = replace(ENTRY, contact=ContactId("nobody"))
    with pytest.raises(StoreError):
        store.commit([PutMessage(message(1)), PutOutbox(stranger), PutMessage(message(2))])
    assert store.history(BOB.id) == []
    with pytest.raises(StoreError):
        store.commit([PutContact(replace(BOB, id=ContactId("c"), mesh=MeshId(b"unknown")))])
    store.commit([PutMessage(message(3))])
    assert len(store.history(BOB.id)) == 1
    store.close()


WRITER = """
import sys
from pathlib import Path
from p2pchat.core.records import PutMessage
from p2pchat.store import KeyFile, Store
from tests.support.homes import message
store = Store.open(Path(sys.argv[1]), KeyFile())
number = int(sys.argv[2])
while True:
    number += 2
    store.commit([PutMessage(message(number)), PutMessage(message(number + 1))])
    print(number + 1, flush=True)
"""


def test_killed_at_any_moment_it_keeps_every_acknowledged_batch_whole(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    acknowledged = 0
    for attempt in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(home), str(attempt * 1_000_000)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        ) as writer:
            assert writer.stdout is not None
            lines = [writer.stdout.readline() for _ in range(3)]
            time.sleep(0.001 * (attempt % 7))
            os.kill(writer.pid, signal.SIGKILL)
            lines += writer.stdout.readlines()
        acknowledged += 2 * len([line for line in lines if line.endswith(b"\n")])
        store = Store.open(home, KeyFile())
        kept = [int(line.id, 16) for line in store.history(BOB.id)]
        store.close()
        assert len(kept) % 2 == 0
        assert len(kept) >= acknowledged
        # The last batch may be kept without having been acknowledged.
        assert len(kept) <= acknowledged + 2 * (attempt + 1)
