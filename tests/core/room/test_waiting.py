"""What waits is bounded, and entries that no member speaks for go first."""

from __future__ import annotations

import pytest

from p2pchat.core.room import waiting
from p2pchat.core.room.waiting import WaitingEntries
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import LeaveRoom
from p2pchat.wire.room_log import RoomEntry


def id_of(number: int) -> EntryId:
    return EntryId(number.to_bytes(32, "big"))


def entry(author: int, *heads: int) -> RoomEntry:
    return RoomEntry(
        MemberId(id_of(author)), 1, id_of(author), tuple(map(id_of, sorted(heads))), LeaveRoom(0)
    )


def test_one_author_has_only_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "WAITING_OF_AUTHOR_MAX", 2)
    entries = WaitingEntries()
    entries.keep_entry(id_of(1), entry(90), proved=True, named=False)
    for number in (2, 3, 4):
        entries.keep_entry(id_of(number), entry(91), proved=True, named=False)
    assert [id_of(number) in entries for number in (1, 2, 3, 4)] == [True, False, True, True]


def test_what_is_proved_stays_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "WAITING_MAX", 2)
    entries = WaitingEntries()
    entries.keep_entry(id_of(1), entry(90), proved=True, named=False)
    for number in (2, 3):
        entries.keep_entry(id_of(number), entry(90 + number), proved=False, named=False)
    assert [id_of(number) in entries for number in (1, 2, 3)] == [True, False, True]
    assert entries.list_unproved() == [id_of(3)]


def test_what_counts_speaks_for_all_that_it_is_built_upon() -> None:
    entries = WaitingEntries()
    entries.keep_entry(id_of(1), entry(90), proved=False, named=False)
    entries.keep_entry(id_of(2), entry(91, 1), proved=False, named=False)
    entries.keep_entry(id_of(3), entry(92, 2), proved=True, named=False)
    assert set(entries.name_ancestors(id_of(3))) == {id_of(1), id_of(2), id_of(3)}
    assert entries.list_unproved() == []


def test_and_for_what_comes_later() -> None:
    entries = WaitingEntries()
    entries.keep_entry(id_of(3), entry(92, 2), proved=True, named=False)
    assert entries.list_awaited() == [id_of(92), id_of(2)]
    entries.keep_entry(id_of(2), entry(91, 1), proved=False, named=False)
    assert entries.list_awaited() == [id_of(92), id_of(91), id_of(1)]
    entries.keep_entry(id_of(7), entry(93, 6), proved=False, named=False)
    assert id_of(6) not in entries.list_awaited()


def test_what_waits_in_vain_goes_with_all_that_waits_for_it() -> None:
    entries = WaitingEntries()
    entries.keep_entry(id_of(2), entry(91, 1), proved=True, named=False)
    entries.keep_entry(id_of(3), entry(92, 2), proved=True, named=False)
    entries.keep_entry(id_of(4), entry(93), proved=True, named=False)
    assert entries.drop_children(id_of(1)) == [
        (id_of(2), MemberId(id_of(91))),
        (id_of(3), MemberId(id_of(92))),
    ]
    assert id_of(4) in entries
    assert entries.list_children(id_of(2)) == []
    assert entries.find_entry(id_of(2)) is None
