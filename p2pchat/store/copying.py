"""What of a home goes into a backup, and what becomes of it in another home.

Knows: which record is which entry. Does not know: files, or how sessions begin anew.

In it is who we are, whom we know, what was said and what waits to be delivered; not in it are sessions, held
cells, and lines that are to disappear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import apsw

from p2pchat.core import records
from p2pchat.core.records import Contact, Identity, Mesh, OutboxEntry, RecoveryState, Tried
from p2pchat.crypto.identity import fingerprint
from p2pchat.crypto.kdf import mesh_id
from p2pchat.errors import Malformed, RefusedInput, StoreError
from p2pchat.store import Store, settings
from p2pchat.store.database import transaction, translate_sqlite_errors
from p2pchat.types import ContactId, ConversationId, MeshId, MessageId, MessageState
from p2pchat.wire.backup import ENTRY_MAX, EntryKind, encode_entry
from p2pchat.wire.codec import Reader
from p2pchat.wire.payload import Text, decode_payload

LINES_AT_ONCE: Final = 64
"""Lines that are read in one turn: a few milliseconds, in which a node does nothing else."""

LINES_KEPT_AT_ONCE: Final = 1024
"""Lines that are written to a new home in one turn."""

_NAME_MAX: Final = 1024
_LIST_MAX: Final = 1024
_TIME_MAX: Final = 1e15
_U32: Final = 2**32 - 1

_GET_LINES: Final = """
    SELECT row, id, contact, outgoing, at, text, state, heard, rewritten FROM message
    WHERE row > ? AND row <= ? AND expires_at IS NULL ORDER BY row LIMIT ?"""
_GET_WAITING: Final = """
    SELECT id, contact, payload, place, expires_at, held FROM outbox
    WHERE kind = 'text' AND id NOT IN (SELECT id FROM message WHERE outgoing = 1 AND expires_at IS NOT NULL)
    ORDER BY place"""
_PUT_LINE: Final = """
    INSERT OR IGNORE INTO message (id, contact, outgoing, at, text, state, heard, rewritten)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_PUT_FORGOTTEN: Final = "INSERT OR IGNORE INTO forgotten VALUES (?)"


@dataclass(slots=True)
class CopyTaken:
    """What was taken so far."""

    entries: bytes = field(repr=False)
    last_row: int
    """Lines that came later are not in it."""
    contacts: int
    lines: int = 0
    row: int = 0
    """Of the last line that was taken."""


# --- out of a home


def copy_records(store: Store, keys: Callable[[RecoveryState], bytes], made_at: float) -> CopyTaken:
    """All but the lines, as it is at one moment. ``keys``: what is kept of recovery keys."""
    memory = store.load_memory()
    kept = {state.contact: keys(state) for state in memory.recoveries}
    entries = [
        _home_entry(memory.identity, made_at),
        *map(_mesh_entry, memory.meshes),
        *(_contact_entry(them, kept.get(them.id, b"")) for them in memory.contacts),
        *(_setting_entry(*pair) for pair in store.work_on(settings.kept).items()),
        *map(_tried_entry, memory.tried),
        *store.work_on(_waiting_entries),
        *store.work_on(_forgotten_entries),
    ]
    return CopyTaken(b"".join(entries), store.work_on(_last_row), len(memory.contacts))


def copy_lines(store: Store, copied: CopyTaken) -> bytes:
    """The next few lines, as they are now; empty when there are no more."""
    rows = store.work_on(lambda connection: _lines_after(connection, copied.row, copied.last_row))
    if rows:
        copied.row = rows[-1][0]
        copied.lines += len(rows)
    return b"".join(_line_entry(*row[1:]) for row in rows)


def _lines_after(connection: apsw.Connection, row: int, last: int) -> list[Any]:
    with translate_sqlite_errors():
        return connection.execute(_GET_LINES, (row, last, LINES_AT_ONCE)).fetchall()


def end_entry(copied: CopyTaken) -> bytes:
    """What stands last."""
    return encode_entry(EntryKind.END, {"contacts": copied.contacts, "lines": copied.lines})


def _last_row(connection: apsw.Connection) -> int:
    with translate_sqlite_errors():
        row: Any = connection.execute("SELECT coalesce(max(row), 0) FROM message").fetchall()[0][0]
    return int(row)


def _home_entry(me: Identity, made_at: float) -> bytes:
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


def _mesh_entry(mesh: Mesh) -> bytes:
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


def _contact_entry(them: Contact, keys: bytes) -> bytes:
    return encode_entry(
        EntryKind.CONTACT,
        {
            "name": them.name,
            "identity_key": them.identity_key,
            "mesh": them.mesh,
            "how": them.how,
            "added_at": float(them.added_at),
            "verified": them.verified,
            "was_verified": them.was_verified,
            "blocked": them.blocked,
            "muted": them.muted,
            "lasts_s": float(them.lasts_s),
            "lasts_turn": them.lasts_turn,
            "renewed_at": float(them.renewed_at),
            "renewal": them.renewal,
            "keys": keys,
        },
    )


