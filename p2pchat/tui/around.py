"""The lines around the conversation: its title, the effect of Enter, the state of the node, the keys.

A part that does not fit is left out completely, the least important first: half a sentence about privacy can
mislead.

Knows: their words at any width. Does not know: where they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from p2pchat.chat.counterparts import ChatRoom, Counterpart, Person
from p2pchat.chat.lines import ChatLine, beginning_of
from p2pchat.chat.widths import cut, rows
from p2pchat.data import dataclass
from p2pchat.text import harmless_name, one_line
from p2pchat.wording.lines import span_words
from p2pchat.wording.presence import presence
from p2pchat.wording.rooms import SILENT

Keys = tuple[tuple[str, str], ...]

WRITING_KEYS: Final[Keys] = (
    ("F1", "help"),
    ("F2", "people"),
    ("F3", "search"),
    ("F4", "details"),
    ("F5", "invite"),
    ("F6", "join"),
    ("F7", "verify"),
    ("F8", "mute"),
    ("F9", "block"),
    ("F10", "settings"),
    ("Esc", "select"),
    ("^N", "next"),
    ("^Q", "leave"),
)
"""In the order in which they are shown."""

_WRITING_FIRST: Final = ("F1", "^Q", "F5", "F6", "F2", "Esc", "F3", "F7", "^N", "F4", "F8", "F9", "F10")
"""In the order in which they are wanted."""

SELECTING_KEYS: Final[Keys] = (
    ("SELECT", ""),
    ("Enter", "menu"),
    ("Esc", "back"),
    ("^R", "reply"),
    ("^T", "react"),
    ("^E", "correct"),
    ("^C", "copy"),
    ("Right", "whole"),
    ("Del", "delete"),
    ("↑↓", "others"),
)
LISTING_KEYS: Final[Keys] = (("PEOPLE", ""), ("Enter", "open"), ("Esc", "back"), ("↑↓", "others"))


_ALL_OF_IT: Final = " F4: all"


@dataclass(frozen=True, slots=True)
class State:
    """The state of the node for the status line."""

    links: int
    hidden: tuple[str, str] = ("", "")
    """How well the mesh hides the writer: a sentence, and the same in a few words."""
    waiting: int = 0
    """Messages sent from here that are not delivered yet."""
    unread: int = 0
    mentions: int = 0
    trouble: str = ""


def status(state: State, width: int, height: int = 1) -> Text:
    """The state of the node in ``height`` lines at most: trouble first, and always the unread messages.
    Trouble that does not fit is cut, and the key that shows all of it is named."""
    trouble = f"! {one_line(state.trouble)}" if state.trouble else ""
    right = _unread_in_words(state, width)
    space = width - cell_len(right) - 2 * bool(right)
    above = _above(trouble, width, height) if cell_len(trouble) > space else []
    left = Text(no_wrap=True)
    if trouble and not above:
        left.append(_shortened(trouble, space), "bold reverse")
    between = "  " if left else ""
    if rest := _rest_in_words(state, space - left.cell_len - len(between)):
        left.append(between + rest)
    if right:
        left.append(" " * max(1, width - left.cell_len - cell_len(right)))
        left.append(right, "bold")
    return Text("\n").join([*above, left])


def _unread_in_words(state: State, width: int) -> str:
    if not state.mentions:
        return f"{state.unread} unread" if state.unread else ""
    long = f"{state.unread} unread, {state.mentions} for you"
    return long if 2 * cell_len(long) <= width else f"{state.unread} · @{state.mentions}"


def _above(trouble: str, width: int, height: int) -> list[Text]:
    """The whole trouble in lines of its own, which leave one for the rest; none where they do not."""
    broken = [trouble[begin:end].rstrip() for begin, end in rows(trouble, width)]
    if len(broken) >= height:
        return []
    return [Text(row + " " * (width - cell_len(row)), "bold reverse", no_wrap=True) for row in broken]


def _shortened(trouble: str, space: int) -> str:
    if cell_len(trouble) <= space:
        return trouble
    return (
        f"{cut(trouble, space - cell_len(_ALL_OF_IT))}{_ALL_OF_IT}"
        if space > 20
        else cut(trouble, max(0, space))
    )


def _rest_in_words(state: State, space: int) -> str:
    links = f"{state.links} link{'s' * (state.links != 1)}" if state.links else "no links"
    parts = [(links, links)]
    if state.waiting:
        parts.append((f"{state.waiting} on the way",) * 2)
    if state.hidden[0]:
        parts.append(state.hidden)
    text = ""
    for long, short in parts:
        lead = " · " if text else ""
        for part in (long, short):
            if cell_len(text + lead + part) <= space:
                text += lead + part
                break
    return text


def writing_keys(width: int) -> Text:
    """The keys while a person writes: the most useful ones, as many as fit."""
    ranked = sorted(WRITING_KEYS, key=lambda entry: _WRITING_FIRST.index(entry[0]))
    fitting = set(_fitting(ranked, width))
    return _keys([entry for entry in WRITING_KEYS if entry in fitting])


def keys(of: Keys, width: int) -> Text:
    """Keys in the order of their importance, as many as fit."""
    return _keys(_fitting(of, width))


def _fitting(of: Sequence[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    taken: list[tuple[str, str]] = []
    for entry in of:
        if _keys([*taken, entry]).cell_len > width:
            break
        taken.append(entry)
    return taken


def _keys(of: Sequence[tuple[str, str]]) -> Text:
    line = Text(no_wrap=True)
    for place, (key, word) in enumerate(of):
        line.append("  " if place else "")
        line.append(key, "bold")
        line.append(f" {word}" if word else "")
    return line


@dataclass(frozen=True, slots=True)
class Title:
    """The title of a conversation, at the width that it gets when it is drawn."""

    of: Counterpart | None
    linked: bool
    now: datetime

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        yield title(self.of, self.linked, self.now, options.max_width)


def title(of: Counterpart | None, linked: bool, now: datetime, width: int) -> Text:
    """The title of a conversation: the contact or room, and as many facts about it as fit into ``width``
    columns."""
    if of is None:
        return Text("p2pchat")
    line = Text(cut(harmless_name(of.name), width), no_wrap=True)
    lead, parts = "  ", _remarks(of, linked, now, keys=True)
    if line.cell_len + cell_len(lead + " · ".join(parts)) > width:
        parts[0] = parts[0].partition(":")[0]  # "no link" says enough
    for part in parts:
        if line.cell_len + cell_len(lead + part) <= width:
            line.append(lead + part, "not bold")
            lead = " · "
    return line


def _remarks(of: Counterpart, linked: bool, now: datetime, *, keys: bool) -> list[str]:
    if isinstance(of, ChatRoom):
        return _room_remarks(of, keys=keys)
    return _contact_remarks(of, linked, now, keys=keys) if isinstance(of, Person) else []


def _room_remarks(of: ChatRoom, *, keys: bool) -> list[str]:
    room = of.room
    if room.state == "out":
        return ["you are out"]
    remarks = [f"{room.members} member{'s' * (room.members != 1)}"]
    if room.put_back:
        remarks.append("waits for its members: a copy was restored")
    if room.members > 1:
        remarks.append(f"{room.lately} heard today")
    if room.silent:
        remarks.append(f"{room.silent} {SILENT}")
    if room.invited:
        remarks.append(f"{len(room.invited)} invited")
    if room.notify != "all":
        remarks.append(f"{'muted' if of.muted else 'mentions only'}{': F8' if keys else ''}")
    if retention := room.disappear:
        remarks.append(f"disappears after {span_words(retention)}")
    return remarks


def _contact_remarks(person: Person, linked: bool, now: datetime, *, keys: bool) -> list[str]:
    def key(name: str) -> str:
        return f": {name}" if keys else ""

    remarks = [presence(person.contact, linked, now)]
    remarks.append("verified" if person.contact.verified else f"not verified{key('F7')}")
    if retention := person.contact.disappear:
        remarks.append(f"disappears after {span_words(retention)}")
    if person.contact.blocked:
        remarks.append(f"BLOCKED{key('F9')}")
    elif person.muted:
        remarks.append(f"muted{key('F8')}")
    return remarks


def everyone(people: Sequence[Counterpart], linked: bool, now: datetime) -> Table | Text:
    """All contacts and rooms, with facts about each."""
    if not people:
        return Text("You have no contacts yet: F5 makes a code for a friend.")
    table = Table.grid(padding=(0, 2))
    for person in people:
        remarks = _remarks(person, linked, now, keys=False)
        if person.unread:
            remarks.append(f"{len(person.unread)} unread")
        if person.mentions:
            remarks.append(f"{len(person.mentions)} for you")
        table.add_row(Text(harmless_name(person.name), "bold"), Text(" · ".join(remarks)))
    return table


def above_writing(whom: str, below: int, following: bool, replying: ChatLine | None = None) -> Text:
    """The effect of Enter, and the number of messages below the view."""
    if not whom:
        return Text("")
    line = Text(no_wrap=True, overflow="ellipsis")
    if below:
        line.append(f"↓ {below} new · Ctrl-End  ", "bold")
    elif not following:
        line.append("↓ newer · Ctrl-End  ")
    if replying is not None:
        line.append(f"reply to {beginning_of(replying)}  (Esc: no reply)", "bold")
    else:
        line.append(f"to {harmless_name(whom)}")
    return line
