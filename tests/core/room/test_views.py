"""Who goes on for an hour without an entry that it was sent is helped by an entry of a senior, once."""

from __future__ import annotations

import pytest

from p2pchat.core.room.roster import is_merge_due
from p2pchat.core.room.views import STALE_S, MemberViews
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

    def due(self, now: float) -> list[str]:
        """Who is to write."""
        graph, roster = self.book.read().graph, self.book.roster()
        assert not any(is_merge_due(graph, roster, one) for one in roster.members), "not for that alone"
        return self.book.call(
            one for one in roster.members if self.views.is_merge_due(graph, roster, one, now)
        )


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_who_names_all_needs_nothing(seen: Seen) -> None:
    seen.book.leave(seen.walkers.mia)
    seen.name(seen.walkers.ned, seen.book.heads(), 0.0)
    assert seen.due(STALE_S) == []


def test_who_leaves_an_entry_out_for_an_hour_needs_one_of_a_senior(seen: Seen) -> None:
    before = seen.walkers.known
    seen.book.leave(seen.walkers.mia)
    seen.name(seen.walkers.ned, before, 0.0)
    assert seen.due(STALE_S - 1) == []
    assert seen.due(STALE_S) == ["olga", "adam", "bert"]
    seen.book.write(seen.walkers.adam, StrikeEntries())
    assert "adam" not in seen.due(STALE_S)
    seen.book.write(seen.walkers.olga, StrikeEntries())
    seen.book.write(seen.walkers.bert, StrikeEntries())
    assert seen.due(STALE_S) == []


def test_who_names_it_meanwhile_needs_nothing(seen: Seen) -> None:
    before = seen.walkers.known
    seen.book.leave(seen.walkers.mia)
    seen.name(seen.walkers.ned, before, 0.0)
    seen.name(seen.walkers.ned, seen.book.heads(), STALE_S / 2)
    assert seen.due(2 * STALE_S) == []


def test_what_was_written_since_is_on_its_way(seen: Seen) -> None:
    before = seen.walkers.known
    seen.name(seen.walkers.ned, before, 0.0)
    seen.book.leave(seen.walkers.mia)
    seen.name(seen.walkers.ned, before, STALE_S)
    assert seen.due(STALE_S) == []


def test_who_is_out_needs_nothing(seen: Seen) -> None:
    before = seen.walkers.known
    seen.book.leave(seen.walkers.mia)
    seen.name(seen.walkers.ned, before, 0.0)
    seen.views.keep_only([seen.walkers.olga])
    assert seen.due(STALE_S) == []


def test_an_entry_of_a_senior_is_for_seniors_to_build_upon(seen: Seen) -> None:
    before = seen.walkers.known
    seen.book.remove(seen.walkers.adam, seen.walkers.mia)
    seen.name(seen.walkers.ned, before, 0.0)
    assert "bert" not in seen.due(STALE_S) and "olga" in seen.due(STALE_S)
