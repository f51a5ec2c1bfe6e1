"""What members try against a room's log, and what comes of it: one roster, in any order of arrival."""

from __future__ import annotations

import pytest

from p2pchat.core.room.log import EntryRefusal
from p2pchat.core.room.roster import VoidedRemoval, reckon_roster
from p2pchat.types import EntryId
from p2pchat.wire.room_actions import AddMember, HandOver, LeaveRoom, RenameRoom
from tests.support.room_book import LogBook, Walkers, newcomer


@pytest.fixture
def walkers() -> Walkers:
    return Walkers.begin()


ALL = ["olga", "adam", "bert", "mia", "ned"]


def test_a_room_has_its_owner_first_then_admins_in_their_order_then_members(walkers: Walkers) -> None:
    roster = walkers.book.roster_in_any_order()
    assert walkers.book.call(roster.members) == ALL
    assert walkers.book.call([roster.owner, *roster.admins]) == ALL[:3]


# --- former offices


def test_a_removed_admin_adds_no_member_upon_old_parents(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    book.remove(walkers.olga, walkers.bert)
    spy = book.add(walkers.bert, "spy", upon=before)
    roster = book.roster_in_any_order()
    assert book.call(roster.members) == ["olga", "adam", "mia", "ned"]
    assert EntryId(spy) not in roster.counted


def test_a_removed_admin_removes_no_member_upon_old_parents_and_all_are_told(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    removal = book.remove(walkers.adam, walkers.bert)
    late = book.remove(walkers.bert, walkers.mia, upon=before)
    roster = book.roster_in_any_order()
    assert book.call(roster.members) == ["olga", "adam", "mia", "ned"]
    assert roster.voided == (VoidedRemoval(late, walkers.mia, removal),)


def test_a_demoted_admin_does_nothing_upon_old_parents(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    demotion = book.demote(walkers.bert)
    book.add(walkers.bert, "spy", upon=before)
    late = book.remove(walkers.bert, walkers.mia, upon=before)
    roster = book.roster_in_any_order()
    assert book.call(roster.members) == ["olga", "adam", "bert", "mia", "ned"]
    assert book.call(roster.admins) == ["adam"]
    assert roster.voided == (VoidedRemoval(late, walkers.mia, demotion),)


def test_what_an_admin_did_before_it_was_demoted_stands(walkers: Walkers) -> None:
    book = walkers.book
    book.add(walkers.bert, "una")
    book.remove(walkers.bert, walkers.mia)
    book.demote(walkers.bert)
    assert book.call(book.roster_in_any_order().members) == ["olga", "adam", "bert", "ned", "una"]


def test_a_member_made_admin_once_more_comes_after_the_others(walkers: Walkers) -> None:
    book = walkers.book
    book.demote(walkers.adam)
    book.appoint(walkers.adam)
    roster = book.roster_in_any_order()
    assert book.call(roster.admins) == ["bert", "adam"]
    book.remove(walkers.bert, walkers.adam)
    assert book.call(book.roster_in_any_order().members) == ["olga", "bert", "mia", "ned"]


def test_what_an_admin_wrote_between_two_appointments_does_not_count(walkers: Walkers) -> None:
    book = walkers.book
    demotion = book.demote(walkers.bert)
    book.add(walkers.bert, "spy", upon=[demotion])
    book.appoint(walkers.bert)
    book.add(walkers.bert, "una")
    assert book.call(book.roster_in_any_order().members) == [*ALL, "una"]


def test_an_admin_who_left_writes_nothing_more(walkers: Walkers) -> None:
    book = walkers.book
    last = book.leave(walkers.bert)
    spy = EntryId(book.add(walkers.bert, "spy"))
    log = book.read()
    assert spy not in log.graph.index
    assert log.insert_entry(book.entries[spy], proved=True).refused == ((spy, EntryRefusal.AFTER_LEAVING),)
    assert walkers.bert not in book.roster_in_any_order().members
    assert book.roster().departures[walkers.bert].entry == last


def test_an_admin_who_left_writes_nothing_upon_old_parents_either(walkers: Walkers) -> None:
    """Its line has the leave already: all that it writes now stands at a place that was taken first."""
    book, before = walkers.book, walkers.known
    book.leave(walkers.bert)
    late = book.write(walkers.bert, AddMember(newcomer("spy")), upon=before, after=EntryId(walkers.bert))
    log = book.read()
    roster = reckon_roster(log.graph)
    assert book.call(roster.members) == ["olga", "adam", "mia", "ned"]
    assert late in roster.aside
    assert late not in log.make_entry(walkers.olga, RenameRoom("climbers"), roster.aside).parents


def test_nor_what_it_told_somebody_else_at_the_place_of_its_leave(walkers: Walkers) -> None:
    """Members that were told first that it adds a member hear of the leave later, and agree with the
    others."""
    book, before = walkers.book, walkers.known
    spy = EntryId(book.add(walkers.bert, "spy", upon=before))
    left = book.write(walkers.bert, LeaveRoom(0), upon=before, after=EntryId(walkers.bert))
    begun = list(book.entries)[:-2]
    for order in ([*begun, spy, left], [*begun, left, spy]):
        assert book.call(book.roster(order).members) == ["olga", "adam", "mia", "ned"]
    book.write(walkers.olga, RenameRoom("climbers"))  # which knows of both
    assert walkers.bert not in book.roster().members
    assert spy not in book.roster().counted


def test_leaving_upon_old_parents_undoes_nothing_that_a_senior_has_built_upon(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    book.remove(walkers.bert, walkers.mia)
    book.demote(walkers.bert)
    book.write(walkers.bert, LeaveRoom(0), upon=before, after=EntryId(walkers.bert))
    assert book.call(book.roster_in_any_order().members) == ["olga", "adam", "ned"]


def test_a_former_owner_decides_nothing(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    over = book.write(walkers.olga, HandOver(walkers.adam))
    book.remove(walkers.olga, walkers.bert, upon=before)
    book.write(walkers.olga, LeaveRoom(0, (walkers.ned,)), upon=before, after=book.entries[over].previous)
    roster = book.roster()
    assert book.call([roster.owner, *roster.members]) == ["adam", "adam", "bert", "mia", "ned"]


# --- offices against each other


def test_of_two_admins_who_remove_each_other_the_senior_stays(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    book.remove(walkers.bert, walkers.adam, upon=before)
    book.remove(walkers.adam, walkers.bert, upon=before)
    assert book.call(book.roster_in_any_order().members) == ["olga", "adam", "mia", "ned"]


def test_an_admin_removes_no_senior(walkers: Walkers) -> None:
    book = walkers.book
    book.remove(walkers.bert, walkers.adam)
    assert book.call(book.roster_in_any_order().members) == ALL


def test_a_removal_is_voided_when_a_senior_removes_its_author_unknowingly_and_all_are_told(
    walkers: Walkers,
) -> None:
    book, before = walkers.book, walkers.known
    voided = book.remove(walkers.adam, walkers.mia, upon=before)
    by = book.remove(walkers.olga, walkers.adam, upon=before)
    roster = book.roster_in_any_order()
    assert book.call(roster.members) == ["olga", "bert", "mia", "ned"]
    assert roster.voided == (VoidedRemoval(voided, walkers.mia, by),)


def test_no_admin_removes_an_owner(walkers: Walkers) -> None:
    book = walkers.book
    book.remove(walkers.adam, walkers.olga)
    assert book.call(book.roster_in_any_order().members) == ALL


def test_nor_one_who_is_made_owner_meanwhile_and_all_are_told(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    removal = book.remove(walkers.adam, walkers.mia, upon=before)
    over = book.write(walkers.olga, HandOver(walkers.mia), upon=before)
    roster = book.roster_in_any_order()
    assert book.call(roster.members) == ["mia", "adam", "bert", "olga", "ned"]
    assert roster.voided == (VoidedRemoval(removal, walkers.mia, over),)


def test_a_member_removed_by_a_senior_while_it_is_appointed_is_out(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    book.remove(walkers.adam, walkers.mia, upon=before)
    appointment = book.appoint(walkers.mia, upon=before)
    book.add(walkers.mia, "spy", upon=[appointment])
    roster = book.roster_in_any_order()
    assert book.call(roster.members) == ["olga", "adam", "bert", "ned"]
    assert book.call(roster.admins) == ["adam", "bert"]


def test_an_id_once_removed_is_never_in_again(walkers: Walkers) -> None:
    book = walkers.book
    book.remove(walkers.olga, walkers.mia)
    book.appoint(walkers.mia)
    book.write(walkers.olga, HandOver(walkers.mia))
    roster = book.roster_in_any_order()
    assert book.call([roster.owner, *roster.members]) == ["olga", "olga", "adam", "bert", "ned"]
    back = book.add(walkers.olga, "mia, with keys that are new")
    assert book.roster_in_any_order().members[-1] == back != walkers.mia


def test_in_a_partition_both_sides_change_the_roster_and_both_changes_count(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    una = book.add(walkers.adam, "una", upon=before)
    book.remove(walkers.adam, walkers.ned, upon=[EntryId(una)])
    vera = book.add(walkers.bert, "vera", upon=before)
    book.remove(walkers.bert, walkers.mia, upon=[EntryId(vera)])
    members = book.call(book.roster_in_any_order().members)
    assert members[:3] == ["olga", "adam", "bert"]
    assert sorted(members[3:]) == ["una", "vera"]


# --- owners who go


def test_a_hand_over_to_a_leaving_member_makes_it_no_owner(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    book.write(walkers.olga, HandOver(walkers.adam), upon=before)
    book.leave(walkers.adam, upon=before)
    roster = book.roster_in_any_order()
    assert book.call([roster.owner, *roster.members]) == ["olga", "olga", "bert", "mia", "ned"]


def test_an_owner_who_leaves_is_followed_by_the_first_heir_who_has_not_left_unknowingly(
    walkers: Walkers,
) -> None:
    book, before = walkers.book, walkers.known
    book.leave(walkers.adam, upon=before)
    leave = book.leave(walkers.olga, walkers.adam, walkers.mia, upon=before)
    roster = book.roster_in_any_order()
    assert book.call([roster.owner, *roster.members]) == ["mia", "mia", "bert", "ned"]
    book.leave(walkers.mia, walkers.ned, upon=[leave])
    assert book.call([book.roster_in_any_order().owner]) == ["ned"]


def test_where_no_heir_is_left_the_first_of_the_roster_is_owner(walkers: Walkers) -> None:
    book, before = walkers.book, walkers.known
    book.leave(walkers.adam, upon=before)
    book.leave(walkers.olga, walkers.adam, upon=before)
    roster = book.roster_in_any_order()
    assert book.call([roster.owner, *roster.members]) == ["bert", "bert", "mia", "ned"]


def test_what_admins_wrote_meanwhile_does_not_change_who_is_first_of_the_roster(walkers: Walkers) -> None:
    """The only admin removes the first member and leaves, while the owner leaves and knows of neither."""
    book = walkers.book
    book.demote(walkers.bert)
    before = walkers.known
    removal = book.remove(walkers.adam, walkers.bert, upon=before)
    book.leave(walkers.adam, upon=[removal])
    leave = book.leave(walkers.olga, upon=before)
    roster = book.roster_in_any_order()
    assert book.call([roster.owner, *roster.members]) == ["bert", "bert", "mia", "ned"]
    assert roster.voided == (VoidedRemoval(removal, walkers.bert, leave),)


def test_forty_owners_who_leave_one_after_the_other_name_no_heir_and_the_room_goes_on() -> None:
    """The successor depends on the roster as the leaver knew it, and so on all before: each is worked out
    once."""
    book = LogBook()
    members = [book.olga, *(book.add(book.olga, str(number)) for number in range(40))]
    for member in members[:-1]:
        book.leave(member)
    assert book.roster().members == tuple(members[-1:])


def test_when_all_have_left_a_room_has_no_owner() -> None:
    book = LogBook()
    book.leave(book.olga)
    roster = book.roster_in_any_order()
    assert (roster.owner, roster.members) == (None, ())


def test_no_member_becomes_owner_by_waiting(walkers: Walkers) -> None:
    """The owner is lost: admins go on, and nothing that they write makes one of them owner."""
    book = walkers.book
    book.write(walkers.adam, RenameRoom("climbers"))
    book.write(walkers.adam, HandOver(walkers.adam))
    book.add(
        walkers.bert, "una", upon=[book.entries[EntryId(walkers.ned)].previous, *book.read().list_heads()]
    )
    roster = book.roster_in_any_order()
    assert (roster.owner, roster.name) == (walkers.olga, "walkers")
    assert book.call(roster.members) == [*ALL, "una"]
