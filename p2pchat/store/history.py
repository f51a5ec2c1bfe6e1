"""What was said: it is read, rewritten and forgotten.

Knows: queries over the lines of history. Does not know: how lines come to be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import apsw

from p2pchat.core.values.records import Message
from p2pchat.store.checkpoints import Checkpoints
from p2pchat.store.database import DiskFull, transaction, translate_sqlite_errors
from p2pchat.store.lines import COLUMNS, read_lines
from p2pchat.store.references import forget_waiting, sent_state
from p2pchat.store.space import has_space
from p2pchat.types import ConversationId, MessageId, MessageState

IN_ROOM = "(contact >= '#' AND contact < '$')"
"""Whether a line, or what refers to one, is of a room."""

NOT_WAITING = f"""
    (outgoing = 0 OR state NOT IN ('queued', 'relayed')
     OR ({IN_ROOM} AND row IN (SELECT message FROM room_line WHERE number > 0)))"""
"""Whether nothing waits for a line here: what has its number in a room is kept for its members elsewhere."""

INDEXED = range(3, 201)
"""Characters of a search that the index answers: it knows every three that follow each other. Shorter and
longer ones, and those with a NUL, are looked for line by line."""

FEW_BYTES_A_PAGE: Final = 10
"""Bytes of text, for each page of the store, above which the index is made anew of what stays. To overwrite
what it holds of one byte takes 5 to 20 microseconds, to make a page of it anew 50 to 300 (measured)."""

FORGET_BYTES = 32 * 1024
"""Bytes of text forgotten in one transaction where room is short; the index makes eight times as much of
them."""


class MessageHistory:
    """The messages of one open store."""

    def __init__(self, connection: apsw.Connection, checkpoints: Checkpoints) -> None:
        self._connection = connection
        self._checkpoints = checkpoints

    # --- what is read

    def read_messages(
        self,
        conversation: ConversationId | None,
        *,
        search: str | None = None,
        since: float | None = None,
        limit: int | None = None,
        before: MessageId | None = None,
        after: MessageId | None = None,
    ) -> list[Message]:
        """Return the last ``limit`` lines with a contact, or with all, oldest first; ``since`` is Unix
        seconds, ``before`` a line that is not reached. With ``after``, return the first ``limit`` lines
        behind that one; behind "" are all.

        ``search`` is part of a line. Case does not count, nor do accents if it has at least three characters.
        """
        conditions: list[tuple[str, Any]] = [
            ("contact = ?", conversation),
            ("at >= ?", since),
            ("row < (SELECT min(row) FROM message WHERE id = ?)", before),
            ("row > (SELECT max(row) FROM message WHERE id = ?)", after or None),
        ]
        if search is not None:
            conditions.append(_containing(search))
        given = [(condition, value) for condition, value in conditions if value is not None]
        where = " AND ".join(condition for condition, _ in given) or "TRUE"
        order = "DESC" if after is None else "ASC"
        query = f"SELECT {COLUMNS} FROM message WHERE {where} ORDER BY row {order} LIMIT ?"
        values = [value for _, value in given]
        found = _messages(self._connection, query, (*values, -1 if limit is None else limit))
        return found[::-1] if after is None else found

    def find_message(self, message: MessageId) -> Message | None:
        """Find one line by its id."""
        query = f"SELECT {COLUMNS} FROM message WHERE id = ?"
        return next(iter(_messages(self._connection, query, (message,))), None)

    def find_sent_message(self, message: MessageId) -> Message | None:
        """Find one of our own lines by its id; a contact may give its lines any id."""
        query = f"SELECT {COLUMNS} FROM message WHERE id = ? AND outgoing = 1"
        return next(iter(_messages(self._connection, query, (message,))), None)

    def sent_state(self, message: MessageId) -> tuple[ConversationId, MessageState] | None:
        """How far a line of ours has come, or what we said of one."""
        return sent_state(self._connection, message)

    def is_forgotten(self, message: MessageId) -> bool:
        """Whether one of our own lines had that id and was forgotten."""
        with translate_sqlite_errors():
            rows = self._connection.execute("SELECT 1 FROM forgotten WHERE id = ?", (message,)).fetchall()
        return bool(rows)

    def list_unread(self, conversation: ConversationId | None = None) -> list[Message]:
        """List the incoming lines that no listener was given yet, oldest first."""
        narrowed = "" if conversation is None else " AND contact = ?"
        query = f"SELECT {COLUMNS} FROM message WHERE heard = 0 AND outgoing = 0{narrowed} ORDER BY row"
        return _messages(self._connection, query, () if conversation is None else (conversation,))

    def mark_read(self, messages: Iterable[MessageId]) -> None:
        """Note that these lines were given to a listener."""
        with transaction(self._connection):
            rows = ((message,) for message in messages)
            self._connection.executemany("UPDATE message SET heard = 1 WHERE id = ? AND outgoing = 0", rows)

    def list_conversations(self) -> list[tuple[Message, int]]:
        """List the last line with each contact and how many are unread, the latest conversation first."""
        latest = _messages(
            self._connection,
            f"SELECT {COLUMNS} FROM message WHERE row IN (SELECT max(row) FROM message GROUP BY contact)"
            " ORDER BY row DESC",
            (),
        )
        unread = "SELECT contact, count(*) FROM message WHERE heard = 0 AND outgoing = 0 GROUP BY contact"
        with translate_sqlite_errors():
            counts = {str(contact): count for contact, count in self._connection.execute(unread)}
        return [(line, int(counts.get(line.conversation, 0))) for line in latest]

    # --- what is rewritten and forgotten

    def edit_message(self, message: MessageId, text: str) -> bool:
        """Replace the text of a line, mark it as rewritten, and forget what it said before; False if there is
        no such line."""

        def edit() -> bool:
            with transaction(self._connection):
                self._connection.execute(
                    "DELETE FROM version WHERE message IN (SELECT row FROM message WHERE id = ?)", (message,)
                )
                self._connection.execute(
                    "UPDATE message SET text = ?, rewritten = 1 WHERE id = ?", (text, message)
                )
                return self._connection.changes() > 0

        return self._checkpoints.run_and_erase(edit)

    def forget_conversation(self, conversation: ConversationId) -> int:
        """Forget the lines with a contact, except those that wait to be delivered; return how many."""
        return sum(self.forget_by_steps(conversation))

    def forget_by_steps(self, conversation: ConversationId) -> Iterator[int]:
        """Forget as ``forget_conversation`` does; yield how many lines each step, a transaction, forgot. On a
        full disk there are many small steps, so that other work has its turn between them."""
        try:
            yield self._checkpoints.run_and_erase(lambda: self._forget_all(conversation))
        except DiskFull:
            while some := self._checkpoints.run_with_reserve(lambda: self._forget_some(conversation)):
                yield some

    def _forget_some(self, conversation: ConversationId) -> int:
        if has_space(self._connection):
            with suppress(DiskFull):
                return self._checkpoints.run_and_erase(lambda: self._forget_all(conversation))
        return self._checkpoints.run_and_erase(lambda: self._forget_first(conversation))

    def _forget_all(self, conversation: ConversationId) -> int:
        with transaction(self._connection):
            forget_waiting(self._connection, conversation)
            return delete(self._connection, f"contact = ? AND {NOT_WAITING}", conversation)

    def _forget_first(self, conversation: ConversationId) -> int:
        """Forget the first lines that ``_forget_all`` would, about ``FORGET_BYTES``; how many lines."""
        with transaction(self._connection):
            forget_waiting(self._connection, conversation)
            rows: list[tuple[int]] = []
            size = 0
            for row, length in self._connection.execute(
                "SELECT row, length(CAST(text AS BLOB)) FROM message WHERE contact = ?"
                f" AND {NOT_WAITING} ORDER BY row LIMIT 256",
                (conversation,),
            ):
                if rows and size + int(length) > FORGET_BYTES:
                    break
                size += int(length)
                rows.append((int(row),))
            self._connection.executemany("DELETE FROM message WHERE row = ?", rows)
            return len(rows)

    def forget_message(self, message: MessageId) -> bool:
        """Forget one line; False if there is no such line, or it waits to be delivered."""

        def forget() -> bool:
            with transaction(self._connection):
                self._connection.execute(f"DELETE FROM message WHERE id = ? AND {NOT_WAITING}", (message,))
                return self._connection.changes() > 0

        try:
            return self._checkpoints.run_and_erase(forget)
        except DiskFull:
            return self._checkpoints.run_with_reserve(lambda: self._checkpoints.run_and_erase(forget))


def _containing(search: str) -> tuple[str, str]:
    """Not by LIKE: that stops at a NUL, and has signs of its own."""
    if len(search) in INDEXED and "\0" not in search:
        quoted = '"' + search.replace('"', '""') + '"'
        return "row IN (SELECT rowid FROM message_text WHERE message_text MATCH ?)", quoted
    return "instr(lower(text), lower(?))", search


def delete(connection: apsw.Connection, where: str, value: str | float) -> int:
    """Delete the lines for which ``where`` holds with ``value``, and their entries in the index, in a
    transaction of the caller; return how many lines."""
    query = f"SELECT total(length(CAST(text AS BLOB))) FROM message WHERE {where}"
    ((size,),) = connection.execute(query, (value,))
    many = float(size) > FEW_BYTES_A_PAGE * int(connection.pragma("page_count")) and has_space(connection)
    if many:
        _overwrite_in_the_index(connection, False)
    connection.execute(f"DELETE FROM message WHERE {where}", (value,))
    lines = connection.changes()
    if many:
        connection.execute("INSERT INTO message_text (message_text) VALUES ('rebuild')")
        _overwrite_in_the_index(connection, True)
    return lines


def _overwrite_in_the_index(connection: apsw.Connection, at_once: bool) -> None:
    connection.execute(
        "INSERT INTO message_text (message_text, rank) VALUES ('secure-delete', ?)", (int(at_once),)
    )


def _messages(connection: apsw.Connection, query: str, values: Sequence[Any]) -> list[Message]:
    return [row.line for row in read_lines(connection, query, values)]
