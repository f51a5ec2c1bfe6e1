"""A log takes what may stand in it, waits for parents, and names its heads; all of it is bounded."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from p2pchat.core.room import log as room_log
from p2pchat.core.room.log import EntryRefusal, RoomLog
from p2pchat.core.room.roster import reckon_roster
from p2pchat.crypto.kdf import entry_id, room_id
from p2pchat.errors import LimitError, Malformed
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import (
    AddMember,
    HandOver,
    LeaveRoom,
    RenameRoom,
    SetRole,
    StrikeEntries,
    UnknownAction,
)
from p2pchat.wire.room_log import HEADS_MAX, NUMBER_MAX, RoomEntry, encode_entry, found_room
from tests.support.room_book import LogBook, newcomer


@pytest.fixture
def book() -> LogBook:
    """olga's room with adam, who is an admin, and mia."""
    book = LogBook()
    adam = book.add(book.olga, "adam")
    book.add(book.olga, "mia")
    book.appoint(adam)
    return book


def member(book: LogBook, name: str) -> MemberId:
    return next(id for id, called in book.names.items() if called == name)


def why(log: RoomLog, entry: RoomEntry) -> EntryRefusal:
    ((_, refusal),) = log.insert_entry(entry, proved=True).refused
    return refusal


def test_a_log_begins_with_its_founding_and_has_no_other(book: LogBook) -> None:
    log = book.read()
    assert log.room == room_id(log.founding)
    assert log.founder == book.olga
    with pytest.raises(ValueError, match="founding"):
        RoomLog(book.entries[list(book.entries)[1]])
    assert why(log, found_room("others", newcomer("eve"))) is EntryRefusal.SECOND_FOUNDING


SMALL_ORDERS = (bytes(32), b"\1" + bytes(31))
NOT_CANONICAL = ((2**255 - 19).to_bytes(32, "little"), b"\xff" * 32)


@pytest.mark.parametrize("key", [*SMALL_ORDERS, *NOT_CANONICAL])
def test_a_member_with_a_key_that_no_member_can_use_is_not_added(book: LogBook, key: bytes) -> None:
    """No commit to it could be made: one admin could stop all."""
    log, adam, eve = book.read(), member(book, "adam"), newcomer("eve")
    for new in (replace(eve, key=key), replace(eve, recovery_key=key)):
        entry = RoomEntry(adam, 1, EntryId(adam), tuple(book.heads()), AddMember(new))
        assert why(log, entry) is EntryRefusal.UNUSABLE_KEY


def test_a_key_that_was_in_the_room_before_is_not_added(book: LogBook) -> None:
    log, adam = book.read(), member(book, "adam")
    for action in (AddMember(newcomer("mia")), AddMember(newcomer("olga"))):
        entry = RoomEntry(adam, 1, EntryId(adam), tuple(book.heads()), action)
        assert why(log, entry) is EntryRefusal.UNUSABLE_KEY


def test_the_same_key_in_two_additions_that_know_nothing_of_each_other_is_no_ground_to_refuse(
    book: LogBook,
) -> None:
    """Members would see them in another order, and refuse others."""
    adam, before = member(book, "adam"), book.heads()
    book.write(adam, AddMember(newcomer("eve")), upon=before)
    book.write(book.olga, AddMember(newcomer("eve")), upon=before)
    assert len(book.roster_in_any_order().members) == 5


def test_a_founder_whose_key_no_member_can_use_has_no_room() -> None:
    founding = found_room("walkers", replace(newcomer("olga"), key=bytes(32)))
    with pytest.raises(Malformed):
        RoomLog.begin_log([founding], MemberId(entry_id(encode_entry(founding))))


def test_entries_are_placed_in_any_order_of_arrival(book: LogBook) -> None:
    order, random = list(book.entries), Random(1)
    for _ in range(20):
        random.shuffle(order)
        log = book.read(order)
        assert len(log.graph) == len(book.entries)
        assert log.list_heads() == book.heads()
        assert log.list_missing() == []


def test_what_is_missing_is_named_until_it_comes(book: LogBook) -> None:
    *others, last = book.entries
    log = RoomLog(book.entries[others[0]])
    assert log.insert_entry(book.entries[last], proved=True).placed == ()
    assert log.list_missing() == [others[-1]]
    assert log.find_entry(last) is None
    for id in others[:0:-1]:
        placed = log.insert_entry(book.entries[id], proved=True).placed
    assert placed == tuple(list(book.entries)[1:])
    assert log.list_missing() == []
    assert log.find_entry(last) == book.entries[last]
    assert log.insert_entry(book.entries[last], proved=True).placed == ()


