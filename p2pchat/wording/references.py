"""The words beside a line: replies, reactions, corrections, withdrawals, and in a room who has it.

Knows: the words. Does not know: where they are shown.
"""

from __future__ import annotations

from typing import Final

from p2pchat.control.events import (
    AnsweredInfo,
    CorrectedEvent,
    HistoryLine,
    ListenEvents,
    ReactionEvent,
    ReactionInfo,
    State,
    WithdrawnEvent,
)
from p2pchat.text import harmless_name, one_line, shortened

REWRITTEN: Final = "rewritten here"
"""Shown beside a line whose text the owner of this home changed, instead of its delivery state."""

UNKNOWN: Final = "this version cannot show this message"

INCOMPLETE: Final = "answers something that no member has"

DIFFERS: Final = "its sender was told something else than you"

BEGINNING: Final = 40
"""Characters shown of a message that a reply or a reaction refers to."""


def line_marks(line: HistoryLine) -> list[str]:
    """The facts about a line beside its text; each fits into brackets."""
    marks = [REWRITTEN] if line.rewritten else []
    if line.unknown is not None:
        marks.append(UNKNOWN)
    for change, state in (("withdrawn", line.withdrawn), ("corrected", line.corrected)):
        if state is not None:
            marks.append(_progress_words(change, state))
    if line.mentions:
        marks.append(_mention_words(line))
    if line.outgoing and line.state != "delivered" and not (line.rewritten or line.reached):
        marks.append(line.state)
    if line.reached and line.of is not None and line.reached < line.of:
        marks.append(reached_words(line.reached, line.of))
    marks += room_oddities(line)
    marks += map(_reaction_words, line.reactions)
    marks += (f"before: {one_line(version.text)}" for version in line.earlier)
    return marks


def reached_words(reached: int, of: int) -> str:
    """``delivered to 2 of 5``."""
    return f"delivered to {reached} of {of}"


def answered_words(answered: AnsweredInfo) -> str:
    """The mark of a reply: ``re bob: see you at eight``."""
    return f"re {answered_beginning(answered)}"


def answered_beginning(answered: AnsweredInfo) -> str:
    """The message that a reply answers: ``bob: see you at eight``."""
    if answered.sender is None:
        return "a message that is not here"
    without = "a withdrawn message" if answered.withdrawn else "a message without text"
    beginning = shortened(answered.text or "", BEGINNING) or without
    return f"{harmless_name(answered.sender)}: {beginning}"


def chat_marks(line: HistoryLine) -> tuple[str, ...]:
    """The marks that a chat shows below a line: those without a sign of their own."""
    signs = {REWRITTEN, line.state, reached_words(line.reached or 0, line.of or 0), *room_oddities(line)}
    if line.room is not None and not line.outgoing:
        signs.add(_mention_words(line))
    return tuple(mark for mark in line_marks(line) if mark not in signs)


def reference_line(event: ListenEvents) -> str | None:
    """The sentence for a reaction, correction or withdrawal; None for any other event."""
    match event:
        case ReactionEvent(by=by, sign=""):
            return f"{harmless_name(by)} took back the reaction{_to(event)}"
        case ReactionEvent(by=by, sign=sign):
            return f"{harmless_name(by)} reacted {shown_sign(sign)}{_to(event)}"
        case CorrectedEvent(by=by):
            return f"{harmless_name(by)} corrected a message; it says now: {one_line(event.text)}"
        case WithdrawnEvent(by=by):
            return f"{harmless_name(by)} withdrew a message"
        case _:
            return None


def shown_sign(sign: str) -> str:
    """A reaction's sign without control characters."""
    return one_line(sign)


def _mention_words(line: HistoryLine) -> str:
    return f"mentions {', '.join(map(harmless_name, line.mentions))}"


def room_oddities(line: HistoryLine) -> tuple[str, ...]:
    """What is odd about a line of a room."""
    marks = []
    if line.through is not None:
        marks.append(f"as {harmless_name(line.through)} has it")
    if line.incomplete:
        marks.append(INCOMPLETE)
    if line.differs:
        marks.append(DIFFERS)
    if line.could_read:
        marks.append(f"{', '.join(map(harmless_name, line.could_read))} could read this")
    return tuple(marks)


def _to(event: HistoryLine) -> str:
    return f" to: {shortened(event.text, BEGINNING)}" if event.text else ""


def _reaction_words(reaction: ReactionInfo) -> str:
    words = f"{shown_sign(reaction.sign)} {harmless_name(reaction.sender)}"
    return words if reaction.state == "delivered" else f"{words}, {reaction.state}"


def _progress_words(change: str, state: State) -> str:
    return change if state == "delivered" else f"{change}: {state}"
