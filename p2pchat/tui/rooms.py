"""Rooms on the screen: the panel of members, the words to compare, and what is asked about invitations.

Knows: how each of them looks. Does not know: the effect of an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Label, OptionList
from textual.widgets.option_list import Option

from p2pchat.chat.counterparts import ChatRoom
from p2pchat.chat.widths import count_columns, cut, drawable, rows
from p2pchat.control.rooms import MemberInfo, Role, RoomInfo, RoomWordsInfo
from p2pchat.data import dataclass
from p2pchat.text import harmless_name
from p2pchat.tui.dialogs import Dialog
from p2pchat.wording.rooms import SILENT, member_origin, member_trust

_OFFICES: Final[Mapping[Role, str]] = {"owner": "owner", "admin": "admins", "member": "members"}

PANEL_MAX: Final = 40
"""Columns of the panel: a name and what is known of it stand close together."""

WORDS_WIDE: Final = 3
"""Words side by side."""


@dataclass(frozen=True, slots=True)
class MembersPanel:
    """Who is in a room, by office, at the width that it gets when it is drawn."""

    room: ChatRoom
    hues: Mapping[str, int]
    hue_style: Callable[[int], Style]
    height: int | None = None
    """Rows that there are; None: more can be scrolled to."""
    trouble: str = ""

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        yield Text("\n").join(self.list_rows(min(options.max_width, PANEL_MAX)))

    def list_rows(self, width: int) -> list[Text]:
        """All rows; where they are too many, less about those whom we know, and at last fewer members."""
        members, trouble = self.room.members, self.trouble
        head = [Text(trouble[begin:end].rstrip(), "bold") for begin, end in rows(trouble, width) if trouble]
        head.append(Text(f"{len(members)} member{'s' * (len(members) != 1)}", "bold"))
        foot = [Text(cut("F7: words to compare", width), "dim")]
        if self.room.room.invited:
            names = ", ".join(map(harmless_name, self.room.room.invited))
            foot.insert(0, Text(cut(drawable(f"invited: {names}"), width), "dim"))
        listed = self._list_members(width, brief=False)
        if self.height is None or len(head) + len(listed) + len(foot) <= self.height:
            return [*head, *(row for row, _ in listed), *foot]
        listed, space = self._list_members(width, brief=True), self.height - len(head) - len(foot)
        if len(listed) > space:
            left = sum(is_name for _, is_name in listed[max(0, space - 1) :])
            rest = Text(cut(f"… {left} more: /room members", width), "bold")
            listed = [*listed[: max(0, space - 1)], (rest, False)]
        return [*head, *(row for row, _ in listed), *foot]

    def _list_members(self, width: int, *, brief: bool) -> list[tuple[Text, bool]]:
        """Rows, each with whether it names a member. ``brief``: without who brought those whom we know."""
        listed: list[tuple[Text, bool]] = []
        office = ""
        for member in self.room.members:
            if member.role != office:
                office = member.role
                listed.append((Text(_OFFICES[member.role], "dim"), False))
            listed.append((self._name_member(member, width), True))
            if not member.own and member.brought_by is not None and not (brief and member.contact):
                listed.append((Text(cut(drawable(f"    {member_origin(member)}"), width), "dim"), False))
            if not (member.own or member.spoke):
                listed.append((Text(cut(f"    {SILENT}", width), "bold"), False))
        return listed

    def _name_member(self, member: MemberInfo, width: int) -> Text:
        trust = member_trust(member) if member.own or member.contact else ""
        row = Text("  ", no_wrap=True)
        name = cut(drawable(harmless_name(member.name)), width - count_columns(trust) - 2 - bool(trust))
        row.append(name, Style(bold=True) if member.own else self.hue_style(self.hues.get(member.name, 0)))
        if trust:
            row.append(" " * max(1, width - count_columns(row.plain) - count_columns(trust)))
            row.append(trust)
        return row


def members_table(members: Sequence[MemberInfo]) -> Table:
    """All that is known of each member, to read."""
    table = Table.grid(padding=(0, 2))
    for member in members:
        silent = "" if member.spoke or member.own else SILENT
        told = [part for part in (member_origin(member), silent) if part]
        table.add_row(
            Text(harmless_name(member.name), "bold"), member.role, member_trust(member), Text(", ".join(told))
        )
    return table


def words_table(found: RoomWordsInfo) -> Table:
    """The words that members compare, numbered, and how."""
    table, words = Table.grid(padding=(0, 0)), found.words.split()
    table.add_row(
        Text(
            "In person or on a call, compare these words with what another member sees. The same words mean "
            "the same members with the same keys. They change when somebody comes or goes."
        )
    )
    grid = Table.grid(padding=(0, 3))
    for begin in range(0, len(words), WORDS_WIDE):
        row = enumerate(words[begin : begin + WORDS_WIDE], begin + 1)
        grid.add_row(*(Text.assemble((f"{place:2} ", "dim"), (word, "bold")) for place, word in row))
    table.add_row("")
    table.add_row(grid)
    return table


class OfferDialog(Dialog[str]):
    """What is to become of an invitation to a room."""

    title_text = "an invitation"

    def __init__(self, offer: RoomInfo) -> None:
        super().__init__()
        self._offer = offer

    def compose_content(self) -> ComposeResult:
        by, name = harmless_name(self._offer.invited_by or "a contact"), harmless_name(self._offer.name)
        size = f"{self._offer.members} member{'s' * (self._offer.members != 1)}"
        yield Label(
            Text.assemble((by, "bold"), " invites you to a room: ", (name, "bold"), f", {size}."),
            classes="wide",
        )
        yield Label(
            Text(
                "Once you accept, you and its members see each other, and you read what is written from then "
                f"on. You have {by}'s word for who they are."
            ),
            classes="wide dim",
        )
        with Horizontal(classes="buttons"):
            yield Button("Later", id="later")
            yield Button("Decline", id="decline")
            yield Button("Accept", id="accept", disabled=self._offer.state != "offered")

    def on_mount(self) -> None:
        self.query_one("#later").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(None if event.button.id == "later" else event.button.id)


class InvitedDialog(Dialog[list[str]]):
    """Which contacts are to be invited into a room."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "to_buttons", show=False)]

    def __init__(self, room: str, contacts: Sequence[str], invited: Sequence[str]) -> None:
        super().__init__()
        self.title_text = f"invite to {harmless_name(room)}"
        self._contacts = [name for name in contacts if name not in invited]
        self._invited = [name for name in invited if name in contacts]
        self._chosen: list[str] = []

    def compose_content(self) -> ComposeResult:
        if self._contacts:
            yield Label(Text("Enter chooses a contact, Tab goes to the buttons."), classes="wide dim")
        else:
            yield Label(
                Text("All your contacts are in, or invited. F5 makes a code for a new one."), classes="wide"
            )
        if self._invited:
            names = ", ".join(map(harmless_name, self._invited))
            yield Label(Text(f"Invited already: {names}"), classes="wide dim")
        yield OptionList(*map(self._option, self._contacts), id="verbs", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Invite none", id="no")
            yield Button("Invite them", id="yes", disabled=True)

    def on_mount(self) -> None:
        self.query_one(OptionList).display = bool(self._contacts)
        self.query_one("#verbs" if self._contacts else "#no").focus()

    def _option(self, name: str) -> Option:
        box = "[x]" if name in self._chosen else "[ ]"
        return Option(
            Text(f"{box} {harmless_name(name)}", no_wrap=True, overflow="ellipsis"),
            id=f"c{name.encode().hex()}",
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        name = self._contacts[event.option_index]
        if name in self._chosen:
            self._chosen.remove(name)
        else:
            self._chosen.append(name)
        event.option_list.replace_option_prompt_at_index(event.option_index, self._option(name).prompt)
        self.query_one("#yes", Button).disabled = not self._chosen

    def action_to_buttons(self) -> None:
        """From the contacts to the buttons, and on."""
        if isinstance(self.focused, OptionList) and self._chosen:
            self.set_focus(self.query_one("#yes"))
        else:
            self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(list(self._chosen) if event.button.id == "yes" else None)
