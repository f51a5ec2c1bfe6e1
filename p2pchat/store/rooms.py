"""Rooms, offers of rooms, and what a room's machine keeps.

Knows: which row each of these records is. Does not know: lines (``lines``), or what is in a room's records.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, assert_never

import apsw

from p2pchat.core.room.flow import MESSAGE_RECORD
from p2pchat.core.values import room_records as records
from p2pchat.store import history
from p2pchat.store.database import translate_sqlite_errors
from p2pchat.types import ContactId, ConversationId, MemberId, MeshId, RoomOfferId

_PUT_ROOM = """
    INSERT INTO room VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, mesh = excluded.mesh, own = excluded.own,
        joined_at = excluded.joined_at, brought_by = excluded.brought_by, loudness = excluded.loudness,
        known = excluded.known"""
_PUT_RECORD = "INSERT OR REPLACE INTO room_record SELECT id, ?, ?, ? FROM room WHERE id = ?"
_DROP_RECORD = "DELETE FROM room_record WHERE room = ? AND name = ?"
_PUT_OFFER = """
    INSERT INTO room_offer VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, keys = excluded.keys"""
_PLACE = """
    INSERT OR REPLACE INTO room_line SELECT row, ?, ?, 0, NULL, 0, 0, x'' FROM message
    WHERE id = ? AND outgoing = 1"""
_REACH = """
    UPDATE room_line SET reached = min(reached + 1, sent_to) WHERE number BETWEEN ? AND ?
    AND message IN (SELECT row FROM message WHERE contact = ? AND outgoing = 1)"""

_NARROW = """
    UPDATE room_line SET sent_to = ?
    WHERE message = (SELECT row FROM message WHERE id = ? AND outgoing = 1)"""


def apply_to_rooms(connection: apsw.Connection, change: records.RoomChange) -> None:
    """Carry out one change, in a transaction of the caller."""
    run = connection.execute
    match change:
        case records.PutRoom(room):
            run(_PUT_ROOM, _room_row(room))
        case records.PutRoomRecords(of, kept, expires_at):
            rows = ((name, data, expires_at, of) for name, data in kept.items() if data is not None)
            connection.executemany(_PUT_RECORD, rows)
            connection.executemany(_DROP_RECORD, ((of, name) for name, data in kept.items() if data is None))
        case records.DropRoomRecords(of):
            run("DELETE FROM room_record WHERE room = ?", (of,))
        case records.DropRoom(of):
            history.delete(connection, "contact = ?", of)
            run("DELETE FROM room WHERE id = ?", (of,))
        case records.PutRoomOffer(offer):
            run(_PUT_OFFER, _offer_row(offer))
            run("DELETE FROM room_welcome WHERE offer = ?", (offer.id,))
            parts = ((offer.id, place, part) for place, part in enumerate(offer.parts))
            connection.executemany("INSERT INTO room_welcome VALUES (?, ?, ?)", parts)
        case records.DropRoomOffer(id):
            run("DELETE FROM room_offer WHERE id = ?", (id,))
        case records.PlaceRoomLine(message, number, to):
            run(_PLACE, (number, to, message))
        case records.ReachRoomLines(of, first, last):
            run(_REACH, (first, last, of))
        case records.NarrowRoomLine(message, to):
            run(_NARROW, (to, message))
        case _:
            assert_never(change)


def drop_expired(connection: apsw.Connection, now: float) -> None:
    """Forget expired messages that the home keeps for others."""
    connection.execute("DELETE FROM room_record WHERE expires_at < ?", (now,))


def has_expiring(connection: apsw.Connection) -> bool:
    """Whether any message is kept for others and to be forgotten some day."""
    query = "SELECT EXISTS (SELECT 1 FROM room_record WHERE expires_at IS NOT NULL)"
    return bool(connection.execute(query).fetchall()[0][0])


def load_rooms(connection: apsw.Connection) -> tuple[records.RoomState, ...]:
    """Read all rooms, with what their machines need to resume."""
    rows = connection.execute(
        "SELECT id, name, mesh, own, joined_at, brought_by, loudness, known FROM room ORDER BY joined_at, id"
    )
    rooms: list[Any] = rows.fetchall()
    return tuple(records.RoomState(_room(*row), _load_records(connection, row[0])) for row in rooms)


def load_offers(connection: apsw.Connection) -> tuple[records.RoomOfferRecord, ...]:
    """Read all offers that are not over."""
    parts: dict[bytes, tuple[bytes, ...]] = {}
    for offer, part in connection.execute("SELECT offer, part FROM room_welcome ORDER BY offer, place"):
        parts[offer] = (*parts.get(offer, ()), part)
    rows = connection.execute(
        "SELECT id, contact, name, size, at, room, state, keys FROM room_offer ORDER BY at, id"
    )
    return tuple(
        records.RoomOfferRecord(
            RoomOfferId(id),
            ContactId(contact),
            name,
            size,
            at,
            ConversationId(room) if room is not None else None,
            records.OfferState(state),
            keys,
            parts.get(id, ()),
        )
        for id, contact, name, size, at, room, state, keys in rows
    )


def read_records(
    connection: apsw.Connection, room: ConversationId, names: Iterable[bytes]
) -> dict[bytes, bytes | None]:
    """Read records of a room by their names; None where one is not there. Raises StoreError."""
    query = "SELECT data FROM room_record WHERE room = ? AND name = ?"
    with translate_sqlite_errors():
        rows = {name: connection.execute(query, (room, name)).fetchone() for name in names}
    return {name: row[0] if row is not None else None for name, row in rows.items()}


def _load_records(connection: apsw.Connection, room: str) -> dict[bytes, bytes]:
    query = "SELECT name, data FROM room_record WHERE room = ? AND substr(name, 1, 1) <> ?"
    return dict(connection.execute(query, (room, MESSAGE_RECORD)))


def _room_row(room: records.RoomRecord) -> tuple[Any, ...]:
    known = json.dumps({member.hex(): contact for member, contact in room.known.items()})
    who = room.own.hex(), room.joined_at, room.brought_by
    return room.id, room.name, room.mesh, *who, room.loudness.value, known


def _room(id: str, name: str, mesh: bytes, own: str, joined_at: float, *rest: Any) -> records.RoomRecord:
    brought_by, loudness, known = rest
    return records.RoomRecord(
        ConversationId(id),
        name,
        MeshId(mesh),
        MemberId(bytes.fromhex(own)),
        joined_at,
        ContactId(brought_by) if brought_by is not None else None,
        records.Loudness(loudness),
        {MemberId(bytes.fromhex(member)): ContactId(who) for member, who in json.loads(known).items()},
    )


def _offer_row(offer: records.RoomOfferRecord) -> tuple[Any, ...]:
    about = offer.id, offer.contact, offer.name, offer.size, offer.at
    return *about, offer.room, offer.state.value, offer.keys
