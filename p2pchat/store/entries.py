"""Which record of a home is which entry of a backup, there and back.

Knows: the fields of each, and their bounds. Does not know: tables, files, or what of a home is taken.
"""

from __future__ import annotations

from typing import Any, Final

from p2pchat.core.messaging.send_queue import kind_of
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
from p2pchat.core.values.references import ReferenceKind
from p2pchat.crypto.identity import fingerprint
from p2pchat.crypto.kdf import mesh_id
from p2pchat.errors import Malformed
from p2pchat.types import ContactId, ConversationId, MeshId, MessageId, MessageState
from p2pchat.wire.backup import ENTRY_MAX, EntryKind, encode_entry
from p2pchat.wire.codec import Reader
from p2pchat.wire.content import TURN_MAX, Correction, Reaction, Text, Withdrawal
from p2pchat.wire.payload import decode_payload

_NAME_MAX: Final = 1024
_URL_MAX: Final = 4096
LIST_MAX: Final = 1024
_TIME_MAX: Final = 1e15
_U32: Final = 2**32 - 1
_TYPE_MAX: Final = 2**16 - 1


def encode_home(me: Identity, made_at: float) -> bytes:
    """The identity of the home, and the time of the backup."""
    return encode_entry(
        EntryKind.HOME,
        {
            "name": me.name,
            "account": me.account,
            "pickle_key": me.pickle_key,
            "identity_key": me.identity_key,
            "rendezvous": list(me.rendezvous),
            "created_at": float(me.created_at),
            "at": made_at,
        },
    )


def read_home(reader: Reader) -> tuple[Identity, float]:
    """Undo ``encode_home``. Raises Malformed."""
    identity = Identity(
        reader.get_text("name", _NAME_MAX),
        reader.get_bytes("account", limit=ENTRY_MAX),
        reader.get_bytes("pickle_key", 32),
        reader.get_bytes("identity_key", 32),
        reader.get_texts("rendezvous", LIST_MAX, _URL_MAX),
        _read_time(reader, "created_at"),
    )
    return identity, _read_time(reader, "at")


def encode_mesh(mesh: MeshRecord) -> bytes:
    """A mesh, and where it is met."""
    return encode_entry(
        EntryKind.MESH,
        {
            "secret": mesh.secret,
            "rendezvous": list(mesh.rendezvous),
            "theirs": list(mesh.theirs),
            "joined_at": float(mesh.joined_at),
            "generation": mesh.generation,
            "begins_at": float(mesh.begins_at),
            "replaces": mesh.replaces or b"",
            "successor": mesh.successor or b"",
            "replaced_at": float(mesh.replaced_at),
        },
    )


def read_mesh(reader: Reader) -> MeshRecord:
    """Undo ``encode_mesh``. Raises Malformed."""
    secret = reader.get_bytes("secret", 32)
    replaces, successor = (reader.get_bytes(key, limit=16) for key in ("replaces", "successor"))
    return MeshRecord(
        mesh_id(secret),
        secret,
        reader.get_texts("rendezvous", LIST_MAX, _URL_MAX),
        _read_time(reader, "joined_at"),
        reader.get_texts("theirs", LIST_MAX, _URL_MAX),
        reader.get_integer("generation", 0, _U32),
        _read_time(reader, "begins_at"),
        MeshId(replaces) if replaces else None,
        MeshId(successor) if successor else None,
        _read_time(reader, "replaced_at"),
    )


def encode_contact(them: Contact, keys: bytes) -> bytes:
    """A contact, and what is kept of the recovery keys for it."""
    return encode_entry(
        EntryKind.CONTACT,
        {
            "name": them.name,
            "identity_key": them.identity_key,
            "mesh": them.mesh,
            "how": them.how,
            "added_at": float(them.added_at),
            "verified": them.trust.verified,
            "was_verified": them.trust.verified_before,
            "blocked": them.blocked,
            "muted": them.preferences.muted,
            "lasts_s": float(them.preferences.retention_s),
            "lasts_turn": them.preferences.retention_turn,
            "renewed_at": float(them.trust.renewed_at),
            "renewal": them.trust.renewal,
            "keys": keys,
            **({"through_room": them.through_room} if them.through_room else {}),
            **({"introduced_by": them.introduced_by} if them.introduced_by else {}),
        },
    )


