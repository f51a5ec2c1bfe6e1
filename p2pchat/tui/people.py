"""The list of contacts.

Knows: how a contact looks in the list. Does not know: the messages.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from p2pchat.chat.counterparts import ChatRoom, Counterpart, Counterparts, Person
from p2pchat.chat.widths import count_columns, cut, drawable
from p2pchat.control.rooms import ROOM_SIGN, RoomInfo
from p2pchat.text import harmless_name, one_line
from p2pchat.wording.presence import seen

_OFFER: Final = "o"
"""With this the ids of rows with invitations begin."""

MANY: Final = 99
"""More unread than this are not counted out."""


_DOTS: Final = {True: "●", False: "○", None: "?"}


class People(OptionList):
    """Invitations, then contacts and rooms; the latest conversation comes first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "back", show=False)]

    class ListClosed(Message):
        """Back to writing."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._shown: list[tuple[str, str]] = []

    def list_people(self, known: Counterparts, current: str, *, linked: bool, now: datetime) -> None:
        """List all; ``current`` is the open one. Without a link the presence of contacts is not known."""
        width = max(12, (self.scrollable_content_region.width or 24) - 2)
        rows = [(_id(offer.name, _OFFER), _offer_row(offer, width)) for offer in known.offers.values()]
        for counterpart in known.list_ordered():
            here = seen(counterpart.contact, linked, now) if isinstance(counterpart, Person) else None
            rows.append((_id(counterpart.name), _row(counterpart, width, here, counterpart.name == current)))
        shown = [(id, row.markup) for id, row in rows]
        if shown != self._shown:
            self._shown = shown
            self.clear_options()
            self.add_options([Option(row, id=id) for id, row in rows])
        ids = [id for id, _ in rows]
        if _id(current) in ids and not self.has_focus:
            self.highlighted = ids.index(_id(current))

    def action_leave(self) -> None:
        """Back to writing."""
        self.post_message(self.ListClosed())

    def name_of(self, option: Option) -> tuple[str, bool]:
        """The name of the row, and whether it is that of an invitation."""
        id = str(option.id)
        return bytes.fromhex(id[1:]).decode(), id.startswith(_OFFER)


def _id(name: str, kind: str = "p") -> str:
    return f"{kind}{name.encode().hex()}"


def _offer_row(offer: RoomInfo, width: int) -> Text:
    """Two lines: the bare name of the room, and who invites us."""
    row = Text(" ", no_wrap=True, overflow="ellipsis", end="")
    row.append("+ ", "bold")
    row.append(cut(drawable(harmless_name(offer.name)), width - 3), "bold")
    by = harmless_name(offer.invited_by or "")
    told = f"{by} invites you" if offer.state == "offered" else f"accepted: {by} lets you in"
    row.append("\n   ")
    row.append(cut(drawable(told), width - 3), "dim")
    return row


def _sign(of: Counterpart, here: bool | None) -> tuple[str, str]:
    """What stands before a name, and a word behind it."""
    if isinstance(of, Person) and of.contact.blocked:
        return "✗", ""
    if not isinstance(of, ChatRoom):
        return _DOTS[here], " muted" if of.muted else ""
    if of.room.state == "out":
        return ROOM_SIGN, " left"
    return ROOM_SIGN, {"all": "", "mentions": " @ only", "none": " muted"}[of.room.notify]


def _row(person: Counterpart, width: int, here: bool | None, open: bool) -> Text:
    """Two lines: the name, and the last message."""
    unread, mentions = len(person.unread), len(person.mentions)
    badge = "" if not unread else f" {unread if unread <= MANY else f'{MANY}+'} "
    if mentions:
        badge = f" @{mentions if mentions <= MANY else f'{MANY}+'}{badge}"
    dot, muted = _sign(person, here)
    if badge and isinstance(person, ChatRoom):
        muted = ""  # the name needs the place
    bare = person.name.removeprefix(ROOM_SIGN) if isinstance(person, ChatRoom) else person.name
    name = cut(
        drawable(harmless_name(bare)),
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
        sender = f"{harmless_name(person.last.sender)}: " if person.last.in_room else ""
        whose = "you: " if person.last.outgoing else sender
        last = whose + one_line(person.last.text[: 4 * width])
    row.append(f"\n{bar}  ")
    row.append(cut(drawable(last), width - 3), "dim")
    return row
