"""Entries that are shown to some members only, or to each half another: what counts, and which member
settles it."""

from __future__ import annotations

import pytest

from p2pchat.core.room.log import EntryRefusal
from p2pchat.core.room.roster import VoidedRemoval, list_strikes_due, reckon_roster
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import AddMember, LeaveRoom, RemoveMember, RenameRoom, StrikeEntries
from p2pchat.wire.room_log import RoomEntry
from tests.support.room_book import Walkers, newcomer


@pytest.fixture
def walkers() -> Walkers:
    return Walkers.begin()


ALL = ["olga", "adam", "bert", "mia", "ned"]


# --- MACs that are right for some


def test_an_entry_with_an_uneven_mac_counts_once_its_author_or_a_senior_has_built_upon_it(
    walkers: Walkers,
) -> None:
    book = walkers.book
    uneven = EntryId(book.add(walkers.bert, "una"))
    book.write(walkers.adam, StrikeEntries())
    roster = book.roster_in_any_order(unproved={uneven})
    assert book.call(roster.members) == [*ALL, "una"]
    assert roster.unsettled == ()


def test_an_entry_with_a_wrong_mac_is_not_applied_for_the_word_of_a_member(walkers: Walkers) -> None:
    book = walkers.book
    uneven = EntryId(book.add(walkers.bert, "una"))
    book.leave(walkers.ned)
    roster = book.roster_in_any_order(unproved={uneven})
    assert book.call(roster.members) == ["olga", "adam", "bert", "mia"]
    assert roster.unsettled == (uneven,)


def test_nor_for_that_of_an_admin_who_could_not_have_made_it(walkers: Walkers) -> None:
    """bert takes in a removal of adam by olga that only he has seen the right MAC of."""
    book = walkers.book
    uneven = book.remove(walkers.olga, walkers.adam)
    book.add(walkers.bert, "una")
    roster = book.roster_in_any_order(unproved={uneven})
    assert book.call(roster.members) == [*ALL, "una"]


def test_nor_for_that_of_a_junior_of_whom_it_removes(walkers: Walkers) -> None:
    """mia becomes the third admin, and takes in that the first removes the second."""
    book = walkers.book
    book.appoint(walkers.mia)
    uneven = book.remove(walkers.adam, walkers.bert)
    book.add(walkers.mia, "una")
    roster = book.roster_in_any_order(unproved={uneven})
    assert walkers.bert in roster.members
    assert roster.unsettled == (uneven,)


def test_an_admin_takes_in_the_removal_of_a_member_for_those_that_were_not_shown_it(
    walkers: Walkers,
) -> None:
    book = walkers.book
    uneven = book.remove(walkers.adam, walkers.mia)
    book.add(walkers.bert, "una")
    assert walkers.mia not in book.roster_in_any_order(unproved={uneven}).members


def test_an_uneven_leave_counts_once_a_member_that_could_remove_its_author_has_taken_it_in(
    walkers: Walkers,
) -> None:
    book = walkers.book
    uneven = book.leave(walkers.mia)
    book.leave(walkers.ned)
    assert walkers.mia in book.roster_in_any_order(unproved={uneven}).members
    book.write(walkers.bert, StrikeEntries())
    roster = book.roster_in_any_order(unproved={uneven})
    assert walkers.mia not in roster.members
    assert roster.departures[walkers.mia].entry == uneven


def test_a_senior_strikes_what_it_does_not_apply_and_both_halves_agree(walkers: Walkers) -> None:
    book = walkers.book
    uneven = EntryId(book.add(walkers.bert, "una"))
    left = book.leave(walkers.ned)
    log = book.read(unproved={uneven})
    roster = reckon_roster(log.graph)
    for member, due in (
        (walkers.olga, [uneven]),
        (walkers.adam, [uneven]),
        (walkers.bert, []),
        (walkers.mia, []),
    ):
        assert list_strikes_due(log.graph, roster, member) == due
    strike = log.make_entry(walkers.adam, StrikeEntries((uneven,)), roster.aside)
    assert set(strike.parents) >= {left}
    book.write(walkers.adam, strike.action)
    for unproved in ((), {uneven}):
        settled = book.roster_in_any_order(unproved)
        assert book.call(settled.members) == ["olga", "adam", "bert", "mia"]
        assert settled.unsettled == ()
        assert list_strikes_due(book.read(unproved=unproved).graph, settled, walkers.olga) == []


