"""How a message is laid out: rows of at most so many cells, folded if it is long.

Knows: wrapping, links, marks. Does not know: what is on the screen, or where messages come from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date
from typing import Final

from rich.console import Console
from rich.style import Style
from rich.text import Text

from p2pchat.chat.counterparts import hue_of
from p2pchat.chat.lines import ChatLine, has_reached_all
from p2pchat.chat.widths import certain, count_columns, cut, drawable, rows
from p2pchat.data import dataclass
from p2pchat.text import harmless, harmless_name, one_line
from p2pchat.wording.delivery import reached_mark, reached_sentences
from p2pchat.wording.lines import MARKS, clock_time, local_time
from p2pchat.wording.references import REWRITTEN

Piece = tuple[str, str]
"""What a piece of a row is (``time``, ``me``, ``text``, ``mark`` …, or a link's address), and its text."""

FOLD_LINES: Final = 20
FOLD_CHARACTERS: Final = 2000
"""Longer messages show so much until they are unfolded: none may push all others off the screen."""

NAME_WIDTH: Final = 12
"""Cells for names; longer ones are cut."""

GUTTERS: Final = {"mention": "▌", "own": "▸", "": " "}
"""What stands before a line of a room: it mentions us, or is ours."""

TAB_WIDTH: Final = 4
"""Columns from one tab stop to the next, as where one writes."""

LINK: Final = re.compile(r"https?://[^\s<>\"'`]+[^\s<>\"'`.,;:!?)\]}]")
_WORDS: Final = {
    "sending": "not sent yet",
    "queued": "queued",
    "expired": "expired",
    "cancelled": "cancelled",
}
"""States that a glyph alone might hide."""

_WIDE: Final = "\u1100"
"""No letter before it takes two columns."""

_CONSOLE: Final = Console(width=200, color_system=None, legacy_windows=False)
"""Rich needs one to wrap text; it prints nothing."""


@dataclass(slots=True)
class Entry:
    """One message and the lines it takes."""

    message: ChatLine
    day: date
    lines: list[list[Piece]] = field(default_factory=list)
    """Of each line its pieces: a component class or link, and text."""
    unfolded: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How lines are drawn."""

    clock: str = "24h"
    """How the time is written."""
    hues: Mapping[str, int] = field(default_factory=dict)
    """The colour of each member's name."""
    lacking: Sequence[str] = ()
    """The members that have not told yet that they have our newest message."""


def entry_of(message: ChatLine) -> Entry:
    """A message not laid out yet."""
    return Entry(message, local_time(message.at).date())


def arrange(entry: Entry, width: int, names: int, look: Look, *, newest: bool = False) -> None:
    """Reckon the rows of one message: time, name in ``names`` cells, beside them the text, at last how far it
    has come. ``newest``: it is our newest one."""
    message, gutter = entry.message, _gutter(entry.message)
    width = max(20 + len(gutter), width)
    at = f"{clock_time(message.at, look.clock)} "
    if message.notice:
        _arrange_notice(entry, width, at)
        return
    lead = [("time", at), *_name(message, names, look)]
    margin = count_columns(at) + names + 1 + len(gutter)
    text, hidden = _folded(drawable(harmless(_spaced(message.text))), entry.unfolded)
    wrapped = [row for line in text.split("\n") for row in _wrapped(line, width - margin)]
    if message.answers:
        wrapped.insert(0, [("quote", cut(drawable(one_line(f"╭ {message.answers}")), width - margin))])
    if hidden or (len(wrapped) > FOLD_LINES and not entry.unfolded):
        wrapped = [*wrapped[:FOLD_LINES], [("mark", hidden or "… more (Esc, Right)")]]
    blank = [("text", " " * (margin - len(gutter)))]
    entry.lines = [[*(lead if not place else blank), *row] for place, row in enumerate(wrapped)]
    within, width = width, width - len(gutter)
    if newest and message.reached and not (has_reached_all(message) or message.rewritten):
        sentences = reached_sentences(
            message.reached, message.of, look.lacking, lambda words: count_columns(words) <= within - margin
        )
        entry.lines += [[*blank, ("mark", sentence)] for sentence in sentences]
    elif message.outgoing or message.rewritten:
        _mark(entry, width, blank)
    for mark in message.marks:
        _append(entry, width, blank, ("mark", cut(drawable(one_line(f" {mark}")), within - margin)))
    for oddity in message.oddities:
        _append_oddity(entry, drawable(one_line(oddity)), margin - len(gutter), width)
    for place, line in enumerate(entry.lines if gutter else ()):
        kind = gutter[0] if not place or gutter[0] == "mention" else ""
        line.insert(0, (kind or "text", GUTTERS[kind]))


def _append_oddity(entry: Entry, words: str, indent: int, width: int) -> None:
    """What is odd about a message, with a sign in front, where no text of a message can stand."""
    for place, (begin, end) in enumerate(rows(words, width - indent)):
        sign = [("text", " " * (indent - 2)), ("mention", "  " if place else "! ")]
        entry.lines.append([*sign, ("mark", words[begin:end].rstrip())])


def _gutter(message: ChatLine) -> tuple[str, ...]:
    """The kind of what stands before a line; only rooms have a gutter."""
    if not message.in_room:
        return ()
    return ("mention" if message.for_us else "own" if message.outgoing else "",)


def _name(message: ChatLine, names: int, look: Look) -> list[Piece]:
    """The sender's name; in a room in the colour of its key."""
    name = shown_name(message)
    who = "me" if message.outgoing else "them"
    if message.in_room and not message.outgoing:
        who = f"hue{look.hues.get(message.sender, hue_of(message.sender))}"
    return [(who, name), ("text", " " * (names - count_columns(name) + 1))]


def _arrange_notice(entry: Entry, width: int, at: str) -> None:
    """A change of the room begins where messages have a name, so that no message can pose as one."""
    margin = 1 + count_columns(at)
    text = drawable(one_line(f"— {entry.message.text}"))
    found = [text[begins:ends].rstrip() for begins, ends in rows(text, width - margin)]
    blank = " " * (margin - 1)
    entry.lines = [
        [("text", " "), ("time", blank if place else at), ("notice", row)] for place, row in enumerate(found)
    ]


def _mark(entry: Entry, width: int, blank: list[Piece]) -> None:
    message, state = entry.message, entry.message.stage
    mark = f" {MARKS.get(state, '…')} {_WORDS.get(state, '')}".rstrip()
    if (reached := reached_mark(MARKS, state, message.reached, message.of)) is not None:
        mark = f" {reached}"
    if message.rewritten:
        mark = f" ✎ {REWRITTEN}"
    style = "failed" if state in ("expired", "cancelled") else "mark"
    _append(entry, width, blank, (style, mark))


def _append(entry: Entry, width: int, blank: list[Piece], piece: Piece) -> None:
    """Append a piece to the last row, or begin a new row if it does not fit."""
    kind, text = piece
    taken = sum(count_columns(part) for _, part in entry.lines[-1])
    if taken + count_columns(text) > width:
        entry.lines.append([*blank, (kind, text.lstrip())])
    else:
        entry.lines[-1].append(piece)


def shown_name(message: ChatLine) -> str:
    """A name in at most ``NAME_WIDTH`` cells."""
    return cut(drawable(harmless_name(message.sender)), NAME_WIDTH)


def _spaced(text: str) -> str:
    """Tabs as blanks up to the next stop, so that code that was pasted keeps its columns."""
    return text.expandtabs(TAB_WIDTH) if "\t" in text else text


def _folded(text: str, unfolded: bool) -> tuple[str, str]:
    """What is shown of a text, and a line about what is not."""
    lines = text.count("\n") + 1
    if unfolded or (lines <= FOLD_LINES and len(text) <= FOLD_CHARACTERS):
        return text, ""
    shown = "\n".join(text[:FOLD_CHARACTERS].split("\n")[:FOLD_LINES])
    more = lines - shown.count("\n") - 1
    rest = f"{more:,} more lines" if more > 0 else f"{len(text) - len(shown):,} more characters"
    return shown, f"… {rest.replace(',', ' ')} (Esc, Right)"


def _wrapped(line: str, width: int) -> list[list[Piece]]:
    """One line of text as rows of at most ``width`` cells, with the links in it."""
    quoted = "quote" if line.startswith("> ") else "text"
    if line.isascii() and len(line) <= width and "http" not in line:
        return [[(quoted, line)]]
    text = Text(line, end="")
    for found in LINK.finditer(line):
        text.stylize(Style(link=found.group()), *found.span())
    return [
        [
            (segment.style.link if segment.style is not None and segment.style.link else quoted, segment.text)
            for segment in row.render(_CONSOLE)
        ]
        or [(quoted, "")]
        for row in _broken(text, width)
    ] or [[(quoted, "")]]


def _broken(text: Text, width: int) -> list[Text]:
    """Rich breaks where widths are certain and lines break at blanks alone."""
    line = text.plain
    if certain(line) and max(line, default="") < _WIDE:
        return list(text.wrap(_CONSOLE, width, overflow="fold", no_wrap=False))
    found = list(text.divide([begins for begins, _ in rows(line, width)][1:]))
    for row in found[:-1]:
        row.rstrip()
    return found
