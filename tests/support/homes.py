"""Homes and records for tests of what is kept on disk."""

from __future__ import annotations

from pathlib import Path

from p2pchat.core.values.changes import Change, PutContact, PutMesh
from p2pchat.core.values.records import Contact, Identity, MeshRecord, Message
from p2pchat.crypto.olm import create_account
from p2pchat.crypto.password import Cost
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.store import KeyFile, Store, Unlock
from p2pchat.types import ContactId, MeshId, MessageId, MessageState, conversation_with

CHEAP = Cost(1, 8192)
"""Argon2id parameters that cost nothing; what is tested is not how long guessing takes."""

MESH = MeshRecord(MeshId(b"m" * 16), b"mesh secret " + b"s" * 20, ("ws://meeting.example",), 1.0)
BOB = Contact(
    ContactId("b" * 64), "Bob the Builder", b"identity key of bob " + b"." * 12, MESH.id, "words", 2.0
)
KNOWN: list[Change] = [PutMesh(MESH), PutContact(BOB)]
WITH_BOB = conversation_with(BOB.id)


def identity(name: str = "Alice Liddell") -> Identity:
    key = b"pickle key " + b"." * 21
    account = create_account(key)
    return Identity(name, account.pickle(), key, account.identity_key, ("ws://meeting.example",), 1.0)


def new_store(home: Path, unlock: Unlock | None = None) -> Store:
    """A home that knows Bob."""
    store = Store.create_store(home, unlock or KeyFile(), identity(), SeededEntropy(str(home)), CHEAP)
    store.commit_changes(KNOWN)
    return store


def message(number: int, text: str = "hello", outgoing: bool = False) -> Message:
    state = MessageState.QUEUED if outgoing else MessageState.DELIVERED
    return Message(
        MessageId(f"{number:032x}"),
        conversation_with(BOB.id),
        None if outgoing else BOB.id,
        float(number),
        text,
        state,
    )