def test_no_admin_strikes_a_senior_nor_what_a_senior_has_taken_in(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    una = book.add(walkers.adam, "una", upon=before)
    vera = book.add(walkers.bert, "vera", upon=before)
    taken = book.write(walkers.olga, StrikeEntries(), upon=[EntryId(una), EntryId(vera)])
    book.write(walkers.bert, StrikeEntries((EntryId(una),)), upon=[EntryId(una)])
    book.write(walkers.adam, StrikeEntries((EntryId(vera),)), upon=[EntryId(vera)])
    book.write(walkers.adam, StrikeEntries((taken, EntryId(walkers.ned))))
    assert set(book.call(book.roster_in_any_order().members)) == {*ALL, "una", "vera"}


def test_a_junior_does_not_strike_what_only_its_senior_knows(walkers: Walkers) -> None:
    book = walkers.book
    una = book.add(walkers.adam, "una")
    own = book.add(walkers.bert, "vera")
    book.write(walkers.bert, StrikeEntries(tuple(sorted((EntryId(una), EntryId(own))))))
    roster = book.roster_in_any_order()
    assert set(book.call(roster.members)) == {*ALL, "una", "vera"}
    assert roster.struck == frozenset()


def test_a_struck_removal_is_void_and_told(walkers: Walkers) -> None:
    book = walkers.book
    removal = book.remove(walkers.bert, walkers.mia)
    book.write(walkers.adam, StrikeEntries((removal,)))
    roster = book.roster_in_any_order()
    assert walkers.mia in roster.members
    assert roster.voided == (VoidedRemoval(removal, walkers.mia, removal),)


def test_a_forged_entry_takes_no_place(walkers: Walkers) -> None:
    """Any member can invent an entry of the owner's. No member's word places it, it never displaces the
    owner's own, and is no fork of hers."""
    book = walkers.book
    forged = book.remove(walkers.olga, walkers.adam)
    log = book.read(unproved={forged})
    assert forged not in log.graph.index
    assert log.list_unproved() == [forged]
    left = book.write(walkers.ned, LeaveRoom(0), upon=[forged])
    own = book.write(walkers.olga, RenameRoom("climbers"), after=book.entries[forged].previous, upon=[])
    placed = [log.insert_entry(book.entries[id], proved=True) for id in (left, own)]
    assert [insertion.forks for insertion in placed] == [(), ()]
    assert forged in log.graph.index
    roster = reckon_roster(log.graph)
    assert roster.name == "climbers"
    assert book.call(roster.members) == ["olga", "adam", "bert", "mia"]


def test_a_ghost_has_no_roster_no_entry_that_counts_and_no_word(walkers: Walkers) -> None:
    """A stranger that no entry added writes as if it were a member, or adds itself."""
    book = walkers.book
    ghost = MemberId(b"g" * 32)
    entry = RoomEntry(ghost, 1, EntryId(ghost), tuple(walkers.known), AddMember(newcomer("ghost")))
    log = book.read()
    assert log.insert_entry(entry, proved=True).placed == ()
    assert log.list_missing() == [EntryId(ghost)]
    assert log.give_up(EntryId(ghost))[0][1] == ghost
    own = RoomEntry(walkers.mia, 1, EntryId(walkers.mia), tuple(walkers.known), AddMember(newcomer("ghost")))
    assert [why for _, why in log.insert_entry(own, proved=True).refused] == [EntryRefusal.NO_OFFICE]
    assert book.call(reckon_roster(log.graph).members) == ALL


def test_invented_parents_are_asked_for_and_given_up_and_change_nothing(walkers: Walkers) -> None:
    book = walkers.book
    invented = EntryId(b"i" * 32)
    removal = book.remove(walkers.bert, walkers.mia, upon=[invented, *walkers.known])
    after = book.add(walkers.bert, "una", upon=[removal])
    log = book.read()
    assert log.list_missing() == [invented]
    assert book.call(reckon_roster(log.graph).members) == ALL
    assert log.give_up(invented) == [(removal, walkers.bert), (EntryId(after), walkers.bert)]
    assert log.list_missing() == []


# --- two entries at one place


def test_of_two_entries_at_one_place_the_first_counts_and_it_is_said(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    una = EntryId(book.add(walkers.bert, "una", upon=before))
    vera = book.write(walkers.bert, AddMember(newcomer("vera")), upon=before, after=EntryId(walkers.bert))
    log = book.read()
    roster = reckon_roster(log.graph)
    assert una in roster.counted
    assert roster.aside == {vera}
    others = book.read([*(id for id in book.entries if id != una), una])
    assert reckon_roster(others.graph).aside == {una}
    again = book.read(id for id in book.entries if id != vera)
    (fork,) = again.insert_entry(book.entries[vera], proved=True).forks
    assert (fork.author, fork.first, fork.second) == (walkers.bert, una, vera)


def test_halves_that_were_told_different_things_agree_once_a_senior_has_built_upon_one(
    walkers: Walkers,
) -> None:
    book, before = walkers.book, walkers.known
    una = book.write(walkers.bert, RemoveMember(walkers.mia, 0), upon=before)
    vera = book.write(walkers.bert, RemoveMember(walkers.ned, 0), upon=before, after=EntryId(walkers.bert))
    book.write(walkers.adam, StrikeEntries(), upon=[una])
    roster = book.roster_in_any_order()
    assert book.call(roster.members) == ["olga", "adam", "bert", "ned"]
    assert roster.aside == {vera}


def test_or_has_struck_one_though_others_had_built_upon_both(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    una = book.write(walkers.bert, RemoveMember(walkers.mia, 0), upon=before)
    vera = book.write(walkers.bert, RemoveMember(walkers.ned, 0), upon=before, after=EntryId(walkers.bert))
    book.leave(walkers.mia, upon=[una])
    book.leave(walkers.ned, upon=[vera])
    book.write(walkers.olga, StrikeEntries((una,)))
    roster = book.roster_in_any_order()
    assert vera in roster.counted
    assert una not in roster.counted
