"""Which row each file is.

Knows: the table of files. Does not know: their content (``pieces``).
"""

from __future__ import annotations

from typing import Any, Final, assert_never

import apsw

from p2pchat.core.values.files import DropFile, FileChange, FileRecord, FileState, PutFile
from p2pchat.types import ContactId, MessageId

_COLUMNS: Final = (
    "id, contact, outgoing, called, at, name, size, kind, salt, root, key,"
    " state, changed_at, pieces, expires_at"
)
_PUT: Final = """
    INSERT INTO file SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM contact WHERE id = ?
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at,
        pieces = excluded.pieces"""


def apply_to_files(connection: apsw.Connection, change: FileChange) -> None:
    """Carry out one change, in a transaction of the caller. A file of a contact that is gone is not kept."""
    match change:
        case PutFile(file):
            connection.execute(_PUT, _file_row(file))
        case DropFile(id):
            connection.execute("DELETE FROM file WHERE id = ?", (id,))
        case _:
            assert_never(change)


def load_files(connection: apsw.Connection) -> tuple[FileRecord, ...]:
    """All, in the order in which they were offered."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM file ORDER BY at, id")
    return tuple(_file(*row) for row in rows)


def _file_row(file: FileRecord) -> tuple[Any, ...]:
    offered = file.id, file.outgoing, file.called, file.at, file.name, file.size, file.kind
    state = file.state.value, file.changed_at, file.pieces, file.expires_at
    return *offered, file.salt, file.root, file.key, *state, file.contact


def _file(id: str, contact: str, outgoing: int, *rest: Any) -> FileRecord:
    called, at, name, size, kind, salt, root, key, state, changed_at, pieces, expires_at = rest
    return FileRecord(
        MessageId(id),
        ContactId(contact),
        bool(outgoing),
        MessageId(called),
        at,
        name,
        size,
        kind,
        salt,
        root,
        key,
        FileState(state),
        changed_at,
        pieces,
        expires_at,
    )
