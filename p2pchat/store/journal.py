"""What a node remembers, written one batch of changes at a time and read back whole.

Knows: which row each record is. Does not know: keys, files, or why anything changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import apsw

from p2pchat.core.values import changes, records
from p2pchat.core.values.changes import Change, Settled
from p2pchat.core.values.files import DropFile, PutFile
from p2pchat.core.values.introductions import DropIntroduction, PutIntroduction
from p2pchat.core.values.records import Memory
from p2pchat.errors import StoreError
from p2pchat.store import file_records, history, introductions, references, rooms
from p2pchat.store.database import transaction, translate_sqlite_errors
from p2pchat.types import ContactId, ConversationId, MeshId, MessageId

_PUT_IDENTITY = "INSERT OR REPLACE INTO identity VALUES (1, ?, ?, ?, ?, ?, ?)"
_PUT_MESH = """
    INSERT INTO mesh (
        id, secret, rendezvous, joined_at, theirs, generation, begins_at, replaces, successor, replaced_at
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET rendezvous = excluded.rendezvous, theirs = excluded.theirs,
        generation = excluded.generation, begins_at = excluded.begins_at, replaces = excluded.replaces,
        successor = excluded.successor, replaced_at = excluded.replaced_at"""
_PUT_CONTACT = """
    INSERT INTO contact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, mesh = excluded.mesh, how = excluded.how,
        verified = excluded.verified, blocked = excluded.blocked, muted = excluded.muted,
        lasts_s = excluded.lasts_s, lasts_turn = excluded.lasts_turn,
        through_room = excluded.through_room, introduced_by = excluded.introduced_by"""
_EXPIRED = f"expires_at < ? AND {history.NOT_WAITING} AND (outgoing = 1 OR heard = 1)"
_PUT_SESSION = "INSERT OR REPLACE INTO session VALUES (?, ?, ?)"
_PUT_RECOVERY = "INSERT OR REPLACE INTO recovery VALUES (?, ?)"
_PUT_RENEWED = "INSERT OR REPLACE INTO renewed VALUES (?, ?, ?, ?, ?)"
_PUT_OUTBOX = "INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SET_STATE = """
    UPDATE {} SET state = ?
    WHERE id = ? AND outgoing = 1 AND state NOT IN ('delivered', 'expired', 'cancelled')"""
_PUT_TRIED = "INSERT OR REPLACE INTO tried VALUES (?, ?, ?)"
_PUT_CELL = "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?)"
_DROP_CELL = "DELETE FROM held WHERE mesh = ? AND number = ?"
_GET_CELL = "SELECT number, key, epoch, slot, body FROM held WHERE mesh = ? AND number = ?"


def commit(
    connection: apsw.Connection, changes: Iterable[Change], then: Callable[[], None] = lambda: None
) -> list[Settled]:
    """Apply a batch and what ``then`` does, all or nothing, durably; return what became of the lines and
    references in it. Raises StoreError."""
    with transaction(connection):
        settled = [_apply(connection, change) for change in changes]
        then()
    return [value for value in settled if value is not None]


def load(connection: apsw.Connection) -> Memory:
    """Read all that a node needs to resume. Raises StoreError."""
    with translate_sqlite_errors():
        row = connection.execute(
            "SELECT name, account, pickle_key, identity_key, rendezvous, created_at FROM identity"
        ).fetchone()
        if row is None:
            raise StoreError("the store holds no identity; start anew with 'p2pchat wipe' and 'init'")
        name, account, pickle_key, identity_key, rendezvous, created_at = row
        identity = records.Identity(name, account, pickle_key, identity_key, _urls(rendezvous), created_at)
        meshes = _meshes(connection)
        held = {mesh.id: _held(connection, mesh.id) for mesh in meshes}
        return Memory(
            identity,
            meshes,
            _contacts(connection),
            _sessions(connection),
            _outbox(connection),
            held,
            _lines_expire(connection),
            _tried(connection),
            _patience(connection),
            _recoveries(connection),
            {MeshId(id): _urls(urls) for id, urls in connection.execute("SELECT mesh, urls FROM listener")},
            references.has_versions(connection),
            rooms=rooms.load_rooms(connection),
            room_offers=rooms.load_offers(connection),
            files=file_records.load_files(connection),
            introductions=introductions.load_introductions(connection),
        )


def cells(connection: apsw.Connection, mesh: MeshId, numbers: Iterable[int]) -> tuple[records.HeldCell, ...]:
    """Read held cells with their bodies, ordered by number; missing ones are left out. Raises StoreError."""
    with translate_sqlite_errors():
        keys = ((mesh, number) for number in sorted(numbers))
        return tuple(records.HeldCell(*row) for row in connection.executemany(_GET_CELL, keys))


def _apply(connection: apsw.Connection, change: Change) -> Settled | None:
    run = connection.execute
    match change:
        case changes.PutIdentity(me):
            urls = json.dumps(me.rendezvous)
            run(_PUT_IDENTITY, (me.name, me.account, me.pickle_key, me.identity_key, urls, me.created_at))
        case (
            changes.PutMesh()
            | changes.PutListeners()
            | changes.DropMesh()
            | changes.PutCells()
            | changes.DropCells()
        ):
            _apply_to_mesh(connection, change)
        case changes.PutContact(contact):
            run(_PUT_CONTACT, _contact_row(contact))
            run(_PUT_RENEWED, _renewed_row(contact))
        case changes.DropContact(id):
            history.delete(connection, "contact = ?", id)
            run("DELETE FROM contact WHERE id = ?", (id,))
        case changes.PutSession(session):
            run(_PUT_SESSION, (session.contact, session.olm, session.chains))
        case changes.PutRecovery(recovery):
            run(_PUT_RECOVERY, (recovery.contact, recovery.state))
        case changes.PutOutbox(entry):
            run(_PUT_OUTBOX, _outbox_row(entry))
        case changes.DropOutbox(id):
            run("DELETE FROM outbox WHERE id = ?", (id,))
        case (
            changes.PutMessage()
            | changes.PutReference()
            | changes.SetMessageState()
            | changes.DropExpiredMessages()
            | changes.DropVersions()
        ):
            return _apply_to_lines(connection, change)
        case changes.PutPatience(patience):
            run("INSERT OR REPLACE INTO patience VALUES (1, ?, ?)", (patience.at, patience.now))
        case changes.PutTried(tried):
            run(_PUT_TRIED, (tried.mark, tried.at, tried.contact))
        case changes.DropTried(mark):
            run("DELETE FROM tried WHERE mark = ?", (mark,))
        case PutFile() | DropFile():
            file_records.apply_to_files(connection, change)
        case PutIntroduction() | DropIntroduction():
            introductions.apply_to_introductions(connection, change)
        case _:
            rooms.apply_to_rooms(connection, change)
    return None


def _apply_to_lines(
    connection: apsw.Connection,
    change: changes.PutMessage
    | changes.PutReference
    | changes.SetMessageState
    | changes.DropExpiredMessages
    | changes.DropVersions,
) -> Settled | None:
    match change:
        case changes.PutMessage():
            return references.put_message(connection, change)
        case changes.PutReference():
            return references.put_reference(connection, change)
        case changes.SetMessageState(id, state):
            for table in ("message", "reference"):
                connection.execute(_SET_STATE.format(table), (state.value, id))
        case changes.DropExpiredMessages(now):
            references.drop_expired(connection, now)
            rooms.drop_expired(connection, now)
            history.delete(connection, _EXPIRED, now)
        case changes.DropVersions():
            connection.execute("DELETE FROM version")
    return None


def _apply_to_mesh(
    connection: apsw.Connection,
    change: changes.PutMesh | changes.PutListeners | changes.DropMesh | changes.PutCells | changes.DropCells,
) -> None:
    match change:
        case changes.PutMesh(mesh):
            connection.execute(_PUT_MESH, _mesh_row(mesh))
        case changes.PutListeners(mesh_id, urls):
            connection.execute("INSERT OR REPLACE INTO listener VALUES (?, ?)", (mesh_id, json.dumps(urls)))
        case changes.DropMesh(id):
            connection.execute("DELETE FROM mesh WHERE id = ?", (id,))
        case changes.PutCells(home, held):
            rows = ((home, cell.number, cell.key, cell.epoch, cell.slot, cell.body) for cell in held)
            connection.executemany(_PUT_CELL, rows)
        case changes.DropCells(home, numbers):
            connection.executemany(_DROP_CELL, ((home, number) for number in numbers))


def _mesh_row(mesh: records.MeshRecord) -> tuple[Any, ...]:
    where, theirs = json.dumps(mesh.rendezvous), json.dumps(mesh.theirs)
    follows = mesh.generation, mesh.begins_at, mesh.replaces, mesh.successor, mesh.replaced_at
    return mesh.id, mesh.secret, where, mesh.joined_at, theirs, *follows


def _contact_row(them: records.Contact) -> tuple[Any, ...]:
    names = them.id, them.name, them.identity_key, them.mesh, them.how
    kept = them.preferences
    decided = them.trust.verified, them.blocked, kept.muted, kept.retention_s, kept.retention_turn
    return *names, them.added_at, *decided, them.through_room, them.introduced_by


def _outbox_row(entry: records.OutboxEntry) -> tuple[Any, ...]:
    waiting = entry.id, entry.conversation, entry.payload, entry.order, entry.expires_at
    return *waiting, entry.number, entry.ciphertext, entry.held, entry.kind.value


def _renewed_row(them: records.Contact) -> tuple[Any, ...]:
    trust = them.trust
    return them.id, trust.renewed_at, trust.renewal, trust.verified_before, them.standing


def _meshes(connection: apsw.Connection) -> tuple[records.MeshRecord, ...]:
    rows = connection.execute(
        "SELECT id, secret, rendezvous, joined_at, theirs, generation, begins_at, replaces, successor,"
        " replaced_at FROM mesh ORDER BY joined_at, begins_at, id"
    )
    return tuple(
        records.MeshRecord(MeshId(id), secret, _urls(urls), joined, _urls(theirs), *follows)
        for id, secret, urls, joined, theirs, *follows in rows
    )


def _contacts(connection: apsw.Connection) -> tuple[records.Contact, ...]:
    rows = connection.execute(
        "SELECT id, name, identity_key, mesh, how, added_at, verified, blocked, muted,"
        " lasts_s, lasts_turn, through_room, introduced_by, renewed_at, renewal, was_verified, standing"
        " FROM contact LEFT JOIN renewed ON renewed.contact = contact.id"
        " ORDER BY added_at, id"
    )
    return tuple(_contact(*row) for row in rows)


def _contact(
    id: str, name: str, key: bytes, mesh: bytes, how: str, added: float, *decided: Any
) -> records.Contact:
    verified, blocked, muted, retention_s, retention_turn, through_room, introduced_by, *anew = decided
    at, renewal, verified_before, standing = anew
    trust = records.Trust(bool(verified), bool(verified_before), at or 0.0, renewal or b"")
    preferences = records.ConversationPreferences(bool(muted), retention_s, retention_turn)
    who = ContactId(id), name, key, MeshId(mesh), how, added
    return records.Contact(
        *who, trust, preferences, bool(blocked), standing or "", through_room, introduced_by
    )


def _recoveries(connection: apsw.Connection) -> tuple[records.RecoveryState, ...]:
    rows = connection.execute("SELECT contact, state FROM recovery ORDER BY contact")
    return tuple(records.RecoveryState(ContactId(contact), state) for contact, state in rows)


def _sessions(connection: apsw.Connection) -> tuple[records.SessionState, ...]:
    rows = connection.execute("SELECT contact, olm, chains FROM session ORDER BY contact")
    return tuple(records.SessionState(ContactId(contact), olm, chains) for contact, olm, chains in rows)


def _outbox(connection: apsw.Connection) -> tuple[records.OutboxEntry, ...]:
    rows = connection.execute(
        "SELECT id, contact, payload, place, expires_at, number, ciphertext, held, kind FROM outbox"
        " ORDER BY place, id"
    )
    return tuple(_entry(*row) for row in rows)


def _entry(id: str, contact: str, *rest: Any) -> records.OutboxEntry:
    payload, place, expires, number, ciphertext, held, kind = rest
    waiting = MessageId(id), ConversationId(contact), payload, place, expires
    return records.OutboxEntry(*waiting, number, ciphertext, records.OutboxKind(kind), bool(held))


def _held(connection: apsw.Connection, mesh: MeshId) -> tuple[records.HeldCell, ...]:
    rows = connection.execute(
        "SELECT number, key, epoch, slot FROM held WHERE mesh = ? ORDER BY number", (mesh,)
    )
    return tuple(records.HeldCell(*row) for row in rows)


def _lines_expire(connection: apsw.Connection) -> bool:
    query = "SELECT EXISTS (SELECT 1 FROM message WHERE expires_at IS NOT NULL)"
    lines = bool(connection.execute(query).fetchall()[0][0])
    return lines or references.has_expiring(connection) or rooms.has_expiring(connection)


def _tried(connection: apsw.Connection) -> tuple[records.Tried, ...]:
    rows = connection.execute("SELECT mark, at, contact FROM tried ORDER BY at, mark")
    return tuple(records.Tried(mark, at, ContactId(who) if who else None) for mark, at, who in rows)


def _patience(connection: apsw.Connection) -> records.PatienceState | None:
    row = connection.execute("SELECT at, now FROM patience").fetchone()
    return records.PatienceState(*row) if row is not None else None


def _urls(stored: str) -> tuple[str, ...]:
    return tuple(json.loads(stored))
