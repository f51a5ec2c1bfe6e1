"""In rooms with any entries upon any parents, the roster is the same in any order of arrival."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from p2pchat.core.room.graph import EntryGraph
from p2pchat.core.room.roster import RoomRoster, list_strikes_due, reckon_roster
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import (
    Action,
    AddMember,
    HandOver,
    LeaveRoom,
    RemoveMember,
    SetRole,
    StrikeEntries,
)
from tests.support.room_book import LogBook, newcomer

ROOMS = 10_000
NEWCOMERS = [newcomer(f"member {number}") for number in range(40)]


def begin() -> LogBook:
    """The first entries of all these rooms: two admins and two members."""
    book = LogBook()
    for name in ("adam", "bert", "mia", "ned"):
        book.add(book.olga, name)
    for member in list(book.names)[1:3]:
        book.appoint(member)
    return book


BEGUN = begin()
FIRST = list(BEGUN.names)


def write_at_random(random: Random, entries: int) -> LogBook:
    """A room in which members write upon all that they know, or only say that they know: half of the entries
    name parents from long ago, so that those who are revoked write late."""
    book, members = BEGUN.copy(), list(FIRST)
    for number in range(entries):
        author, ids = random.choice((*FIRST[:3], *members)), list(book.entries)
        upon = [ids[-1]] if random.random() < 0.5 else random.sample(ids[6:], min(len(ids) - 6, 2))
        id = book.write(author, choose_action(random, members, ids, number), upon)
        if isinstance(book.entries[id].action, AddMember):
            members.append(MemberId(id))
    return book


def choose_action(random: Random, members: list[MemberId], ids: list[EntryId], number: int) -> Action:
    member, kind = random.choice(members), random.random()
    if kind < 0.15:
        return AddMember(NEWCOMERS[number])
    if kind < 0.4:
        return SetRole(member, admin=random.random() < 0.6)
    if kind < 0.75:
        return RemoveMember(member, number)
    if kind < 0.83:
        return LeaveRoom(number, tuple(dict.fromkeys(random.choices(members, k=2))))
    if kind < 0.92:
        return HandOver(member)
    return StrikeEntries(tuple(sorted(random.sample(ids, random.randrange(3)))))


def draw_order(book: LogBook, random: Random) -> Iterator[EntryId]:
    """An order in which the entries could be placed."""
    drawn = list(book.entries)[1:]
    random.shuffle(drawn)
    founding = EntryId(book.olga)
    placed = {founding}
    yield founding
    while drawn:
        id = drawn.pop()
        parents = [parent for parent in book.entries[id].parents if parent not in placed]
        if id not in placed and not parents:
            placed.add(id)
            yield id
        elif id not in placed:
            drawn += [id, *parents]


def place(book: LogBook, order: Iterable[EntryId], unproved: frozenset[EntryId]) -> EntryGraph:
    graph = EntryGraph()
    for id in order:
        at = graph.add_entry(id, book.entries[id], graph.merge_pasts(book.entries[id]))
        if id not in unproved:
            graph.prove_entry(at)
    return graph


def has_effect(graph: EntryGraph, at: int, author: MemberId, member: MemberId) -> bool:
    """Whether a removal is of another member, known to its author."""
    letting_in = graph.find_member(member)
    return author != member and letting_in is not None and graph.has_in_past(at, letting_in)


def check_rule(book: LogBook, graph: EntryGraph, roster: RoomRoster) -> None:
    """What must hold in any room, with any entries."""
    present = {*roster.members, *roster.unplaced}
    assert not present & set(roster.departures)
    assert roster.owner in present or not present
    assert set(roster.admins) <= present
    counted = [(graph.index[id], book.entries[id]) for id in roster.counted]
    for at, entry in counted:
        if isinstance(entry.action, RemoveMember) and has_effect(
            graph, at, entry.author, entry.action.member
        ):
            assert entry.action.member in roster.departures
            for other, theirs in counted:
                if theirs.author == entry.action.member and not isinstance(theirs.action, LeaveRoom):
                    assert graph.has_in_past(at, other), "what a removed member wrote late counts"
    for voided in roster.voided:
        assert voided.member in present
        assert voided.removal not in roster.counted
    assert not roster.aside & roster.counted


def test_ten_thousand_rooms_have_one_roster_each_in_any_order_of_arrival() -> None:
    random = Random("rooms")
    with_late_entries = 0
    for number in range(ROOMS):
        book = write_at_random(random, 4 + number % 6)
        unproved = frozenset(id for id in book.entries if random.random() < 0.05 and id not in BEGUN.entries)
        graph = place(book, book.entries, unproved)
        roster = reckon_roster(graph)
        check_rule(book, graph, roster)
        assert reckon_roster(place(book, draw_order(book, random), unproved)) == roster
        with_late_entries += bool(roster.voided)
    assert with_late_entries > ROOMS // 50


def test_halves_that_were_told_different_things_agree_when_the_owner_has_settled_it() -> None:
    """Admins write two entries at one place, and show wrong MACs. The owner strikes what she
    does not apply."""
    random, settled = Random("halves"), 0
    for _ in range(300):
        book = BEGUN.copy()
        for number in range(8):
            author, ids = random.choice(FIRST[1:3]), list(book.entries)
            own = [id for id in ids if book.entries[id].author == author]
            action: Action = AddMember(NEWCOMERS[number])
            if random.random() < 0.5:
                action = RemoveMember(random.choice(FIRST[3:]), 0)
            after = random.choice([EntryId(author), *own]) if random.random() < 0.5 else None
            book.write(author, action, random.sample(ids[6:], min(2, len(ids) - 6)), after=after)
        shown = [
            {id for id in book.entries if random.random() < 0.2 and id not in BEGUN.entries} for _ in range(3)
        ]
        orders = [list(draw_order(book, random)) for _ in shown]
        before = [place(book, *view) for view in zip(orders, map(frozenset, shown), strict=True)]
        settled += len({reckon_roster(graph).members for graph in before}) > 1
        log = book.read(orders[0], shown[0])
        for id in book.entries:
            log.note_head(id)
        roster = reckon_roster(log.graph)
        due = list_strikes_due(log.graph, roster, book.olga)
        for first in range(0, len(due) + 1, 8):
            entry = log.make_entry(book.olga, StrikeEntries(tuple(due[first : first + 8])), roster.aside)
            book.keep(entry)
            log.insert_entry(entry, proved=True)
        after_all = reckon_roster(log.graph)
        assert after_all.members == roster.members
        for order, unproved in zip(orders, shown, strict=True):
            graph = place(book, [*order, *list(book.entries)[len(order) :]], frozenset(unproved))
            assert reckon_roster(graph).members == roster.members
    assert settled > 100


def test_so_have_some_large_ones() -> None:
    random = Random("large rooms")
    for _ in range(10):
        book = write_at_random(random, 40)
        expected = reckon_roster(place(book, book.entries, frozenset()))
        for _ in range(5):
            assert reckon_roster(place(book, draw_order(book, random), frozenset())) == expected
