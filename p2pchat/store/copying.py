"""What of a home goes into a backup, and what becomes of it in another home.

Knows: which entries, in which order. Does not know: their fields, files, or how sessions begin anew.

It holds the identity, the contacts, the history and undelivered messages; it does not hold sessions, held
cells, and lines that are to disappear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import Any, Final

import apsw

from p2pchat.core.values import changes
from p2pchat.core.values.records import Contact, Identity, RecoveryState
from p2pchat.data import dataclass
from p2pchat.errors import Malformed, RefusedInput, StoreError
from p2pchat.store import Store
from p2pchat.store.database import transaction, translate_sqlite_errors
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
from p2pchat.store.history import IN_ROOM
from p2pchat.types import MeshId
from p2pchat.wire.backup import EntryKind
from p2pchat.wire.codec import Reader

LINES_AT_ONCE: Final = 64
"""Lines that are read in one turn: a few milliseconds, in which a node does nothing else."""

LINES_KEPT_AT_ONCE: Final = 1024
"""Lines that are written to a new home in one turn."""

_GET_LINES: Final = f"""
    SELECT row, id, contact, outgoing, at, text, state, heard, rewritten, answers, mentions, unknown
    FROM message WHERE row > ? AND row <= ? AND expires_at IS NULL AND NOT {IN_ROOM} ORDER BY row LIMIT ?"""
_GET_WAITING: Final = """
    SELECT id, contact, payload, place, expires_at, held, kind FROM outbox
    WHERE kind IN ('text', 'reference')
        AND id NOT IN (SELECT id FROM message WHERE outgoing = 1 AND expires_at IS NOT NULL)
        AND id NOT IN (SELECT id FROM reference WHERE outgoing = 1 AND expires_at IS NOT NULL)
    ORDER BY place"""
_PUT_LINE: Final = """
    INSERT OR IGNORE INTO message
        (id, contact, outgoing, at, text, state, heard, rewritten, answers, mentions, unknown, name)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
        CASE ?3 WHEN 1 THEN message_name((SELECT identity_key FROM identity), ?1) ELSE ?1 END)"""
_KEPT_LINE: Final = (
    "message.name = target AND message.contact = reference.contact AND message.expires_at IS NULL"
)
_GET_REFERENCES: Final = f"""
    SELECT id, contact, outgoing, kind, target, turn, at, text, state, mentions FROM reference
    WHERE expires_at IS NULL AND NOT {IN_ROOM}
        AND EXISTS (SELECT 1 FROM message WHERE {_KEPT_LINE} AND message.row <= ?)
    ORDER BY row"""
_PUT_REFERENCE: Final = """
    INSERT OR IGNORE INTO reference
        (id, contact, outgoing, kind, target, turn, at, text, state, mentions)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
    WHERE EXISTS (SELECT 1 FROM message WHERE name = ?5 AND contact = ?2)"""
_GET_VERSIONS: Final = f"""
    SELECT contact, name, version.id, turn, version.at, version.text, version.mentions
    FROM version JOIN message ON message.row = version.message
    WHERE expires_at IS NULL AND NOT {IN_ROOM} AND row <= ? ORDER BY row, turn"""
_PUT_VERSION: Final = """
    INSERT OR IGNORE INTO version (message, id, turn, at, text, mentions)
    SELECT row, ?3, ?4, ?5, ?6, ?7 FROM message WHERE name = ?2 AND contact = ?1"""
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
        encode_home(memory.identity, made_at),
        *map(encode_mesh, memory.meshes),
        *(encode_contact(them, kept.get(them.id, b"")) for them in memory.contacts),
        *(encode_setting(*pair) for pair in store.read_settings().items()),
        *map(encode_tried, memory.tried),
        *store.work_on(_waiting_entries),
        *store.work_on(_forgotten_entries),
    ]
    return CopyTaken(b"".join(entries), store.work_on(_last_row), len(memory.contacts))


def copy_lines(store: Store, copied: CopyTaken) -> bytes:
    """The next few lines, in their present form; empty at the end."""
    rows = store.work_on(lambda connection: _lines_after(connection, copied.row, copied.last_row))
    if rows:
        copied.row = rows[-1][0]
        copied.lines += len(rows)
    return b"".join(encode_line(*row[1:]) for row in rows)


def _lines_after(connection: apsw.Connection, row: int, last: int) -> list[Any]:
    with translate_sqlite_errors():
        return connection.execute(_GET_LINES, (row, last, LINES_AT_ONCE)).fetchall()


def copy_references(store: Store, copied: CopyTaken) -> bytes:
    """What refers to the lines that were taken, and what they said before."""

    def read(connection: apsw.Connection) -> bytes:
        with translate_sqlite_errors():
            last = (copied.last_row,)
            references = [encode_reference(*row) for row in connection.execute(_GET_REFERENCES, last)]
            versions = [encode_version(*row) for row in connection.execute(_GET_VERSIONS, last)]
            return b"".join(references + versions)

    return store.work_on(read)


def end_entry(copied: CopyTaken) -> bytes:
    """What stands last."""
    return encode_end(copied.contacts, copied.lines)


def _last_row(connection: apsw.Connection) -> int:
    with translate_sqlite_errors():
        row: Any = connection.execute("SELECT coalesce(max(row), 0) FROM message").fetchall()[0][0]
    return int(row)


def _waiting_entries(connection: apsw.Connection) -> list[bytes]:
    with translate_sqlite_errors():
        return [encode_waiting(*row) for row in connection.execute(_GET_WAITING)]


def _forgotten_entries(connection: apsw.Connection) -> list[bytes]:
    with translate_sqlite_errors():
        ids = [str(id) for (id,) in connection.execute("SELECT id FROM forgotten ORDER BY id")]
    return [encode_forgotten(ids[at : at + LIST_MAX]) for at in range(0, len(ids), LIST_MAX)]


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
Changes = list[changes.Change]


def open_home(entries: Iterator[tuple[int, Reader]]) -> Contents:
    """What stands first. Raises StoreError."""
    kind, read = next(entries, (0, Reader({})))
    try:
        if kind != EntryKind.HOME:
            raise Malformed("no home first")
        return Contents(*read_home(read))
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
                case EntryKind.WAITING | EntryKind.WAITING_REFERENCE:
                    contents.waiting += 1
                case EntryKind.END:
                    if read_end(read) != (contents.contacts, contents.lines):
                        raise Malformed("not all of it")
                    ended = True
            take(kind, read)
        if not ended:
            raise Malformed("no end")
    except RefusedInput as error:
        raise _senseless(error) from error


class Filling:
    """Puts entries into a new store, some at a time."""

    def __init__(self, store: Store, begin: Callable[[Contact, bytes], Iterable[changes.Change]]) -> None:
        """``begin``: returns what a copy keeps of a contact whose session begins anew, from the keys it
        had."""
        self._store = store
        self._begin = begin
        self._lines: list[tuple[Any, ...]] = []
        self._meshes: set[MeshId] = set()
        self._contacts: set[str] = set()

    def take_entry(self, kind: EntryKind, read: Reader) -> None:
        """Keep one. Raises Malformed, StoreError."""
        match kind:
            case EntryKind.MESH:
                mesh = read_mesh(read)
                self._meshes.add(mesh.id)
                self._store.commit_changes([changes.PutMesh(mesh)])
            case EntryKind.CONTACT:
                contact, keys = read_contact(read)
                _expect(contact.mesh in self._meshes)
                self._contacts.add(contact.id)
                self._store.commit_changes(self._begin(contact, keys))
            case EntryKind.SETTING:
                self._store.keep_setting(*read_setting(read))
            case EntryKind.TRIED:
                self._store.commit_changes([changes.PutTried(read_tried(read))])
            case EntryKind.WAITING | EntryKind.WAITING_REFERENCE:
                waiting = read_waiting(read)
                _expect(waiting.conversation in self._contacts)
                self._store.commit_changes([changes.PutOutbox(waiting)])
            case EntryKind.FORGOTTEN:
                ids = [(id,) for id in read_forgotten(read)]
                self._store.work_on(lambda connection: _put_all(connection, _PUT_FORGOTTEN, ids))
            case EntryKind.LINE:
                line = read_line(read)
                _expect(line[1] in self._contacts)
                self._lines.append(line)
                if len(self._lines) >= LINES_KEPT_AT_ONCE:
                    self._flush_lines()
            case EntryKind.REFERENCE | EntryKind.VERSION:
                self._flush_lines()
                reference = kind is EntryKind.REFERENCE
                row = read_reference(read) if reference else read_version(read)
                statement = _PUT_REFERENCE if reference else _PUT_VERSION
                self._store.work_on(lambda connection: _put_all(connection, statement, [row]))
            case EntryKind.END:
                self._flush_lines()
            case _:
                pass

    def _flush_lines(self) -> None:
        lines, self._lines = self._lines, []
        self._store.work_on(lambda connection: _put_all(connection, _PUT_LINE, lines))


def _expect(known: bool) -> None:
    if not known:
        raise Malformed("of a contact, or in a mesh, that it does not hold")


def _put_all(connection: apsw.Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    with transaction(connection):
        connection.executemany(statement, rows)


def _senseless(error: RefusedInput) -> StoreError:
    return StoreError(f"the backup makes no sense ({error}); it was not made by p2pchat")