def test_a_line_has_no_gap_and_no_other_author(book: LogBook) -> None:
    log, adam = book.read(), member(book, "adam")
    upon = book.heads()[0]
    for entry in (
        RoomEntry(adam, 2, EntryId(adam), (upon,), StrikeEntries()),
        RoomEntry(adam, 1, upon, (), StrikeEntries()),
        RoomEntry(adam, 4, upon, (), StrikeEntries()),
        RoomEntry(MemberId(upon), 1, upon, (), StrikeEntries()),
    ):
        assert why(log, entry) is EntryRefusal.NOT_IN_LINE


def test_a_member_without_an_office_can_write_that_it_leaves_and_nothing_else(book: LogBook) -> None:
    log, adam, mia = book.read(), member(book, "adam"), member(book, "mia")
    for author, action in (
        (mia, StrikeEntries()),
        (mia, AddMember(newcomer("spy"))),
        (mia, UnknownAction(9, b"")),
        (adam, SetRole(mia, admin=True)),
        (adam, HandOver(adam)),
        (adam, RenameRoom("climbers")),
    ):
        assert why(log, log.make_entry(author, action)) is EntryRefusal.NO_OFFICE
    assert log.insert_entry(log.make_entry(mia, LeaveRoom(0)), proved=True).placed


def test_an_office_is_there_once_what_gave_it_is_in_the_past(book: LogBook) -> None:
    log, adam, mia = book.read(), member(book, "adam"), member(book, "mia")
    early = RoomEntry(adam, 1, EntryId(adam), (), StrikeEntries())
    assert why(log, early) is EntryRefusal.NO_OFFICE
    book.write(book.olga, HandOver(mia))
    book.write(mia, RenameRoom("climbers"))
    book.leave(mia)
    book.write(adam, SetRole(adam, admin=True))
    assert len(book.read().graph) == len(book.entries)


def test_the_last_number_is_for_leaving(book: LogBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_log, "NUMBER_MAX", 4)
    log = book.read()
    with pytest.raises(LimitError):
        log.make_entry(book.olga, StrikeEntries())
    beyond = book.write(book.olga, StrikeEntries())
    assert why(log, book.entries[beyond]) is EntryRefusal.LAST_IS_FOR_LEAVING
    assert log.insert_entry(log.make_entry(book.olga, LeaveRoom(0)), proved=True).placed
    assert NUMBER_MAX == 512


def test_a_log_has_a_bound_for_what_is_proved_and_one_for_what_is_not(
    book: LogBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_log, "ENTRIES_MAX", 5)
    monkeypatch.setattr(room_log, "UNPROVED_MAX", 1)
    adam, mia = member(book, "adam"), member(book, "mia")
    log = book.read()
    forged = [book.write(adam, StrikeEntries()) for _ in range(2)]
    for id in forged:
        log.insert_entry(book.entries[id], proved=False)
    left = book.leave(mia, upon=[forged[1]])
    refused = log.insert_entry(book.entries[left], proved=True).refused
    assert refused == ((forged[1], EntryRefusal.LOG_FULL), (left, EntryRefusal.PARENT_REFUSED))
    for place in range(2):
        insertion = log.insert_entry(log.make_entry(book.olga, StrikeEntries()), proved=True)
        assert bool(insertion.placed) is (not place)
    assert why(log, log.make_entry(mia, LeaveRoom(0))) is EntryRefusal.LOG_FULL


def test_an_author_has_so_many_forks(book: LogBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_log, "FORKS_MAX", 2)
    adam, before = member(book, "adam"), book.heads()
    log = book.read()
    forks = []
    for number in range(4):
        id = book.write(adam, AddMember(newcomer(str(number))), upon=before, after=EntryId(adam))
        forks.append(log.insert_entry(book.entries[id], proved=True))
    assert [len(insertion.forks) for insertion in forks] == [0, 1, 1, 0]
    assert [refusal for _, refusal in forks[3].refused] == [EntryRefusal.TOO_MANY_FORKS]


def test_a_fork_is_told_when_both_are_proved(book: LogBook) -> None:
    adam, mia, before = member(book, "adam"), member(book, "mia"), book.heads()
    first = book.write(adam, AddMember(newcomer("una")), upon=before)
    second = book.write(adam, AddMember(newcomer("vera")), upon=before, after=EntryId(adam))
    book.leave(mia, upon=[first])
    log = book.read(unproved={first})
    assert first in log.graph.index
    (fork,) = log.prove_entry(first).forks
    assert (fork.first, fork.second) == (second, first)


def test_what_is_not_proved_is_placed_once_a_member_has_named_it_as_a_head(book: LogBook) -> None:
    adam = member(book, "adam")
    ids = [book.write(adam, StrikeEntries()) for _ in range(2)]
    log = book.read(unproved=ids)
    assert log.list_unproved() == ids
    assert log.note_head(ids[1]).placed == tuple(ids)
    assert log.note_head(ids[1]).placed == ()
    assert log.list_unproved() == []


