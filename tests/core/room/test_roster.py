"""What the log says beside the members: how members went, which have no place, what is not settled."""

from __future__ import annotations

import pytest

from p2pchat.core.room import roster as room_roster
from p2pchat.core.room.roster import Departure
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import LeaveRoom, RemoveMember, StrikeEntries, UnknownAction
from tests.support.room_book import LogBook


@pytest.fixture
def book() -> LogBook:
    """olga's room with adam and bert, who are admins, and mia."""
    book = LogBook()
    adam, bert, _ = (book.add(book.olga, name) for name in ("adam", "bert", "mia"))
    book.appoint(adam)
    book.appoint(bert)
    return book


def members(book: LogBook) -> list[MemberId]:
    return list(book.names)


def test_of_several_removals_the_number_of_the_highest_office_counts(book: LogBook) -> None:
    olga, adam, bert, mia = members(book)
    before = book.heads()
    book.write(bert, RemoveMember(mia, 30), upon=before)
    book.write(mia, LeaveRoom(40), upon=before)
    higher = book.write(adam, RemoveMember(mia, 20), upon=before)
    assert book.roster_in_any_order().departures == {mia: Departure(higher, 20)}
    highest = book.write(olga, RemoveMember(mia, 10), upon=before)
    assert book.roster_in_any_order().departures == {mia: Departure(highest, 10)}


def test_a_former_member_is_not_removed_with_another_number(book: LogBook) -> None:
    olga, adam, _, mia = members(book)
    first = book.write(adam, RemoveMember(mia, 20))
    book.write(olga, RemoveMember(mia, 0))
    assert book.roster_in_any_order().departures == {mia: Departure(first, 20)}


def test_a_leave_says_which_messages_of_its_author_count(book: LogBook) -> None:
    *_, mia = members(book)
    left = book.write(mia, LeaveRoom(12))
    assert book.roster_in_any_order().departures == {mia: Departure(left, 12)}


def test_members_beyond_the_bound_wait_for_a_place_and_the_last_wait(
    book: LogBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_roster, "MEMBERS_MAX", 5)
    olga, adam, bert, mia = members(book)
    una = book.add(adam, "una")
    vera = book.add(bert, "vera")
    roster = book.roster_in_any_order()
    assert roster.members == (olga, adam, bert, mia, una)
    assert roster.unplaced == (vera,)
    book.remove(olga, mia)
    assert book.roster_in_any_order().members == (olga, adam, bert, una, vera)


def test_a_member_with_an_office_from_the_owner_is_in_no_matter_who_added_it(book: LogBook) -> None:
    olga, adam, *_ = members(book)
    before = book.heads()
    una = book.add(adam, "una", upon=before)
    book.demote(adam, upon=before)
    assert una not in book.roster_in_any_order().members
    book.appoint(una)
    assert book.roster_in_any_order().members == (olga, members(book)[2], una, adam, members(book)[3])


def test_an_admin_removes_no_stranger_and_not_itself(book: LogBook) -> None:
    _, adam, _, mia = members(book)
    unknown = book.remove(adam, MemberId(b"?" * 32))
    itself = book.remove(adam, adam)
    roster = book.roster_in_any_order()
    assert roster.members == tuple(members(book))
    assert not {unknown, itself} & roster.counted
    assert mia in roster.members


def test_what_a_later_version_says_has_its_place_and_changes_nothing(book: LogBook) -> None:
    _, adam, *_ = members(book)
    before = book.roster()
    book.write(book.olga, UnknownAction(9, b"of the owner"))
    book.write(adam, UnknownAction(77, b"of an admin"))
    after = book.roster_in_any_order()
    assert (after.members, after.aside) == (before.members, frozenset())


def test_an_important_entry_without_a_proof_is_not_settled(book: LogBook) -> None:
    _, adam, bert, mia = members(book)
    removal = book.remove(adam, mia)
    beyond = book.add(adam, "una")
    book.leave(bert)
    roster = book.roster_in_any_order(unproved={removal, EntryId(beyond)})
    assert set(roster.unsettled) == {removal, EntryId(beyond)} == roster.aside


def test_the_roster_at_heads_is_as_of_their_pasts(book: LogBook) -> None:
    olga, adam, bert, mia = members(book)
    before = book.heads()
    book.remove(olga, mia)
    graph = book.read().graph
    (known,) = room_roster.reckon_rosters_at(graph, before)
    assert set(known.members) == {olga, adam, bert, mia}
    assert room_roster.reckon_rosters_at(graph, book.heads()) == [book.roster()]
    assert room_roster.reckon_rosters_at(graph, [EntryId(b"x" * 32)]) == []


def test_the_roster_at_heads_may_be_that_of_a_member_to_whom_more_is_proved(book: LogBook) -> None:
    olga, adam, bert, mia = members(book)
    leave = book.leave(mia)
    log = book.read(unproved={leave})
    log.note_head(leave)
    graph = log.graph
    ours, theirs = room_roster.reckon_rosters_at(graph, [leave])
    assert set(ours.members) == {olga, adam, bert, mia}
    assert set(theirs.members) == {olga, adam, bert}


def test_what_was_written_apart_from_an_addition_is_to_be_merged(book: LogBook) -> None:
    """A newcomer has no MAC for it."""
    _, adam, bert, mia = members(book)

    def due() -> list[str]:
        graph, roster = book.read().graph, book.roster()
        return [book.names[one] for one in roster.members if room_roster.is_merge_due(graph, roster, one)]

    assert due() == []
    before = book.heads()
    book.remove(bert, mia, upon=before)
    assert due() == []
    book.add(adam, "ned", upon=before)
    assert due() == ["olga", "adam", "bert"]
    book.write(bert, StrikeEntries())
    assert due() == []


def test_a_leave_apart_from_an_addition_is_to_be_merged(book: LogBook) -> None:
    _, adam, bert, mia = members(book)
    before = book.heads()
    book.leave(mia, upon=before)
    book.add(adam, "ned", upon=before)
    graph, roster = book.read().graph, book.roster()
    assert [one for one in roster.members if room_roster.is_merge_due(graph, roster, one)][2:] == [bert]
    book.write(bert, StrikeEntries())
    graph, roster = book.read().graph, book.roster()
    assert not any(room_roster.is_merge_due(graph, roster, one) for one in roster.members)
