"""Which of each member's messages are here: the frontier, and what is missing behind it.

Knows: numbers, as spans. Does not know: what the messages say, or why one is missing.

A member's numbers count its messages in the room, from 1, across all periods. Up to the *frontier* all are
here, were not written to us, or were given up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from p2pchat.core.room.messages import name_sender
from p2pchat.types import MemberId
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_cells import MEMBER_BYTES, NUMBER_MAX
from p2pchat.wire.room_words import NumberSpan

SPANS_MAX: Final = 64
"""Gaps of one sender that are remembered: a sender that leaves out numbers at will loses its oldest gaps."""

SENDERS_MAX: Final = 512
"""Members with any remembered state, departed ones among them."""


class SeenNumbers:
    """One room's."""

    def __init__(self) -> None:
        self._spans: dict[MemberId, list[tuple[int, int]]] = {}
        """What is here beyond the frontier: first number, and the one after the last."""
        self._reached: dict[MemberId, int] = {}
        self._settled: dict[MemberId, list[tuple[int, int]]] = {}
        """Of what counts as here, that which is not: it was given up, or is none for us, on others' word."""
        self._claimed: dict[MemberId, int] = {}
        """The highest number that a trusted member has named."""

    @classmethod
    def read_kept(cls, reader: Reader) -> SeenNumbers:
        """Undo ``as_values``. Raises Malformed."""
        seen = cls()
        for member, reached, claimed, spans, settled in reader.get_list("seen", SENDERS_MAX):
            if len(member) == MEMBER_BYTES:
                seen._reached[member], seen._claimed[member] = reached, claimed
                seen._spans[member] = list(zip(spans[::2], spans[1::2], strict=True))
                seen._settled[member] = list(zip(settled[::2], settled[1::2], strict=True))
        return seen

    def as_values(self) -> dict[str, Any]:
        """Return all as plain values."""
        return {
            "seen": [
                [
                    member,
                    reached,
                    self._claimed[member],
                    [end for span in self._spans[member] for end in span],
                    [end for span in self._settled[member] for end in span],
                ]
                for member, reached in self._reached.items()
            ]
        }

    def frontier_of(self, member: MemberId) -> int:
        """The number up to which nothing of a member's is missing."""
        return self._reached.get(member, 0)

    def has_number(self, member: MemberId, number: int) -> bool:
        """Whether a message is here, or will never be."""
        if number <= self.frontier_of(member):
            return True
        return any(first <= number < end for first, end in self._spans.get(member, ()))

    def begin_after(self, member: MemberId, number: int) -> None:
        """What a member wrote up to a number is from before our time."""
        self.note_span(member, 1, number)

    def note_number(self, member: MemberId, number: int) -> None:
        """A message is here."""
        self.note_span(member, number, 1)
        if self.is_settled(member, number):
            self._settled[member] = _subtract_span(self._settled[member], (number, number + 1))

    def note_settled(self, member: MemberId, first: int, count: int) -> None:
        """On others' word, messages are none for us, or no member has them: should one come under its
        sender's own MAC, it is new."""
        here = [(1, self.frontier_of(member) + 1), *self._spans.get(member, ())]
        self.note_span(member, first, count)
        if member in self._settled:
            settled = [(first, min(first + count, NUMBER_MAX + 1))]
            for span in here:
                settled = _subtract_span(settled, span)
            self._settled[member] = sorted([*self._settled[member], *settled])[-SPANS_MAX:]

    def is_settled(self, member: MemberId, number: int) -> bool:
        """Whether a message counts as here, and is not."""
        return any(first <= number < end for first, end in self._settled.get(member, ()))

    def withdraw_settled(self, member: MemberId, last: int) -> None:
        """A member has said itself that it has written ``last``: what others said of later ones is void."""
        beyond = [
            (max(first, last + 1), end) for first, end in self._settled.get(member, ()) if end - 1 > last
        ]
        if not beyond:
            return
        here = [(1, self._reached[member] + 1), *self._spans[member]]
        for span in beyond:
            here = _subtract_span(here, span)
            self._settled[member] = _subtract_span(self._settled[member], span)
        self._reached[member] = here.pop(0)[1] - 1 if here and here[0][0] == 1 else 0
        self._spans[member] = here
        self._claimed[member] = max(last, here[-1][1] - 1 if here else self._reached[member])

    def note_span(self, member: MemberId, first: int, count: int) -> None:
        """These messages are here, were not written to us, or are given up."""
        if count < 1 or not self._begin(member):
            return
        spans = sorted([*self._spans[member], (first, min(first + count, NUMBER_MAX + 1))])
        reached, merged = self._reached[member], list[tuple[int, int]]()
        for start, end in spans:
            if start <= reached + 1:
                reached = max(reached, end - 1)
            elif merged and start <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(merged[-1][1], end)
            else:
                merged.append((start, end))
        while len(merged) > SPANS_MAX:
            reached = merged.pop(0)[1] - 1
        self._reached[member], self._spans[member] = reached, merged
        self.note_claim(member, max(reached, merged[-1][1] - 1 if merged else 0))

    def note_claim(self, member: MemberId, number: int) -> None:
        """A member is said to have written so many."""
        if self._begin(member):
            self._claimed[member] = max(self._claimed[member], min(number, NUMBER_MAX))

    def withdraw_claim(self, member: MemberId, number: int) -> None:
        """What a member was said to have written beyond a number does not count, unless it is here."""
        if member in self._claimed:
            spans = self._spans[member]
            here = max(self._reached[member], spans[-1][1] - 1 if spans else 0)
            self._claimed[member] = min(self._claimed[member], max(here, number))

    def list_missing(self, member: MemberId, most: int = 1 << 30) -> list[NumberSpan]:
        """List the spans of a member's numbers that are not here, the oldest first."""
        found: list[NumberSpan] = []
        if member not in self._reached:
            return found
        at = self._reached[member] + 1
        for first, end in (*self._spans[member], (self._claimed[member] + 1, 0)):
            if first > at and len(found) < most:
                found.append(NumberSpan(name_sender(member), at, first - at))
            at = max(at, end)
        return found

    def list_behind(self) -> Iterable[MemberId]:
        """The members with missing messages."""
        return [member for member in self._reached if self.list_missing(member, 1)]

    def _begin(self, member: MemberId) -> bool:
        if member not in self._reached:
            if len(self._reached) >= SENDERS_MAX:
                return False
            self._reached[member], self._claimed[member], self._spans[member] = 0, 0, []
            self._settled[member] = []
        return True


def _subtract_span(spans: list[tuple[int, int]], gone: tuple[int, int]) -> list[tuple[int, int]]:
    """What is left of spans, first numbers and those after the last, without another one."""
    first, end = gone
    cut = [part for span in spans for part in ((span[0], min(span[1], first)), (max(span[0], end), span[1]))]
    return [(start, stop) for start, stop in cut if start < stop]
