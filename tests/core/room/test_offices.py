"""Owners follow one another, each in one order with those before; what they decided last holds."""

from __future__ import annotations

import pytest

from p2pchat.core.room.offices import OwnerLine, View
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import (
    HandOver,
    LeaveRoom,
    RenameRoom,
    SetRole,
    SetRoomRetention,
    StrikeEntries,
)
from tests.support.room_book import LogBook


@pytest.fixture
def book() -> LogBook:
    book = LogBook()
    for name in ("adam", "bert", "mia"):
        book.add(book.olga, name)
    return book


def follow(book: LogBook) -> OwnerLine:
    graph = book.read().graph
    return OwnerLine(View(graph, (1 << len(graph)) - 1, graph.proved), lambda at: ())


def members(book: LogBook) -> list[MemberId]:
    return list(book.names)


def test_the_founder_owns_the_room_and_gives_it_its_name(book: LogBook) -> None:
    line = follow(book)
    assert (line.owner, line.name, line.retention_s) == (book.olga, "walkers", 0)
    assert line.admitted == set(members(book))


def test_the_last_word_of_the_owners_holds(book: LogBook) -> None:
    _, adam, *_ = members(book)
    book.write(book.olga, RenameRoom("climbers"))
    book.write(book.olga, SetRoomRetention(60))
    book.write(book.olga, HandOver(adam))
    book.write(adam, RenameRoom("swimmers"))
    line = follow(book)
    assert (line.owner, line.name, line.retention_s) == (adam, "swimmers", 60)


def test_a_member_who_gets_a_room_back_owns_it_again_from_there(book: LogBook) -> None:
    olga, adam, bert, _ = members(book)
    book.write(olga, HandOver(adam))
    between = book.write(olga, SetRole(bert, admin=True))
    book.write(adam, HandOver(olga))
    book.write(olga, RenameRoom("climbers"))
    line = follow(book)
    assert [reign.owner for reign in line.reigns] == [olga, adam, olga]
    assert line.name == "climbers"
    assert line.tenures == []
    graph = book.read().graph
    assert line.is_owners_entry(graph.index[between]) is False


def test_an_admin_who_hands_over_is_a_member_like_any(book: LogBook) -> None:
    olga, adam, bert, _ = members(book)
    book.appoint(adam)
    book.write(olga, HandOver(adam))
    over = book.write(adam, HandOver(bert))
    line = follow(book)
    (tenure,) = line.tenures
    assert tenure.end == book.read().graph.index[over]


def test_no_member_is_made_admin_twice_or_unknown_or_owner(book: LogBook) -> None:
    olga, adam, *_ = members(book)
    for member in (adam, adam, olga, MemberId(b"?" * 32)):
        book.appoint(member)
    assert [tenure.admin for tenure in follow(book).tenures] == [adam]
    book.demote(adam)
    book.demote(adam)
    assert len(follow(book).tenures) == 1


@pytest.mark.parametrize("heir", [b"?" * 32, None])
def test_a_room_is_handed_over_to_no_stranger_and_not_to_its_owner(book: LogBook, heir: bytes | None) -> None:
    book.write(book.olga, HandOver(MemberId(heir) if heir else book.olga))
    book.write(book.olga, RenameRoom("climbers"))
    line = follow(book)
    assert (line.owner, line.name) == (book.olga, "climbers")


def test_owners_strike_neither_owners_nor_leaves_nor_themselves(book: LogBook) -> None:
    olga, adam, bert, mia = members(book)
    book.appoint(bert)
    removal = book.remove(bert, mia)
    named = book.write(olga, RenameRoom("climbers"))
    left = book.leave(bert)
    over = book.write(olga, HandOver(adam))
    own = book.write(adam, StrikeEntries())
    struck = tuple(sorted((removal, named, left, over, own, EntryId(b"?" * 32), EntryId(olga))))
    book.write(adam, StrikeEntries(struck))
    assert follow(book).struck == {removal, EntryId(b"?" * 32)}


def test_an_owner_who_leaves_on_another_branch_has_left(book: LogBook) -> None:
    """It has told a member something else: what it wrote counts, and so does its leave."""
    olga, adam, *_ = members(book)
    before = book.heads()
    book.write(olga, RenameRoom("climbers"))
    book.write(olga, LeaveRoom(0, (adam,)), upon=before, after=before[0])
    book.write(adam, StrikeEntries())
    line = follow(book)
    assert (line.owner, line.name) == (adam, "climbers")
