"""The graph knows what each entry has in its past, and which of several at one place was proved first."""

from __future__ import annotations

from p2pchat.core.room.graph import EntryGraph, members_of
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import StrikeEntries
from tests.support.room_book import LogBook


def place_all(book: LogBook, proved: bool = True) -> EntryGraph:
    graph = EntryGraph()
    for id, entry in book.entries.items():
        at = graph.add_entry(id, entry, graph.merge_pasts(entry))
        if proved:
            graph.prove_entry(at)
    return graph


def a_fork() -> tuple[LogBook, EntryId, EntryId, EntryId]:
    """olga has written two entries at one place, and another upon the second."""
    book = LogBook()
    first = book.write(book.olga, StrikeEntries())
    second = book.write(book.olga, StrikeEntries((first,)), upon=[], after=EntryId(book.olga))
    return book, first, second, book.write(book.olga, StrikeEntries(), upon=[])


def test_an_entry_has_all_in_its_past_that_its_parents_have() -> None:
    book = LogBook()
    adam, bert = (EntryId(book.add(book.olga, name)) for name in ("adam", "bert"))
    apart = book.leave(MemberId(adam), upon=[adam])
    both = book.write(book.olga, StrikeEntries())
    graph = place_all(book)
    at = graph.index
    assert list(members_of(graph.pasts[at[both]])) == [0, 1, 2, 3]
    assert graph.has_in_past(at[apart], at[adam])
    assert not graph.has_in_past(at[apart], at[bert])
    assert not graph.has_in_past(at[both], at[both])
    assert graph.depths == [0, 1, 2, 2, 3]
    assert list(members_of(graph.heads)) == [at[both]]


def test_members_are_found_by_the_entry_that_let_them_in_and_by_no_other() -> None:
    book = LogBook()
    adam = book.add(book.olga, "adam")
    other = book.write(book.olga, StrikeEntries())
    graph = place_all(book)
    assert graph.find_member(book.olga) == 0
    assert graph.find_member(adam) == 1
    assert graph.find_member(MemberId(other)) is None
    assert graph.find_member(MemberId(b"?" * 32)) is None


def test_an_entry_proves_what_its_author_wrote_before_and_nothing_of_others() -> None:
    book = LogBook()
    adam = book.add(book.olga, "adam")
    book.leave(adam)
    last = book.write(book.olga, StrikeEntries())
    graph = place_all(book, proved=False)
    assert graph.prove_entry(graph.index[last]) == [1, 3]
    assert graph.prove_entry(graph.index[last]) == []
    assert graph.proofs == [1, 3]


def test_where_a_line_forks_it_goes_on_with_what_was_proved_first() -> None:
    book, first, second, third = a_fork()
    graph = place_all(book, proved=False)
    at = graph.index
    assert graph.walk_line(book.olga, -1, 0, ()) == [at[first]]
    graph.prove_entry(at[third])
    assert graph.walk_line(book.olga, -1, 0, ()) == [at[second], at[third]]
    assert graph.find_rival(at[second]) is None
    graph.prove_entry(at[first])
    assert graph.walk_line(book.olga, -1, 0, ()) == [at[second], at[third]]
    assert graph.find_rival(at[first]) == at[second]
    assert graph.forked == {book.olga}
    assert sorted(graph.list_branches(book.olga)) == [at[first], at[second], at[third]]


def test_or_with_what_is_preferred_and_never_with_what_is_struck() -> None:
    book, first, second, third = a_fork()
    graph = place_all(book)
    at = graph.index
    branch = [at[second], at[third]]
    assert graph.walk_line(book.olga, -1, 0, ()) == [at[first]]
    assert graph.walk_line(book.olga, -1, 1 << at[second], ()) == branch
    assert graph.walk_line(book.olga, -1, 1 << at[second], (second,)) == [at[first]]
    assert graph.walk_line(book.olga, -1, 0, (first, second)) == [at[first]]
    assert graph.walk_line(book.olga, ~(1 << at[first]), 0, ()) == branch


def test_an_author_can_let_the_other_branch_stand_first() -> None:
    book, first, second, third = a_fork()
    graph = place_all(book)
    graph.put_first(graph.index[second])
    assert graph.walk_line(book.olga, -1, 0, ())[-1] == graph.index[third]
    assert graph.proofs.index(graph.index[second]) < graph.proofs.index(graph.index[first])
