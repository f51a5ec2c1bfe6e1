"""Lines as rows: read with all that refers to them, and written.

Knows: which row each line, reference and version is. Does not know: which lines are asked for (``history``),
or what follows from a reference (``core.messaging.referring``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from typing import Any, Final

import apsw

from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Answered, Reference, ReferenceKind, Referred, Version
from p2pchat.core.values.room_records import LinePlace
from p2pchat.data import dataclass
from p2pchat.store.database import translate_sqlite_errors
from p2pchat.types import ContactId, ConversationId, MemberId, MessageId, MessageName, MessageState

COLUMNS: Final = (
    "row, name, id, contact, outgoing, at, text, state, expires_at, rewritten, answers, mentions, unknown,"
    " author"
)

ANSWERED_CHARACTERS: Final = 200
"""Of a line that is answered, read with the one that answers it."""

_PUT_LINE: Final = """
    INSERT OR IGNORE INTO message
        (id, contact, outgoing, at, text, state, expires_at, answers, mentions, unknown, author, name)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
        CASE ?3 WHEN 1 THEN coalesce(
            (SELECT received_id(own, ?1) FROM room WHERE id = ?2),
            message_name((SELECT identity_key FROM identity), ?1)) ELSE ?1 END)"""
_PUT_PLACE: Final = "INSERT INTO room_line VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

_REFERENCE: Final = "id, contact, outgoing, kind, target, turn, at, text, state, mentions, expires_at, author"
_PUT_REFERENCE: Final = f"""
    INSERT OR IGNORE INTO reference ({_REFERENCE}, waits_until)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_ABOUT: Final = "target = ? AND contact = ?"


@dataclass(frozen=True, slots=True)
class Row:
    """A line, and where it is."""

    number: int
    name: MessageName
    line: Message


def read_lines(connection: apsw.Connection, query: str, values: Sequence[Any]) -> list[Row]:
    """Read what a query for ``COLUMNS`` finds. Raises StoreError."""
    with translate_sqlite_errors():
        rows = [_row(columns) for columns in connection.execute(query, values)]
        return _with_references(connection, rows)


def find_line(connection: apsw.Connection, conversation: ConversationId, name: MessageName) -> Row | None:
    """Find the line that is called so. Raises StoreError."""
    query = f"SELECT {COLUMNS} FROM message WHERE name = ? AND contact = ?"
    return next(iter(read_lines(connection, query, (name, conversation))), None)


def put_line(connection: apsw.Connection, line: Message) -> bool:
    """Add one; False if it is here."""
    fields = line.id, line.conversation, int(line.outgoing), line.at, line.text, line.state.value
    more = line.expires_at, line.answers, int(line.mentions), line.unknown, author_of(line)
    connection.execute(_PUT_LINE, (*fields, *more))
    if not connection.changes():
        return False
    if line.room is not None:
        row = connection.last_insert_rowid()
        connection.execute(_PUT_PLACE, (row, *_place_row(line.room)))
        connection.set_last_insert_rowid(row)
    return True


def author_of(one: Message | Reference) -> str | None:
    """Return the author, where the conversation does not tell it."""
    return one.author if one.author is None or str(one.author) != one.conversation else None


def change_line(connection: apsw.Connection, row: Row, line: Message) -> None:
    """Replace a line, with its references and versions. A line that was withdrawn need not be heard."""
    referred = line.referred or Referred()
    connection.execute(
        "UPDATE message SET mentions = ?, rewritten = ?, expires_at = ?, heard = max(heard, ?) WHERE row = ?",
        (line.mentions, line.rewritten, line.expires_at, referred.withdrawal is not None, row.number),
    )
    if line.text != row.line.text:
        connection.execute("UPDATE message SET text = ? WHERE row = ?", (line.text, row.number))
    connection.execute(f"DELETE FROM reference WHERE {_ABOUT}", (row.name, line.conversation))
    for reference in (referred.correction, referred.withdrawal, *referred.reactions):
        if reference is not None:
            connection.execute(_PUT_REFERENCE, (*_reference_row(reference), None))
    connection.execute("DELETE FROM version WHERE message = ?", (row.number,))
    for earlier in referred.earlier:
        fields = earlier.id, earlier.turn, earlier.at, earlier.text, int(earlier.mentions)
        connection.execute("INSERT INTO version VALUES (?, ?, ?, ?, ?, ?)", (row.number, *fields))


def put_waiting(connection: apsw.Connection, new: Reference, waits_until: float) -> None:
    """Keep what refers to a line that is not here."""
    connection.execute(_PUT_REFERENCE, (*_reference_row(new), waits_until))


def read_waiting(
    connection: apsw.Connection, conversation: ConversationId, name: MessageName
) -> list[Reference]:
    """Read what waits for a line, in the order in which it came."""
    query = f"SELECT {_REFERENCE} FROM reference WHERE {_ABOUT} AND waits_until IS NOT NULL ORDER BY row"
    return [_reference(columns) for columns in connection.execute(query, (name, conversation))]


@dataclass(slots=True)
class _Found:
    references: list[Reference] = field(default_factory=list)
    earlier: list[Version] = field(default_factory=list)