def test_a_head_that_a_member_named_is_asked_for(book: LogBook) -> None:
    id = book.write(member(book, "adam"), StrikeEntries())
    log = book.read(list(book.entries)[:-1])
    log.note_head(id)
    assert log.list_missing() == [id]
    assert log.insert_entry(book.entries[id], proved=False).placed == (id,)
    assert log.list_missing() == []
    log.note_head(EntryId(b"?" * 32))
    assert log.give_up(EntryId(b"?" * 32)) == []
    assert log.list_missing() == []


def test_a_mac_that_comes_later_places_what_waited_for_it(book: LogBook) -> None:
    id = book.write(member(book, "adam"), StrikeEntries())
    log = book.read(unproved={id})
    assert log.insert_entry(book.entries[id], proved=False).placed == ()
    assert log.insert_entry(book.entries[id], proved=True).placed == (id,)
    assert log.prove_entry(id).forks == ()
    assert log.prove_entry(EntryId(b"?" * 32)).placed == ()


def test_a_new_entry_names_all_heads_but_those_aside(book: LogBook) -> None:
    adam, before = member(book, "adam"), book.heads()
    aside = book.write(adam, StrikeEntries(), upon=before)
    left = book.leave(member(book, "mia"), upon=before)
    log = book.read()
    entry = log.make_entry(book.olga, StrikeEntries(), {aside})
    assert (entry.number, entry.previous, entry.heads) == (4, before[0], (left,))
    assert set(log.make_entry(book.olga, StrikeEntries()).heads) == {aside, left}
    assert log.list_heads({aside, left}) == before


def test_heads_beyond_eight_wait_for_the_next_entry(book: LogBook) -> None:
    members = [book.add(book.olga, str(number)) for number in range(12)]
    upon = book.heads()
    for each in members:
        book.leave(each, upon=upon)
    log = book.read()
    first = log.make_entry(book.olga, StrikeEntries())
    assert len(first.heads) == HEADS_MAX
    log.insert_entry(first, proved=True)
    assert len(log.list_heads()) == 1 + 12 - HEADS_MAX


def test_a_newcomer_begins_with_what_was_known_when_it_was_let_in(book: LogBook) -> None:
    adam, before = member(book, "adam"), book.heads()
    apart = book.add(adam, "una", upon=before)
    vera = book.add(book.olga, "vera", upon=before)
    log = RoomLog.begin_log(book.entries.values(), vera)
    assert set(log.list_proofs()) == set(book.entries) - {apart}
    assert vera in reckon_roster(log.graph).members


@pytest.mark.parametrize("lost", range(5))
def test_and_believes_no_log_with_an_entry_missing(book: LogBook, lost: int) -> None:
    vera = book.add(book.olga, "vera")
    entries = list(book.entries.values())
    del entries[lost]
    with pytest.raises(Malformed):
        RoomLog.begin_log(entries, vera)


def test_nor_one_with_an_entry_that_cannot_stand_there_or_in_another_order(book: LogBook) -> None:
    book.write(member(book, "mia"), AddMember(newcomer("spy")))
    vera = book.add(book.olga, "vera")
    with pytest.raises(Malformed):
        RoomLog.begin_log(book.entries.values(), vera)
    with pytest.raises(Malformed):
        RoomLog.begin_log(list(book.entries.values())[::-1], book.olga and member(book, "mia"))


def test_a_log_that_was_kept_is_the_same_with_its_forks_in_order(book: LogBook) -> None:
    adam, before = member(book, "adam"), book.heads()
    first = book.write(adam, AddMember(newcomer("una")), upon=before)
    second = book.write(adam, AddMember(newcomer("vera")), upon=before, after=EntryId(adam))
    book.leave(member(book, "mia"), upon=[first, second])
    log = book.read(unproved={first})
    log.prove_entry(first)
    kept = RoomLog.restore_log(log.list_entries(), log.list_proofs())
    assert reckon_roster(kept.graph) == reckon_roster(log.graph)
    assert kept.list_proofs() == log.list_proofs()
    assert reckon_roster(kept.graph).aside == {first}


def test_a_home_that_was_put_back_goes_on_where_the_others_have_seen_it(book: LogBook) -> None:
    """It wrote two entries at one place, the second after it was put back, and keeps the second first."""
    before = list(book.entries)[-2]
    seen = book.write(book.olga, RenameRoom("climbers"), upon=[], after=before)
    log = book.read([*(id for id in book.entries if id != seen)])
    (fork,) = log.insert_entry(book.entries[seen], proved=True).forks
    assert fork.second == seen
    log.prefer_entry(seen)
    assert log.make_entry(book.olga, StrikeEntries()).previous == seen
    kept = RoomLog.restore_log(log.list_entries(), log.list_proofs())
    assert reckon_roster(kept.graph).name == "climbers"