def read_contact(reader: Reader) -> tuple[Contact, bytes]:
    """Undo ``encode_contact``. Raises Malformed."""
    key = reader.get_bytes("identity_key", 32)
    contact = Contact(
        fingerprint(key),
        reader.get_text("name", _NAME_MAX),
        key,
        MeshId(reader.get_bytes("mesh", 16)),
        reader.get_text("how", _NAME_MAX),
        _read_time(reader, "added_at"),
        Trust(
            reader.get_flag("verified"),
            reader.get_flag("was_verified"),
            _read_time(reader, "renewed_at"),
            reader.get_bytes("renewal", limit=64),
        ),
        ConversationPreferences(
            reader.get_flag("muted"),
            reader.get_float("lasts_s", 0.0, _TIME_MAX),
            reader.get_integer("lasts_turn", 0, _U32),
        ),
        reader.get_flag("blocked"),
        through_room=reader.get_text("through_room", _NAME_MAX) if "through_room" in reader else "",
        introduced_by=reader.get_text("introduced_by", _NAME_MAX) if "introduced_by" in reader else "",
    )
    return contact, reader.get_bytes("keys", limit=ENTRY_MAX)


def encode_setting(name: str, value: str) -> bytes:
    """A setting, as it was written."""
    return encode_entry(EntryKind.SETTING, {"name": name, "value": value})


def read_setting(reader: Reader) -> tuple[str, str]:
    """Undo ``encode_setting``. Raises Malformed."""
    return reader.get_text("name", _NAME_MAX), reader.get_text("value", ENTRY_MAX)


def encode_tried(tried: Tried) -> bytes:
    """A code that was tried."""
    return encode_entry(
        EntryKind.TRIED, {"mark": tried.mark, "at": float(tried.at), "contact": tried.contact or ""}
    )


def read_tried(reader: Reader) -> Tried:
    """Undo ``encode_tried``. Raises Malformed."""
    who = reader.get_text("contact", 64)
    return Tried(reader.get_bytes("mark", limit=64), _read_time(reader, "at"), ContactId(who) or None)


def encode_waiting(
    id: str, contact: str, payload: bytes, order: int, expires_at: float, held: int, kind: str = "text"
) -> bytes:
    """Encode a message that waits for delivery, or a reference to a message. Older readers skip an unknown
    kind."""
    return encode_entry(
        EntryKind.WAITING if kind == OutboxKind.TEXT.value else EntryKind.WAITING_REFERENCE,
        {
            "id": id,
            "contact": contact,
            "payload": payload,
            "order": order,
            "expires_at": expires_at,
            "held": held,
        },
    )


def read_waiting(reader: Reader) -> OutboxEntry:
    """Undo ``encode_waiting``; it is yet to be sealed. Raises Malformed."""
    payload = reader.get_bytes("payload", limit=ENTRY_MAX)
    content = decode_payload(payload)
    if not isinstance(content, Text | Reaction | Correction | Withdrawal):
        raise Malformed("something else than what a person said and that waits")
    return OutboxEntry(
        MessageId(reader.get_text("id", 64)),
        ConversationId(reader.get_text("contact", 64)),
        payload,
        reader.get_integer("order", 0, 2**53),
        _read_time(reader, "expires_at"),
        kind=kind_of(content),
        held=bool(reader.get_integer("held", 0, 1)),
    )


def encode_forgotten(ids: list[str]) -> bytes:
    """Ids of lines of ours that were forgotten, ``LIST_MAX`` at most."""
    return encode_entry(EntryKind.FORGOTTEN, {"ids": ids})


def read_forgotten(reader: Reader) -> tuple[str, ...]:
    """Undo ``encode_forgotten``. Raises Malformed."""
    return reader.get_texts("ids", LIST_MAX, 64)


