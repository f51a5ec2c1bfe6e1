"""Rooms, their lines and offers of rooms, kept and read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from p2pchat.core.values.changes import (
    DropContact,
    DropExpiredMessages,
    DropMesh,
    PutMessage,
    PutReference,
)
from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Reference, ReferenceKind
from p2pchat.core.values.room_records import (
    DropRoom,
    DropRoomOffer,
    LinePlace,
    Loudness,
    NarrowRoomLine,
    OfferState,
    PlaceRoomLine,
    PutRoom,
    PutRoomOffer,
    PutRoomRecords,
    ReachRoomLines,
    RoomOfferRecord,
    RoomRecord,
    RoomState,
)
from p2pchat.crypto.identity import received_id
from p2pchat.store import Store, database, lines
from p2pchat.store.vault import KeyFile
from p2pchat.types import (
    MemberId,
    MessageId,
    MessageName,
    MessageState,
    RoomId,
    RoomOfferId,
    conversation_in,
    person_of,
)
from tests.support.homes import BOB, MESH, message, new_store

OWN, EVE = MemberId(b"o" * 32), MemberId(b"e" * 32)
ROOM = RoomRecord(
    conversation_in(RoomId(b"r" * 32)), "walkers", MESH.id, OWN, 5.0, BOB.id, Loudness.MENTIONS, {EVE: BOB.id}
)
OFFER = RoomOfferRecord(
    RoomOfferId(b"f" * 16), BOB.id, "walkers", 3, 6.0, None, OfferState.ACCEPTED, b"keys", (b"one", b"two")
)


def line(number: int, author: MemberId | None = EVE, expires_at: float | None = None) -> Message:
    return replace(
        message(number, f"line {number}", outgoing=author is None),
        conversation=ROOM.id,
        author=person_of(author) if author is not None else None,
        expires_at=expires_at,
        room=LinePlace(number, through=EVE, lacks=2, differs=True, could_read=(OWN, EVE))
        if author is not None
        else None,
    )


def test_a_room_its_records_and_offers_outlive_a_restart(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    records = {b"flow": b"1", b"message of 7": b"2", b"gone": b"3"}
    store.commit_changes([PutRoom(ROOM), PutRoomRecords(ROOM.id, records), PutRoomOffer(OFFER)])
    store.commit_changes([PutRoomRecords(ROOM.id, {b"flow": b"4", b"gone": None})])
    store.close()
    store = Store.open_store(tmp_path / "home", KeyFile())
    memory = store.load_memory()
    assert memory.rooms == (RoomState(ROOM, {b"flow": b"4"}),), "messages for others are not in memory"
    assert memory.room_offers == (OFFER,)
    read = store.read_room_records(ROOM.id, [b"message of 7", b"gone"])
    assert read == {b"message of 7": b"2", b"gone": None}
    store.commit_changes([PutRoomOffer(replace(OFFER, parts=())), DropRoomOffer(RoomOfferId(b"x" * 16))])
    assert store.load_memory().room_offers == (replace(OFFER, parts=()),)
    store.commit_changes([DropRoomOffer(OFFER.id)])
    assert store.load_memory().room_offers == ()
    store.close()


def test_lines_of_a_room_have_their_author_and_their_place(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    theirs, ours = line(1), line(2, author=None)
    store.commit_changes([PutRoom(ROOM), PutMessage(theirs), PutMessage(ours)])
    assert store.history.read_messages(ROOM.id) == [theirs, ours]
    store.commit_changes([PlaceRoomLine(ours.id, 9, 2), ReachRoomLines(ROOM.id, 1, 8)])
    assert store.history.read_messages(ROOM.id)[1].room == LinePlace(9, 2, 0)
    for _ in range(3):
        store.commit_changes([ReachRoomLines(ROOM.id, 4, 9)])
    assert store.history.read_messages(ROOM.id)[1].room == LinePlace(9, 2, 2), "no more than there are"
    store.commit_changes([PlaceRoomLine(ours.id, 9, 3), ReachRoomLines(ROOM.id, 9, 9)])
    store.commit_changes([NarrowRoomLine(ours.id, 2), NarrowRoomLine(theirs.id, 7)])
    assert [one.room for one in store.history.read_messages(ROOM.id)] == [theirs.room, LinePlace(9, 2, 1)]
    row = lines.find_line(store._connection, ROOM.id, MessageName(received_id(person_of(OWN), ours.id)))
    assert row is not None and row.line.id == ours.id, "members compute the name from who we are in the room"
    store.close()


def test_two_members_react_to_one_line_and_only_its_author_corrects_it(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")

    def said(author: MemberId, kind: ReferenceKind, text: str, target: str) -> PutReference:
        id = MessageId(received_id(person_of(author), MessageId(text.encode().hex().ljust(32, "0"))))
        about = kind, MessageName(target), 1, 7.0, text, MessageState.DELIVERED
        return PutReference(Reference(id, ROOM.id, person_of(author), *about), 100.0)

    first, other = line(1), MemberId(b"x" * 32)
    store.commit_changes([PutRoom(ROOM), PutMessage(first)])
    store.commit_changes(
        [
            said(EVE, ReferenceKind.REACTION, "+", first.id),
            said(other, ReferenceKind.REACTION, "-", first.id),
            said(other, ReferenceKind.CORRECTION, "false", first.id),
        ]
    )
    (now,) = store.history.read_messages(ROOM.id)
    assert now.text == first.text and now.referred is not None
    assert [(one.author, one.text) for one in now.referred.reactions] == [
        (person_of(EVE), "+"),
        (person_of(other), "-"),
    ]
    store.commit_changes([said(EVE, ReferenceKind.CORRECTION, "right", first.id)])
    assert store.history.read_messages(ROOM.id)[0].text == "right"
    store.close()


def test_what_disappears_is_gone_also_where_it_was_kept_for_others(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    ours = line(2, author=None, expires_at=50.0)
    store.commit_changes(
        [
            PutRoom(ROOM),
            PutMessage(line(1, expires_at=50.0)),
            PutMessage(ours),
            PutRoomRecords(ROOM.id, {b"m1": b"text"}, expires_at=50.0),
        ]
    )
    assert store.load_memory().lines_expire
    store.history.mark_read([line(1).id])
    store.commit_changes([DropExpiredMessages(60.0)])
    assert [one.id for one in store.history.read_messages(ROOM.id)] == [ours.id], "it was not written yet"
    assert store.read_room_records(ROOM.id, [b"m1"]) == {b"m1": None}
    store.commit_changes([PlaceRoomLine(ours.id, 1, 2), DropExpiredMessages(60.0)])
    assert store.history.read_messages(ROOM.id) == [], "it was written, and its cells are kept elsewhere"
    store.close()


def test_a_room_that_is_forgotten_leaves_nothing(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit_changes([PutRoom(ROOM), PutRoomRecords(ROOM.id, {b"flow": b"1"}), PutMessage(line(1))])
    store.keep_draft(ROOM.id, "half a thought")
    store.commit_changes([DropRoom(ROOM.id), PutRoomRecords(ROOM.id, {b"flow": b"late"})])
    assert store.load_memory().rooms == () and store.read_drafts() == {}
    assert store.history.read_messages(ROOM.id) == []
    for table in ("room_record", "room_line", "message", "gone"):
        assert store._connection.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)], table
    store.close()


def test_a_home_of_before_keeps_its_lines_and_they_still_go_with_their_contact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, files = tmp_path / "home", database._schema_files()
    new_store(home).close()
    with monkeypatch.context() as then:
        then.setattr(database, "_schema_files", lambda: {n: sql for n, sql in files.items() if n < 20})
        path = tmp_path / "before"
        connection = database.connect(path, b"k" * 32)
        connection.execute(
            "INSERT INTO mesh (id, secret, rendezvous, joined_at) VALUES (x'01', x'', '[]', 1)"
        )
        connection.execute(
            "INSERT INTO contact (id, name, identity_key, mesh, how, added_at, verified, blocked)"
            " VALUES ('bob', 'Bob', x'', x'01', 'words', 1, 0, 0)"
        )
        connection.execute(
            "INSERT INTO message (id, contact, outgoing, at, text, state) VALUES"
            " ('1', 'bob', 0, 1, 'hello', 'delivered')"
        )
        connection.execute("INSERT INTO draft VALUES ('bob', 'half')")
        connection.close()
    connection = database.connect(path, b"k" * 32)
    database.check(connection)
    assert connection.execute("SELECT text, author FROM message").fetchall() == [("hello", None)]
    connection.execute("INSERT INTO draft VALUES ('#00', 'no contact')")
    connection.execute("DELETE FROM contact")
    for table, rows in (("message", 0), ("gone", 0), ("draft", 1)):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchall() == [(rows,)], table
    connection.close()


def test_offers_go_with_their_contact_and_rooms_stay(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    store.commit_changes([PutRoom(ROOM), PutRoomOffer(OFFER), DropContact(BOB.id)])
    assert store.load_memory().room_offers == () and len(store.load_memory().rooms) == 1
    store.commit_changes([DropMesh(MESH.id)])
    store.close()
