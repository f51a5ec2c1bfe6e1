"""What refers to lines, applied to them or kept until they come.

Knows: when each happens, and how much waits. Does not know: what follows from a reference
(``core.messaging.referring``), or the author.
"""

from __future__ import annotations

from typing import Any

import apsw

from p2pchat.core.messaging.referring import WAITING_MAX, apply_reference, apply_references
from p2pchat.core.values.changes import PutMessage, PutReference, Settled
from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Reference, ReferenceKind
from p2pchat.store import lines
from p2pchat.store.database import translate_sqlite_errors
from p2pchat.types import ConversationId, MessageId, MessageState

_EXPIRED = """
    (waits_until < ?1 OR (kind = 'reaction' AND expires_at < ?1))
    AND (outgoing = 0 OR state NOT IN ('queued', 'relayed') OR (contact >= '#' AND contact < '$'))"""


def put_message(connection: apsw.Connection, change: PutMessage) -> Settled | None:
    """Add a line, with what waited for it; None: it is as it was given. In a transaction of the caller."""
    if not lines.put_line(connection, change.message):
        return Settled(change, None)
    changed = _take_waiting(connection, change.message, change.keep_earlier)
    return Settled(change, changed) if changed is not None else None


def _take_waiting(connection: apsw.Connection, line: Message, keep: bool) -> Message | None:
    query = f"SELECT {lines.COLUMNS} FROM message WHERE row = ?"
    (row,) = lines.read_lines(connection, query, (connection.last_insert_rowid(),))
    waiting = lines.read_waiting(connection, line.conversation, row.name)
    if not waiting:
        return row.line if row.line.answered is not None else None
    line = apply_references(row.line, waiting, keep=keep)
    lines.change_line(connection, row, line)
    return line


def put_reference(connection: apsw.Connection, change: PutReference) -> Settled:
    """Apply a reference to its line, or have it wait; in a transaction of the caller."""
    new = change.reference
    row = lines.find_line(connection, new.conversation, new.target)
    if row is None:
        if new.author is None or not _is_gone(connection, new):
            _wait(connection, change)
        return Settled(change, None)
    line = apply_reference(row.line, new, keep=change.keep_earlier)
    if line is row.line:
        return Settled(change, None)
    lines.change_line(connection, row, line)
    return Settled(change, line)


def _is_gone(connection: apsw.Connection, new: Reference) -> bool:
    """Whether the line was here and was deleted: then nothing waits for it, least of all a text."""
    return _any(connection, "gone WHERE contact = ? AND name = ?", (new.conversation, new.target))


def _wait(connection: apsw.Connection, change: PutReference) -> None:
    new = change.reference
    lines.put_waiting(connection, new, change.waits_until)
    whose = new.conversation, int(new.author is None), lines.author_of(new)
    if not change.keep_earlier:
        _drop_superseded(connection, new)
    connection.execute(
        "DELETE FROM reference WHERE row IN (SELECT row FROM reference WHERE contact = ? AND outgoing = ?"
        " AND author IS ? AND waits_until IS NOT NULL ORDER BY row DESC LIMIT -1 OFFSET ?)",
        (*whose, WAITING_MAX),
    )


def _drop_superseded(connection: apsw.Connection, new: Reference) -> None:
    """Keep only the last reference of each author to a line that is not here, and none to a withdrawn
    line."""
    theirs = "target = ? AND contact = ? AND outgoing = ? AND author IS ? AND waits_until IS NOT NULL"
    about = new.target, new.conversation, int(new.author is None), lines.author_of(new)
    later = (
        f"EXISTS (SELECT 1 FROM reference later WHERE later.{theirs.replace(' AND ', ' AND later.')}"
        " AND later.kind = reference.kind AND (later.turn, later.id) > (reference.turn, reference.id))"
    )
    connection.execute(f"DELETE FROM reference WHERE {theirs} AND {later}", (*about, *about))
    withdrawn = f"EXISTS (SELECT 1 FROM reference WHERE {theirs} AND kind = ?)"
    connection.execute(
        f"DELETE FROM reference WHERE {theirs} AND kind = ? AND {withdrawn}",
        (*about, ReferenceKind.CORRECTION.value, *about, ReferenceKind.WITHDRAWAL.value),
    )


def drop_expired(connection: apsw.Connection, now: float) -> None:
    """Delete references that have waited too long, and expired reactions; erase the text of a waiting
    correction that has expired. Without that correction a late line would outlive it."""
    connection.execute(f"DELETE FROM reference WHERE {_EXPIRED}", (now,))
    connection.execute(
        "UPDATE reference SET text = '' WHERE expires_at < ? AND waits_until IS NOT NULL AND text <> ''"
        " AND outgoing = 0",
        (now,),
    )


def forget_waiting(connection: apsw.Connection, conversation: ConversationId) -> None:
    """Forget what waits for lines of a conversation."""
    connection.execute(
        "DELETE FROM reference WHERE contact = ? AND waits_until IS NOT NULL"
        " AND (outgoing = 0 OR state NOT IN ('queued', 'relayed'))",
        (conversation,),
    )


def sent_state(connection: apsw.Connection, message: MessageId) -> tuple[ConversationId, MessageState] | None:
    """How far a line or reference of ours has come. Raises StoreError."""
    query = (
        "SELECT contact, state FROM message WHERE id = ?1 AND outgoing = 1"
        " UNION ALL SELECT contact, state FROM reference WHERE id = ?1 AND outgoing = 1"
    )
    with translate_sqlite_errors():
        rows: list[Any] = connection.execute(query, (message,)).fetchall()
    return (ConversationId(rows[0][0]), MessageState(rows[0][1])) if rows else None


def has_expiring(connection: apsw.Connection) -> bool:
    """Whether any reference is to be forgotten some day."""
    return _any(connection, "reference WHERE expires_at IS NOT NULL OR waits_until IS NOT NULL")


def has_versions(connection: apsw.Connection) -> bool:
    """Whether there is something that a line said before."""
    return _any(connection, "version")


def _any(connection: apsw.Connection, where: str, values: tuple[str, ...] = ()) -> bool:
    return bool(connection.execute(f"SELECT EXISTS (SELECT 1 FROM {where})", values).fetchall()[0][0])