def _with_references(connection: apsw.Connection, rows: list[Row]) -> list[Row]:
    found: defaultdict[tuple[str, str], _Found] = defaultdict(_Found)
    names = json.dumps([row.name for row in rows])
    about = f"SELECT {_REFERENCE} FROM reference WHERE target IN (SELECT value FROM json_each(?))"
    for columns in connection.execute(f"{about} AND waits_until IS NULL ORDER BY row", (names,)):
        reference = _reference(columns)
        found[reference.conversation, reference.target].references.append(reference)
    places = {row.number: (row.line.conversation, row.name) for row in rows}
    before = "SELECT message, id, turn, at, text, mentions FROM version"
    numbers = json.dumps(list(places))
    for number, id, turn, at, text, mentions in connection.execute(
        f"{before} WHERE message IN (SELECT value FROM json_each(?)) ORDER BY turn, id", (numbers,)
    ):
        found[places[number]].earlier.append(Version(MessageId(id), turn, at, text, bool(mentions)))
    answered, at = _answered(connection, rows), _places(connection, rows)
    rows = [replace(row, line=replace(row.line, room=at.get(row.number))) if at else row for row in rows]
    return [_complete(row, found.get((row.line.conversation, row.name)), answered) for row in rows]


def _answered(connection: apsw.Connection, rows: Iterable[Row]) -> dict[tuple[str, str], Answered]:
    names = sorted({row.line.answers for row in rows if row.line.answers is not None})
    if not names:
        return {}
    query = (
        f"SELECT contact, name, id, outgoing, substr(text, 1, {ANSWERED_CHARACTERS}), EXISTS ("
        " SELECT 1 FROM reference WHERE target = message.name AND reference.contact = message.contact"
        f" AND kind = '{ReferenceKind.WITHDRAWAL.value}'), author FROM message"
        " WHERE name IN (SELECT value FROM json_each(?))"
    )
    return {
        (contact, name): Answered(MessageId(id), bool(outgoing), text, bool(withdrawn), author)
        for contact, name, id, outgoing, text, withdrawn, author in connection.execute(
            query, (json.dumps(names),)
        )
    }


def _complete(row: Row, found: _Found | None, answered: dict[tuple[str, str], Answered]) -> Row:
    line = row.line
    if line.answers is not None:
        line = replace(line, answered=answered.get((line.conversation, line.answers)))
    if found is not None:
        line = replace(line, referred=_referred(found))
    return replace(row, line=line)


def _referred(found: _Found) -> Referred:
    of_kind = {
        kind: [reference for reference in found.references if reference.kind is kind]
        for kind in ReferenceKind
    }
    reactions = sorted(of_kind[ReferenceKind.REACTION], key=lambda one: one.author or "")
    return Referred(
        next(iter(of_kind[ReferenceKind.CORRECTION]), None),
        next(iter(of_kind[ReferenceKind.WITHDRAWAL]), None),
        tuple(reactions),
        tuple(found.earlier),
    )


def _reference_row(one: Reference) -> tuple[Any, ...]:
    about = one.kind.value, one.target, one.turn, one.at, one.text, one.state.value
    whose = one.id, one.conversation, int(one.author is None)
    return *whose, *about, int(one.mentions), one.expires_at, author_of(one)


def _places(connection: apsw.Connection, rows: list[Row]) -> dict[int, LinePlace]:
    """What is known of those lines that are of rooms."""
    numbers = [row.number for row in rows if row.line.conversation.startswith("#")]
    if not numbers:
        return {}
    query = "SELECT * FROM room_line WHERE message IN (SELECT value FROM json_each(?))"
    return {
        message: LinePlace(
            number,
            to,
            reached,
            MemberId(through) if through is not None else None,
            lacks,
            bool(differs),
            tuple(MemberId(could[at : at + 32]) for at in range(0, len(could), 32)),
        )
        for message, number, to, reached, through, lacks, differs, could in connection.execute(
            query, (json.dumps(numbers),)
        )
    }


def _place_row(place: LinePlace) -> tuple[Any, ...]:
    sent = place.number, place.to, place.reached
    return *sent, place.through, place.lacks, int(place.differs), b"".join(place.could_read)


def _reference(columns: Sequence[Any]) -> Reference:
    id, contact, outgoing, kind, target, turn, at, text, state, mentions, expires_at, author = columns
    return Reference(
        MessageId(id),
        ConversationId(contact),
        None if outgoing else ContactId(author or contact),
        ReferenceKind(kind),
        MessageName(target),
        turn,
        at,
        text,
        MessageState(state),
        bool(mentions),
        expires_at,
    )


def _row(columns: Sequence[Any]) -> Row:
    number, name, id, contact, outgoing, at, text, state, expires_at, *more = columns
    rewritten, answers, mentions, unknown, author = more
    line = Message(
        MessageId(id),
        ConversationId(contact),
        None if outgoing else ContactId(author or contact),
        at,
        text,
        MessageState(state),
        expires_at,
        bool(rewritten),
        MessageName(answers) if answers is not None else None,
        bool(mentions),
        unknown,
    )
    return Row(number, MessageName(name), line)
