"""Questions about what was said.

Knows: queries over the lines of history. Does not know: how lines come to be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import apsw

from p2pchat.core.records import Message
from p2pchat.store.database import transaction, understood
from p2pchat.types import ContactId, MessageId, MessageState

_COLUMNS = "id, contact, outgoing, at, text, state"


def lines(
    connection: apsw.Connection,
    contact: ContactId,
    search: str | None,
    since: float | None,
    limit: int | None,
) -> list[Message]:
    """The last ``limit`` lines with a contact, oldest first; ``since`` is Unix seconds.

    ``search`` is a substring, in which the case of A to Z does not count. Not by LIKE: that stops at a NUL.
    """
    where, values = ["contact = ?"], [contact]
    conditions: list[tuple[str, Any]] = [("instr(lower(text), lower(?))", search), ("at >= ?", since)]
    for condition, value in conditions:
        if value is not None:
            where.append(condition)
            values.append(value)
    query = f"SELECT {_COLUMNS} FROM message WHERE {' AND '.join(where)} ORDER BY row DESC LIMIT ?"
    return _messages(connection, query, (*values, -1 if limit is None else limit))[::-1]


def one(connection: apsw.Connection, message: MessageId) -> Message | None:
    """One line by its id; of two with the same id (one to ourselves), the outgoing one."""
    query = f"SELECT {_COLUMNS} FROM message WHERE id = ? ORDER BY outgoing DESC LIMIT 1"
    return next(iter(_messages(connection, query, (message,))), None)


def unheard(connection: apsw.Connection, contact: ContactId | None) -> list[Message]:
    """Incoming lines that no listener was given yet, oldest first."""
    narrowed = "" if contact is None else " AND contact = ?"
    query = f"SELECT {_COLUMNS} FROM message WHERE heard = 0 AND outgoing = 0{narrowed} ORDER BY row"
    return _messages(connection, query, () if contact is None else (contact,))


def mark_heard(connection: apsw.Connection, messages: Iterable[MessageId]) -> None:
    """These were given to a listener."""
    with transaction(connection):
        rows = ((message,) for message in messages)
        connection.executemany("UPDATE message SET heard = 1 WHERE id = ? AND outgoing = 0", rows)


def conversations(connection: apsw.Connection) -> list[tuple[Message, int]]:
    """The last line with each contact and how many lines are unheard; the latest conversation first."""
    with understood():
        rows = connection.execute(
            f"SELECT {_COLUMNS}, (SELECT count(*) FROM message m WHERE m.contact = message.contact"
            " AND m.heard = 0 AND m.outgoing = 0)"
            " FROM message WHERE row IN (SELECT max(row) FROM message GROUP BY contact) ORDER BY row DESC"
        ).fetchall()
    return [(_message(row[:-1]), int(row[-1])) for row in rows]  # type: ignore[arg-type]


def _messages(connection: apsw.Connection, query: str, values: Sequence[Any]) -> list[Message]:
    with understood():
        return [_message(row) for row in connection.execute(query, values)]


def _message(row: Sequence[Any]) -> Message:
    id, contact, outgoing, at, text, state = row
    return Message(MessageId(id), ContactId(contact), bool(outgoing), at, text, MessageState(state))