def encode_line(
    id: str,
    contact: str,
    outgoing: int,
    at: float,
    text: str,
    state: str,
    read: int,
    rewritten: int,
    answers: str | None = None,
    mentions: int = 0,
    unknown: int = 0,
) -> bytes:
    """A line of the history; the last three are there where they say something."""
    more = {"answers": answers, "mentions": bool(mentions), "unknown": unknown}
    return encode_entry(
        EntryKind.LINE,
        {
            **{key: value for key, value in more.items() if value},
            "id": id,
            "contact": contact,
            "outgoing": bool(outgoing),
            "at": float(at),
            "text": text,
            "state": state,
            "heard": bool(read),
            "rewritten": bool(rewritten),
        },
    )


def read_line(reader: Reader) -> tuple[Any, ...]:
    """What ``encode_line`` was given, in that order. Raises Malformed."""
    try:
        state = MessageState(reader.get_text("state", _NAME_MAX))
    except ValueError as error:
        raise Malformed("a state that no message has") from error
    flags = reader.get_flag("heard"), reader.get_flag("rewritten")
    return (
        reader.get_text("id", 64),
        reader.get_text("contact", 64),
        reader.get_flag("outgoing"),
        _read_time(reader, "at"),
        reader.get_text("text", ENTRY_MAX),
        state.value,
        *flags,
        reader.get_text("answers", 64) if "answers" in reader else None,
        "mentions" in reader and reader.get_flag("mentions"),
        reader.get_integer("unknown", 0, _TYPE_MAX) if "unknown" in reader else 0,
    )


def encode_reference(
    id: str,
    contact: str,
    outgoing: int,
    kind: str,
    target: str,
    turn: int,
    at: float,
    text: str,
    state: str,
    mentions: int,
) -> bytes:
    """What was said of a line."""
    return encode_entry(
        EntryKind.REFERENCE,
        {
            "id": id,
            "contact": contact,
            "outgoing": bool(outgoing),
            "kind": kind,
            "target": target,
            "turn": turn,
            "at": float(at),
            "text": text,
            "state": state,
            "mentions": bool(mentions),
        },
    )


def read_reference(reader: Reader) -> tuple[Any, ...]:
    """What ``encode_reference`` was given, in that order. Raises Malformed."""
    try:
        kind, state = (
            ReferenceKind(reader.get_text("kind", _NAME_MAX)),
            MessageState(reader.get_text("state", _NAME_MAX)),
        )
    except ValueError as error:
        raise Malformed("a kind or a state that no reference has") from error
    return (
        reader.get_text("id", 64),
        reader.get_text("contact", 64),
        reader.get_flag("outgoing"),
        kind.value,
        reader.get_text("target", 64),
        reader.get_integer("turn", 0, TURN_MAX),
        _read_time(reader, "at"),
        reader.get_text("text", ENTRY_MAX),
        state.value,
        reader.get_flag("mentions"),
    )


def encode_version(
    contact: str, target: str, id: str, turn: int, at: float, text: str, mentions: int
) -> bytes:
    """What a line said before."""
    return encode_entry(
        EntryKind.VERSION,
        {
            "contact": contact,
            "target": target,
            "id": id,
            "turn": turn,
            "at": float(at),
            "text": text,
            "mentions": bool(mentions),
        },
    )


def read_version(reader: Reader) -> tuple[Any, ...]:
    """What ``encode_version`` was given, in that order. Raises Malformed."""
    return (
        reader.get_text("contact", 64),
        reader.get_text("target", 64),
        reader.get_text("id", 64),
        reader.get_integer("turn", 0, TURN_MAX),
        _read_time(reader, "at"),
        reader.get_text("text", ENTRY_MAX),
        reader.get_flag("mentions"),
    )


def encode_end(contacts: int, lines: int) -> bytes:
    """The number of entries, for the reader to compare."""
    return encode_entry(EntryKind.END, {"contacts": contacts, "lines": lines})


def read_end(reader: Reader) -> tuple[int, int]:
    """Undo ``encode_end``. Raises Malformed."""
    return reader.get_integer("contacts", 0, _U32), reader.get_integer("lines", 0, 2**53)


def _read_time(reader: Reader, key: str) -> float:
    return reader.get_float(key, -_TIME_MAX, _TIME_MAX)
