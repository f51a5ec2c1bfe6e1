"""Each record of a home comes out of its entry as it went in, with all its fields; what is out of bounds does
not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from typing import Any

import pytest

from p2pchat.core.values.records import (
    Contact,
    ConversationPreferences,
    Identity,
    MeshRecord,
    OutboxEntry,
    OutboxKind,
    Tried,
    Trust,
)
from p2pchat.crypto.identity import fingerprint
from p2pchat.crypto.kdf import mesh_id
from p2pchat.errors import Malformed
from p2pchat.store.entries import (
    LIST_MAX,
    encode_contact,
    encode_end,
    encode_forgotten,
    encode_home,
    encode_line,
    encode_mesh,
    encode_reference,
    encode_setting,
    encode_tried,
    encode_version,
    encode_waiting,
    read_contact,
    read_end,
    read_forgotten,
    read_home,
    read_line,
    read_mesh,
    read_reference,
    read_setting,
    read_tried,
    read_version,
    read_waiting,
)
from p2pchat.types import ContactId, MeshId, MessageId, conversation_with
from p2pchat.wire.backup import EntryStream
from p2pchat.wire.codec import Reader
from p2pchat.wire.content import Text, Withdrawal
from p2pchat.wire.payload import Retention, UnknownPayload, encode_payload

SECRET, KEY = b"s" * 32, b"k" * 32
ANA = Identity("Ana", b"account", b"p" * 32, KEY, ("ws://meeting.example",), 1.0)
MESH = MeshRecord(
    mesh_id(SECRET),
    SECRET,
    ("ws://meeting.example",),
    1.0,
    ("ws://theirs.example",),
    2,
    3.0,
    MeshId(b"r" * 16),
    MeshId(b"f" * 16),
    4.0,
)
BOB = Contact(
    fingerprint(KEY),
    "Bob",
    KEY,
    MESH.id,
    "words",
    2.0,
    Trust(True, True, 5.0, b"renewal"),
    ConversationPreferences(True, 60.0, 3),
    True,
    through_room="walkers",
    introduced_by="ana",
)
WAITS = OutboxEntry(
    MessageId("d" * 32),
    conversation_with(BOB.id),
    encode_payload(Text(MessageId("d" * 32), 1.0, "it waits")),
    7,
    9e9,
    held=True,
)
REFERS = replace(
    WAITS,
    payload=encode_payload(Withdrawal(WAITS.id, 1.0, MessageId("e" * 32))),
    kind=OutboxKind.REFERENCE,
)
TRIED = Tried(b"m" * 16, 4.0, ContactId("c" * 64))
LINE = ("1" * 32, BOB.id, True, 6.0, "hello", "delivered", True, True, "2" * 32, True, 40)
PLAIN = (*LINE[:8], None, False, 0)
OF_LINE = ("1" * 32, BOB.id, False, "reaction", "2" * 32, 3, 6.0, "👍", "delivered", False)
BEFORE = (BOB.id, "2" * 32, "1" * 32, 0, 6.0, "at eight", True)


def entry(data: bytes) -> Reader:
    ((_, reader),) = EntryStream().take_piece(data)
    return reader


def waiting(entry: OutboxEntry) -> bytes:
    held = int(entry.held)
    fields = entry.id, entry.conversation, entry.payload, entry.order, entry.expires_at, held
    return encode_waiting(*fields, entry.kind.value)


@pytest.mark.parametrize(
    ("data", "read", "expected"),
    [
        (encode_home(ANA, 5.0), read_home, (ANA, 5.0)),
        (encode_mesh(MESH), read_mesh, MESH),
        (encode_contact(BOB, b"keys"), read_contact, (BOB, b"keys")),
        (encode_setting("theme", "nord"), read_setting, ("theme", "nord")),
        (encode_tried(TRIED), read_tried, TRIED),
        (encode_tried(Tried(b"m" * 16, 4.0, None)), read_tried, Tried(b"m" * 16, 4.0, None)),
        (waiting(WAITS), read_waiting, WAITS),
        (encode_forgotten(["1" * 32, "2" * 32]), read_forgotten, ("1" * 32, "2" * 32)),
        (encode_line(*LINE), read_line, LINE),
        (encode_line(*LINE[:8]), read_line, PLAIN),
        (encode_reference(*OF_LINE), read_reference, OF_LINE),
        (encode_version(*BEFORE), read_version, BEFORE),
        (waiting(REFERS), read_waiting, REFERS),
        (encode_end(3, 4), read_end, (3, 4)),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_it_comes_back_as_it_was(data: bytes, read: Callable[[Reader], Any], expected: Any) -> None:
    assert read(entry(data)) == expected


def test_these_records_leave_no_field_at_its_default_but_what_is_not_kept() -> None:
    """So that a field which a record gets later is missed here, and not in a home."""
    left = [
        field.name
        for record in (MESH, BOB, TRIED, WAITS)
        for field in fields(record)
        if field.default is not MISSING and getattr(record, field.name) == field.default
    ]
    assert left == ["standing", "number", "ciphertext", "kind"]


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (encode_forgotten(["1" * 32] * (LIST_MAX + 1)), read_forgotten),
        (encode_setting("n" * 1025, ""), read_setting),
        (encode_line(*LINE[:5], "on its way", *LINE[6:]), read_line),
        (
            encode_reference("1" * 32, BOB.id, 0, "praise", "2" * 32, 1, 6.0, "", "delivered", 0),
            read_reference,
        ),
        (
            encode_reference("1" * 32, BOB.id, 0, "reaction", "2" * 32, 2**32, 6.0, "", "delivered", 0),
            read_reference,
        ),
        (encode_version(*BEFORE[:3], 2**32, *BEFORE[4:]), read_version),
        (encode_waiting(WAITS.id, BOB.id, encode_payload(UnknownPayload(64)), 7, 9e9, 0), read_waiting),
        (encode_end(2**32, 0), read_end),
        (encode_waiting(WAITS.id, BOB.id, encode_payload(Retention(60.0, 1)), 7, 9e9, 0), read_waiting),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_out_of_bounds_is_refused(data: bytes, read: Callable[[Reader], Any]) -> None:
    with pytest.raises(Malformed):
        read(entry(data))