def _setting_entry(name: str, value: str) -> bytes:
    return encode_entry(EntryKind.SETTING, {"name": name, "value": value})


def _tried_entry(tried: Tried) -> bytes:
    return encode_entry(
        EntryKind.TRIED, {"mark": tried.mark, "at": float(tried.at), "contact": tried.contact or ""}
    )


def _waiting_entries(connection: apsw.Connection) -> list[bytes]:
    with translate_sqlite_errors():
        rows = connection.execute(_GET_WAITING).fetchall()
    names = "id", "contact", "payload", "order", "expires_at", "held"
    return [encode_entry(EntryKind.WAITING, dict(zip(names, row, strict=True))) for row in rows]


def _forgotten_entries(connection: apsw.Connection) -> list[bytes]:
    with translate_sqlite_errors():
        ids = [str(id) for (id,) in connection.execute("SELECT id FROM forgotten ORDER BY id")]
    groups = [ids[at : at + _LIST_MAX] for at in range(0, len(ids), _LIST_MAX)]
    return [encode_entry(EntryKind.FORGOTTEN, {"ids": group}) for group in groups]


def _line_entry(
    id: str, contact: str, outgoing: int, at: float, text: str, state: str, read: int, rewritten: int
) -> bytes:
    return encode_entry(
        EntryKind.LINE,
        {
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


def note_backup(store: Store, at: float | None) -> None:
    """A backup was made at that time; None: none is of any use. Raises StoreError."""

    def note(connection: apsw.Connection) -> None:
        with transaction(connection):
            connection.execute("DELETE FROM backup")
            if at is not None:
                connection.execute("INSERT INTO backup VALUES (1, ?)", (at,))

    store.work_on(note)


def backed_up_at(store: Store) -> float | None:
    """When the last backup was made. Raises StoreError."""

    def when(connection: apsw.Connection) -> list[Any]:
        with translate_sqlite_errors():
            return connection.execute("SELECT at FROM backup").fetchall()

    rows = store.work_on(when)
    return float(rows[0][0]) if rows else None


# --- into another


@dataclass(slots=True)
class Contents:
    """What a backup holds."""

    identity: Identity
    made_at: float
    meshes: int = 0
    contacts: int = 0
    verified: int = 0
    lines: int = 0
    waiting: int = 0
    unknown: int = 0
    """Entries that a later version wrote."""


Take = Callable[[EntryKind, Reader], None]
Changes = list[records.Change]


def open_home(entries: Iterator[tuple[int, Reader]]) -> Contents:
    """What stands first. Raises StoreError."""
    kind, read = next(entries, (0, Reader({})))
    try:
        if kind != EntryKind.HOME:
            raise Malformed("no home first")
        identity = Identity(
            read.get_text("name", _NAME_MAX),
            read.get_bytes("account", limit=ENTRY_MAX),
            read.get_bytes("pickle_key", 32),
            read.get_bytes("identity_key", 32),
            read.get_texts("rendezvous", _LIST_MAX, _NAME_MAX * 4),
            read.get_float("created_at", -_TIME_MAX, _TIME_MAX),
        )
        return Contents(identity, read.get_float("at", -_TIME_MAX, _TIME_MAX))
    except Malformed as error:
        raise _senseless(error) from error


def take_entries(entries: Iterator[tuple[int, Reader]], contents: Contents, take: Take) -> None:
    """Count all that follows, and hand it over. Raises StoreError."""
    ended = False
    try:
        for number, read in entries:
            kind = EntryKind(number) if number in EntryKind._value2member_map_ else None
            if ended or kind is EntryKind.HOME:
                raise Malformed("something behind the end, or a second home")
            match kind:
                case None:
                    contents.unknown += 1
                    continue
                case EntryKind.MESH:
                    contents.meshes += 1
                case EntryKind.CONTACT:
                    contents.contacts += 1
                    contents.verified += read.get_flag("verified")
                case EntryKind.LINE:
                    contents.lines += 1
                case EntryKind.WAITING:
                    contents.waiting += 1
                case EntryKind.END:
                    counted = read.get_integer("contacts", 0, _U32), read.get_integer("lines", 0, 2**53)
                    if counted != (contents.contacts, contents.lines):
                        raise Malformed("not all of it")
                    ended = True
            take(kind, read)
        if not ended:
            raise Malformed("no end")
    except RefusedInput as error:
        raise _senseless(error) from error


class Filling:
    """Puts entries into a new store, some at a time."""

    def __init__(self, store: Store, begin: Callable[[Contact, bytes], Iterable[records.Change]]) -> None:
        """``begin``: what is kept of a contact, whose session begins anew, out of the keys that it had."""
        self._store = store
        self._begin = begin
        self._lines: list[tuple[Any, ...]] = []
        self._meshes: set[MeshId] = set()
        self._contacts: set[str] = set()

    def take_entry(self, kind: EntryKind, read: Reader) -> None:
        """Keep one. Raises Malformed, StoreError."""
        match kind:
            case EntryKind.MESH:
                mesh = _mesh(read)
                self._meshes.add(mesh.id)
                self._store.commit_changes([records.PutMesh(mesh)])
            case EntryKind.CONTACT:
                contact = _contact(read)
                _expect(contact.mesh in self._meshes)
                self._contacts.add(contact.id)
                self._store.commit_changes(self._begin(contact, read.get_bytes("keys", limit=ENTRY_MAX)))
            case EntryKind.SETTING:
                self._store.keep_setting(read.get_text("name", _NAME_MAX), read.get_text("value", ENTRY_MAX))
            case EntryKind.TRIED:
                self._store.commit_changes([records.PutTried(_tried(read))])
            case EntryKind.WAITING:
                waiting = _waiting(read)
                _expect(waiting.conversation in self._contacts)
                self._store.commit_changes([records.PutOutbox(waiting)])
            case EntryKind.FORGOTTEN:
                ids = [(id,) for id in read.get_texts("ids", _LIST_MAX, 64)]
                self._store.work_on(lambda connection: _put_all(connection, _PUT_FORGOTTEN, ids))
            case EntryKind.LINE:
                line = _line(read)
                _expect(line[1] in self._contacts)
                self._lines.append(line)
                if len(self._lines) >= LINES_KEPT_AT_ONCE:
                    self._flush_lines()
            case EntryKind.END:
                self._flush_lines()
            case _:
                pass

    def _flush_lines(self) -> None:
        lines, self._lines = self._lines, []
        self._store.work_on(lambda connection: _put_all(connection, _PUT_LINE, lines))


def _expect(known: bool) -> None:
    if not known:
        raise Malformed("of somebody, or in a mesh, that it does not hold")


def _put_all(connection: apsw.Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    with transaction(connection):
        connection.executemany(statement, rows)


def _mesh(read: Reader) -> Mesh:
    secret = read.get_bytes("secret", 32)
    replaces, successor = (read.get_bytes(key, limit=16) for key in ("replaces", "successor"))
    return Mesh(
        mesh_id(secret),
        secret,
        read.get_texts("rendezvous", _LIST_MAX, _NAME_MAX * 4),
        read.get_float("joined_at", -_TIME_MAX, _TIME_MAX),
        read.get_texts("theirs", _LIST_MAX, _NAME_MAX * 4),
        read.get_integer("generation", 0, _U32),
        read.get_float("begins_at", -_TIME_MAX, _TIME_MAX),
        MeshId(replaces) if replaces else None,
        MeshId(successor) if successor else None,
        read.get_float("replaced_at", -_TIME_MAX, _TIME_MAX),
    )


def _contact(read: Reader) -> Contact:
    key = read.get_bytes("identity_key", 32)
    return Contact(
        fingerprint(key),
        read.get_text("name", _NAME_MAX),
        key,
        MeshId(read.get_bytes("mesh", 16)),
        read.get_text("how", _NAME_MAX),
        read.get_float("added_at", -_TIME_MAX, _TIME_MAX),
        read.get_flag("verified"),
        read.get_flag("blocked"),
        read.get_flag("muted"),
        read.get_float("lasts_s", 0.0, _TIME_MAX),
        read.get_integer("lasts_turn", 0, _U32),
        read.get_float("renewed_at", -_TIME_MAX, _TIME_MAX),
        read.get_bytes("renewal", limit=64),
        read.get_flag("was_verified"),
    )


def _tried(read: Reader) -> Tried:
    who = read.get_text("contact", 64)
    return Tried(
        read.get_bytes("mark", limit=64), read.get_float("at", -_TIME_MAX, _TIME_MAX), ContactId(who) or None
    )


def _waiting(read: Reader) -> OutboxEntry:
    payload = read.get_bytes("payload", limit=ENTRY_MAX)
    if not isinstance(decode_payload(payload), Text):
        raise Malformed("something else than a message that waits")
    return OutboxEntry(
        MessageId(read.get_text("id", 64)),
        ConversationId(read.get_text("contact", 64)),
        payload,
        read.get_integer("order", 0, 2**53),
        read.get_float("expires_at", -_TIME_MAX, _TIME_MAX),
        held=bool(read.get_integer("held", 0, 1)),
    )


def _line(read: Reader) -> tuple[Any, ...]:
    try:
        state = MessageState(read.get_text("state", _NAME_MAX))
    except ValueError as error:
        raise Malformed("a state that no message has") from error
    flags = read.get_flag("heard"), read.get_flag("rewritten")
    return (
        read.get_text("id", 64),
        read.get_text("contact", 64),
        read.get_flag("outgoing"),
        read.get_float("at", -_TIME_MAX, _TIME_MAX),
        read.get_text("text", ENTRY_MAX),
        state.value,
        *flags,
    )


def _senseless(error: RefusedInput) -> StoreError:
    return StoreError(f"the backup makes no sense ({error}); it was not made by p2pchat")
