"""The list of contacts.

Knows: how a contact looks in the list. Does not know: the messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from p2pchat.chat.model import Person
from p2pchat.chat.widths import count_columns, cut, drawable
from p2pchat.text import harmless_name, one_line
from p2pchat.wording.presence import seen

MANY: Final = 99
"""More unread than this are not counted out."""


_DOTS: Final = {True: "●", False: "○", None: "?"}


class People(OptionList):
    """Contacts; the latest conversation comes first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "back", show=False)]

    class ListClosed(Message):
        """Back to writing."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._shown: list[tuple[str, str]] = []

    def list_people(self, people: Sequence[Person], current: str, *, linked: bool, now: datetime) -> None:
        """List the contacts; ``current`` is the open one. Without a link the presence of contacts is not
        known."""
        width = max(12, (self.scrollable_content_region.width or 24) - 2)
        here = {person.name: seen(person.contact, linked, now) for person in people}
        rows = [
            (person.name, _row(person, width, here[person.name], person.name == current)) for person in people
        ]
        shown = [(name, row.markup) for name, row in rows]
        if shown != self._shown:
            self._shown = shown
            self.clear_options()
            self.add_options([Option(row, id=_id(name)) for name, row in rows])
        names = [name for name, _ in rows]
        if current in names and not self.has_focus:
            self.highlighted = names.index(current)

    def action_leave(self) -> None:
        """Back to writing."""
        self.post_message(self.ListClosed())

    def name_of(self, option: Option) -> str:
        """The contact of the row."""
        return bytes.fromhex(str(option.id)[1:]).decode()


def _id(name: str) -> str:
    return f"p{name.encode().hex()}"


def _row(person: Person, width: int, here: bool | None, open: bool) -> Text:
    """Two lines: the name, and the last message."""
    unread = len(person.unread)
    badge = "" if not unread else f" {unread if unread <= MANY else f'{MANY}+'} "
    dot = "✗" if person.contact.blocked else _DOTS[here]
    muted = " muted" if person.muted and not person.contact.blocked else ""
    name = cut(
        drawable(harmless_name(person.name)),
        width - 3 - count_columns(muted) - count_columns(badge) - bool(badge),
    )
    bar = "▌" if open else " "
    row = Text(bar, no_wrap=True, overflow="ellipsis", end="")
    row.append(f"{dot} ", "green" if here else "dim")
    row.append(name, "bold" if unread else "")
    row.append(muted, "dim")
    if badge:
        row.append(" " * max(1, width - count_columns(row.plain) - count_columns(badge)))
        row.append(badge, "bold reverse")
    last = ""
    if person.last is not None:
        whose = "you: " if person.last.outgoing else ""
        last = whose + one_line(person.last.text[: 4 * width])
    row.append(f"\n{bar}  ")
    row.append(cut(drawable(last), width - 3), "dim")
    return row
