"""The parts of the chat on the screen: contacts, the conversation, the mesh, the status.

Knows: which part is in sight at which size, and which has the keys. Does not know: what is in them, or what a
node is made of.
"""

from __future__ import annotations

from datetime import UTC, datetime
from time import time
from typing import Final

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import OptionList, Static

from p2pchat.chat.lines import ChatLine
from p2pchat.chat.model import ChatModel
from p2pchat.pictures.status import mesh_picture
from p2pchat.tui import around
from p2pchat.tui.compose import Complete, Compose
from p2pchat.tui.conversation_pane import ConversationPane
from p2pchat.tui.people import People
from p2pchat.tui.prompts import Prompts
from p2pchat.tui.rooms import MembersPanel
from p2pchat.tui.scrollback import Scrollback
from p2pchat.wording.exposure import hidden_in_short

NARROW: Final = 72
TIGHT: Final = 108
"""With fewer columns the people (narrow), the mesh (tight) take the place of the talk."""

LOW, LOWER, LOWEST = 18, 12, 8
"""With fewer lines the keys go, then the title, then the status, unless it tells of trouble."""

STATUS_LINES: Final = 6
"""At most, where the terminal is not low: the longest reason has four at 60 columns."""


class MainView(Vertical):
    """All of the chat but its dialogs."""

    class OfferChosen(Message):
        """What is to become of an invitation to a room?"""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, model: ChatModel, prompts: Prompts, complete: Complete) -> None:
        super().__init__(id="main")
        self._model = model
        self._prompts = prompts
        self._complete = complete
        self.trouble = ""
        """Why the node cannot be reached."""
        self._of_mesh = False
        """Whether the panel is about the mesh also where a room is open."""
        self._hidden = ("", "")
        """How well the mesh hides the writer: a sentence, and the same in a few words."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield People(id="people")
            yield ConversationPane(self._model, self._prompts, self._complete)
        yield Static("", id="status", markup=False)
        yield Static("", id="keys", markup=False)

    @property
    def people(self) -> People:
        return self.query_one(People)

    @property
    def pane(self) -> ConversationPane:
        """The conversation."""
        return self.query_one(ConversationPane)

    # --- what is shown

    def show_parts(self) -> None:
        """Show the present state."""
        model = self._model
        opened = model.known.find_by_name(model.current)
        linked, now = bool(model.links), datetime.now(UTC)
        self.people.list_people(model.known, model.current, linked=linked, now=now)
        self.set_class(opened is None, "-nobody")
        self.set_class(bool(self.trouble or model.hindrance), "-troubled")
        self.pane.show_title(around.Title(opened, linked, now))
        self.pane.show_look()
        self._show_members()
        width = max(1, self.app.size.width - 2)
        height = 1 if self.has_class("low") else STATUS_LINES
        self.query_one("#status", Static).update(around.status(self._state(), width, height))
        self.query_one("#keys", Static).update(self._keys(width))

    def _state(self) -> around.State:
        model = self._model
        return around.State(
            model.links,
            ("", "") if self.trouble else self._hidden,
            model.sent.count_undelivered(),
            model.known.count_unread(),
            model.known.count_mentions(),
            self.trouble or model.hindrance,
        )

    def _keys(self, width: int) -> Text:
        if self.pane.scrollback.has_focus:
            return around.keys(around.SELECTING_KEYS, width)
        if self.people.has_focus:
            return around.keys(around.LISTING_KEYS, width)
        return around.writing_keys(width)

    def on_resize(self, event: events.Resize) -> None:
        """Small terminals show one thing at a time, and always where one writes."""
        for name, small in (
            ("narrow", event.size.width < NARROW),
            ("tight", event.size.width < TIGHT),
            ("low", event.size.height < LOW),
            ("lower", event.size.height < LOWER),
            ("lowest", event.size.height < LOWEST),
        ):
            self.set_class(small, name)
        self.call_after_refresh(self.show_parts)

    # --- the node and its mesh

    @work(exclusive=True, group="look", exit_on_error=False)
    async def look_at_node(self) -> None:
        """Ask the node how it is."""
        status = await self._model.look_round()
        self._hidden = hidden_in_short(status.meshes)
        if self.has_class("-meshed") and not self._lists_members:
            trouble = self.trouble or self._model.hindrance
            self.query_one("#mesh-picture", Static).update(mesh_picture(status, trouble))
        self.pane.scrollback.messages.remove_expired(time())
        self.show_parts()

    @property
    def is_covered(self) -> bool:
        """Whether the panel has taken the place of the conversation."""
        return self.has_class("-meshed") and self.has_class("tight")

    @property
    def _lists_members(self) -> bool:
        return self._model.room is not None and not self._of_mesh

    def toggle_details(self, *, mesh: bool = False) -> None:
        """Show the panel, or hide it: the members of a room, or else, or if so wished, the mesh."""
        shown = self.has_class("-meshed") and self._of_mesh == mesh
        self._of_mesh = mesh
        self.set_class(not shown, "-meshed")
        self.write()
        self.show_parts()
        self.look_at_node()

    def _show_members(self) -> None:
        room = self._model.room
        self.set_class(self._lists_members, "-listing-members")
        if room is None or not self._lists_members or not self.has_class("-meshed"):
            return
        back, trouble = self.pane.scrollback, self.trouble or self._model.hindrance
        height = None if self.is_covered else self.query_one("#middle").size.height
        panel = MembersPanel(room, self._model.known.hues_in(room), back.hue_style, height, trouble)
        self.query_one("#mesh-picture", Static).update(panel)

    def uncover_conversation(self) -> bool:
        """Have the conversation in sight again where the panel has taken its place; whether it had."""
        covered = self.is_covered
        if covered:
            self.remove_class("-meshed")
        return covered

    # --- the open conversation

    def open_conversation(self, name: str, around: ChatLine | None = None) -> None:
        """Turn to a conversation, ``around`` a message or at its end. Raises UsageError."""
        self.pane.open_conversation(name, around)
        self.remove_class("-listing")
        self.show_parts()

    def open_next(self, step: int) -> None:
        """Turn to the next conversation of the list, or to the one before."""
        names = [person.name for person in self._model.in_order()]
        if names:
            current = self._model.current
            place = names.index(current) + step if current in names else 0
            self._prompts.try_act(lambda: self.open_conversation(names[place % len(names)]))

    def open_unread(self) -> bool:
        """Turn to a conversation in which something is unread, first where we are mentioned; whether there is
        one."""
        for other in sorted(self._model.in_order(), key=lambda one: not one.mentions):
            if other.unread and other.name != self._model.current:
                self.open_conversation(other.name)
                return True
        return False

    def toggle_people(self) -> None:
        """Move to the list of people, or back."""
        if self.people.has_focus:
            self.write()
        else:
            self.add_class("-listing")
            self.screen.set_focus(self.people)

    @on(OptionList.OptionSelected, "#people")
    def _on_picked(self, event: OptionList.OptionSelected) -> None:
        name, is_offer = self.people.name_of(event.option)
        self.write()
        if is_offer:
            self.post_message(self.OfferChosen(name))
        else:
            self._prompts.try_act(lambda: self.open_conversation(name))

    # --- where one writes

    def write(self) -> None:
        """Return to the field at once: the next letter may be waiting."""
        self.remove_class("-listing")
        self.screen.set_focus(self.pane.writing)

    def say_line(self, text: str, reply_to: ChatLine | None = None) -> None:
        """Send a line to the open conversation."""
        self.uncover_conversation()
        self.pane.say_line(text, reply_to)
        self.show_parts()

    def begin_reply(self, message: ChatLine) -> None:
        """What is written next answers this message."""
        self.pane.replying = message
        self.write()
        self.show_parts()

    @on(Compose.LookBack)
    def _on_look_back(self) -> None:
        if self.pane.replying is not None:
            self.pane.replying = None
            self.show_parts()
        elif not self.uncover_conversation() and self._model.current:
            self.pane.scrollback.select_newest()
            self.pane.scrollback.focus()

    @on(Scrollback.Left)
    @on(People.ListClosed)
    def _on_left(self) -> None:
        self.write()

    @on(Scrollback.Followed)
    def _on_followed(self) -> None:
        self.show_parts()
