"""Who goes on for an hour without an entry that it was sent is helped by an entry of a senior, once."""

from __future__ import annotations

import pytest

from p2pchat.core.room.roster import is_merge_due
from p2pchat.core.room.views import LACKING_MAX, STALE_S, MemberViews
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import StrikeEntries
from tests.support.room_book import LogBook, Walkers


class Seen:
    """The walkers, as one of them sees what the others name."""

    def __init__(self) -> None:
        self.walkers = Walkers.begin()
        self.book: LogBook = self.walkers.book
        self.views = MemberViews()

    def name(self, member: MemberId, heads: list[EntryId], now: float) -> None:
        graph, roster = self.book.read().graph, self.book.roster()
        self.views.note_heads(member, b"".join(sorted(heads)), graph, roster, now)

    def due(self) -> list[str]:
        """Who is to write."""
        graph, roster = self.book.read().graph, self.book.roster()
        assert not any(is_merge_due(graph, roster, one) for one in roster.members), "not for that alone"
        return self.book.call(one for one in roster.members if self.views.is_merge_due(graph, roster, one))


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_who_names_all_needs_nothing(seen: Seen) -> None:
    seen.book.leave(seen.walkers.mia)
    seen.name(seen.walkers.ned, seen.book.heads(), 0.0)
    seen.name(seen.walkers.ned, seen.book.heads(), STALE_S)
    assert seen.due() == []


def test_who_leaves_an_entry_out_for_an_hour_needs_one_of_a_senior(seen: Seen) -> None:
    before = seen.walkers.known
    seen.name(seen.walkers.ned, before, -STALE_S)
    seen.book.leave(seen.walkers.mia)
    seen.name(seen.walkers.ned, before, 0.0)
    seen.name(seen.walkers.ned, before, STALE_S - 1)
    assert seen.due() == []
    seen.name(seen.walkers.ned, before, STALE_S)
    assert seen.due() == ["olga", "adam", "bert"]
    for office in (seen.walkers.adam, seen.walkers.olga, seen.walkers.bert):
        seen.book.write(office, StrikeEntries())
    assert seen.due() == []


def test_an_entry_that_merges_is_written_again_once_for_a_member_that_does_not_apply_it(seen: Seen) -> None:
    """Its MAC stands under a period of before the member was heard."""
    for due in (["olga"], []):
        before = seen.book.heads()
        seen.book.write(seen.walkers.olga, StrikeEntries())
        for now in (0.0, STALE_S):
            seen.name(seen.walkers.ned, before, now)
        assert seen.due() == due


def test_who_names_it_meanwhile_needs_nothing(seen: Seen) -> None:
    before = seen.walkers.known
    seen.book.leave(seen.walkers.mia)
    seen.name(seen.walkers.ned, before, 0.0)
    seen.name(seen.walkers.ned, seen.book.heads(), STALE_S / 2)
    seen.name(seen.walkers.ned, before, STALE_S)
    assert seen.due() == []


def test_who_is_out_needs_nothing(seen: Seen) -> None:
    before = seen.walkers.known
    seen.book.leave(seen.walkers.mia)
    for now in (0.0, STALE_S):
        seen.name(seen.walkers.ned, before, now)
    seen.views.keep_only([seen.walkers.olga])
    assert seen.due() == []


def test_an_entry_of_a_senior_is_for_seniors_to_build_upon(seen: Seen) -> None:
    before = seen.walkers.known
    seen.book.remove(seen.walkers.adam, seen.walkers.mia)
    for now in (0.0, STALE_S):
        seen.name(seen.walkers.ned, before, now)
    assert "bert" not in seen.due() and "olga" in seen.due()


def test_of_a_member_that_shows_to_know_nothing_little_is_noted(seen: Seen) -> None:
    for number in range(2 * LACKING_MAX):
        seen.book.add(seen.walkers.olga, f"walker {number}")
    for now in (0.0, STALE_S):
        seen.name(seen.walkers.ned, [EntryId(b"x" * 32)], now)
    assert len(seen.views._lacking[seen.walkers.ned]) == LACKING_MAX
    assert seen.due() == [], "olga has built upon all that is noted"
