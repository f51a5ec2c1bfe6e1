"""What was said, where a person looks back: one message is selected, and something is done with it.

Knows: keys and clicks. Does not know: how messages are drawn (``message_view``), or what is done with one.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from p2pchat.chat.lines import ChatLine
from p2pchat.text import harmless
from p2pchat.tui.layout import LINK
from p2pchat.tui.message_list import ids_of
from p2pchat.tui.message_view import MessageView


class Scrollback(MessageView, can_focus=True):
    """A conversation in which one message can be selected. No letter does anything here."""

    FOCUS_ON_CLICK = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "select(-1)", "up", show=False),
        Binding("down", "select(1)", "down", show=False),
        Binding("enter,ctrl+o", "chosen('menu')", "what to do"),
        Binding("ctrl+r", "chosen('reply')", "reply"),
        Binding("ctrl+t", "chosen('react')", "react"),
        Binding("ctrl+e", "chosen('correct')", "correct"),
        Binding("ctrl+x", "chosen('withdraw')", "withdraw", show=False),
        Binding("ctrl+c", "chosen('copy')", "copy"),
        Binding("delete", "chosen('forget')", "delete"),
        Binding("home", "top", "oldest", show=False),
        Binding("end", "bottom", "newest", show=False),
        Binding("right,left", "unfold", "whole", show=False),
        Binding("escape", "leave", "write"),
    ]

    class Chosen(Message):
        """Something is to be done with a message."""

        def __init__(self, verb: str, message: ChatLine | None, link: str = "") -> None:
            super().__init__()
            self.verb = verb
            self.message = message
            self.link = link

    class Left(Message):
        """Back to writing."""

    def select_newest(self) -> None:
        """Begin with the newest that is loaded."""
        self.selected = next(reversed(ids_of(self.messages.entries)), None)
        self.scroll_to_selected()

    def action_select(self, step: int) -> None:
        """Select the next message above or below."""
        ids = ids_of(self.messages.entries)
        if not ids:
            return
        place = ids.index(self.selected) + step if self.selected in ids else len(ids) - 1
        if place >= len(ids):
            self.action_leave()
            return
        self.selected = ids[max(0, place)]
        self.scroll_to_selected()

    def action_unfold(self) -> None:
        """Show all of a long message, or fold it again."""
        if self.messages.find_entry(self.selected) is not None:
            self.messages.toggle_fold(self.selected)
            self.scroll_to_selected()

    def action_top(self) -> None:
        """Move to the oldest loaded line. The chat then loads earlier lines."""
        self._go_to(0)
        if ids := ids_of(self.messages.entries):
            self.selected = ids[0]
            if not self.messages.oldest:
                self.request_page(self.selected, before=True)

    def action_bottom(self) -> None:
        """Move to the newest line."""
        if not self.messages.newest:
            self.post_message(self.PageRequested("", before=False))
            return
        if ids := ids_of(self.messages.entries):
            self.selected = ids[-1]
        self.to_end()

    def action_leave(self) -> None:
        """Back to writing."""
        self.post_message(self.Left())

    def action_chosen(self, verb: str) -> None:
        """Do something with the selected message."""
        message = self.messages.find_message(self.selected)
        if message is not None and not message.notice:
            found = LINK.search(harmless(message.text))
            self.post_message(self.Chosen(verb, message, found.group() if found else ""))

    def on_click(self, event: events.Click) -> None:
        """A link opens; a click is else a click on the window, and one goes on writing. A second selects."""
        if link := event.style.meta.get("link"):
            self.post_message(self.Chosen("open", None, str(link)))
            return
        line = event.y + int(self.scroll_y)
        if event.chain < 2 or line >= self.messages.total:
            self.action_leave()
            return
        self.selected = self.messages.entries[self.messages.line_at(line)[0]].message.id
        self.focus(scroll_visible=False)
        self.refresh()
