"""The lines of a chat in line mode, one below the other: each message once, each trouble once.

Knows: how a line reads, and what was shown. Does not know: why something is shown, or the terminal.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final

from p2pchat.chat.lines import ChatLine, Stage
from p2pchat.text import harmless_name, indented, one_line, shortened
from p2pchat.wording.delivery import reached_sentences
from p2pchat.wording.lines import clock_time, local_time
from p2pchat.wording.signs import Signs

Line = list[tuple[str, str]]
"""Pieces of one line, each with the name of its style."""

REMEMBERED: Final = 1000
"""Ids kept to recognise what was shown already."""

SENTENCE_MAX: Final = 56
"""Characters of a sentence about members; the beginning of a message stands behind it in one row of 80."""

TROUBLES: Final = 3
"""Kinds of trouble in one outage, each told once: lost, why it cannot be had again, what waits."""


class Sheet:
    """What a person reads."""

    def __init__(self, show: Callable[[Line], None], signs: Signs) -> None:
        self.signs = signs
        self.clock = "24h"
        self._print = show
        self._troubles: deque[str] = deque(maxlen=TROUBLES)
        self._shown: OrderedDict[str, None] = OrderedDict()
        self._day: date | None = None
        self._queued: OrderedDict[str, ChatLine] = OrderedDict()
        """Lines of ours that stand here with the mark of what waits."""

    def tell_line(self, text: str) -> None:
        """Lines about the chat, not of it."""
        for line in text.split("\n"):
            self._show([("notice", f"      {one_line(line)}")])

    def tell_trouble(self, text: str) -> None:
        """What may come again and again while something lasts is shown once."""
        if text not in self._troubles:
            self._troubles.append(text)
            self._print([("notice", f"      {one_line(text)}")])

    def end_trouble(self, text: str) -> None:
        """A trouble is over. If it comes again, the chat tells it again."""
        self.tell_trouble(text)
        self._troubles.clear()

    def tell_stage(self, line: ChatLine, stage: Stage) -> None:
        """How far a line has come that is not in view any more."""
        self._show([("mark", f"      {self.signs.mark_of(stage)} {stage}: {shortened(line.text, 50)}")])

    def tell_reached(self, line: ChatLine, lacking: Sequence[str]) -> None:
        """How many members of a room have a line of ours, and who has not told yet to have it."""
        sentences = reached_sentences(
            line.reached, line.of, lacking, lambda words: len(words) <= SENTENCE_MAX
        )
        self._show([("mark", f"      {' · '.join(sentences)}: {shortened(line.text, 20)}")])

    def pop_queued(self, id: str) -> ChatLine | None:
        """A line that stands here with the mark of what waits; it waits no longer."""
        return self._queued.pop(id, None)

    def is_new(self, id: str) -> bool:
        """Whether a message was not seen here before; now it was."""
        if id in self._shown:
            return False
        self._shown[id] = None
        if len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)
        return True

    def show_once(self, line: ChatLine) -> None:
        """A line of the conversation, unless it was shown before."""
        if self.is_new(line.id):
            self._show_line(line)

    def show_lines(self, lines: Iterable[ChatLine]) -> None:
        """Lines read back, each under its day, whether they were shown before or not."""
        self._day = None
        for line in lines:
            self.is_new(line.id)
            self._show_line(line)

    def _show_line(self, line: ChatLine) -> None:
        day = local_time(line.at).date()
        if day != self._day:
            self._day = day
            self._show([("day", f"{self.signs.rule} {day:%A} {day.day} {day:%B %Y} {self.signs.rule}")])
        at = f"{clock_time(line.at, self.clock)} "
        gutter: Line = []
        if line.in_room:
            sign = self.signs.own if line.outgoing else self.signs.mention if line.for_us else " "
            gutter = [("me" if line.outgoing else "mention", f"{sign} ")]
        who = ("me" if line.outgoing else "them", harmless_name(line.sender))
        answers = f"[re {one_line(line.answers)}] " if line.answers else ""
        margin = len(at) + sum(len(text) for _, text in gutter)
        pieces: Line = [("time", at), *gutter, who, ("", f": {answers}{indented(line.text, margin)}")]
        pieces += (("mark", f"  [{one_line(mark)}]") for mark in (*line.marks, *line.oddities))
        if line.outgoing and line.stage == "queued":
            self._queued[line.id] = line
            if len(self._queued) > REMEMBERED:
                self._queued.popitem(last=False)
        if line.outgoing and line.stage != "sending":
            pieces.append(("mark", f"  {self.signs.mark_of(line.stage, line.reached, line.of)}"))
        self._show(pieces)

    def _show(self, line: Line) -> None:
        self._troubles.clear()
        self._print(line)
