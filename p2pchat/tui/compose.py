"""The field to write in: several lines, earlier texts, and completion of commands.

Knows: keys and text. Does not know: what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

TEXT_MAX: Final = 65_536
"""Bytes of UTF-8 that one message can hold."""

REMEMBERED: Final = 100
"""Earlier texts that can be recalled."""

Complete = Callable[[str], list[str]]
"""What a line may become."""


class Compose(TextArea):
    """The text being written."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "send", priority=True),
        Binding("alt+enter,shift+enter,ctrl+j", "newline", "new line", priority=True),
        Binding("ctrl+c", "clear", "clear", show=False, priority=True),
        Binding("tab", "complete", "complete", show=False, priority=True),
        Binding("escape", "look_back", "select", priority=True),
    ]

    class Submitted(Message):
        """Enter was pressed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class LookBack(Message):
        """Turn to what was said."""

    class Offered(Message):
        """What the line may become."""

        def __init__(self, offers: list[str]) -> None:
            super().__init__()
            self.offers = offers

    class TooLong(Message):
        """The pasted text is longer than a message may be."""

    def __init__(self, complete: Complete, id: str | None = None) -> None:
        super().__init__(
            id=id,
            soft_wrap=True,
            tab_behavior="focus",
            compact=True,
            highlight_cursor_line=False,
            theme="css",
        )
        self._complete = complete
        self._before: list[str] = []
        self._place = 0
        self._kept = ""
        self._offers: list[str] = []
        self._offer = -1

    def insert_letters(self, text: str) -> None:
        """Take letters as if each had been typed."""
        self._replace_via_keyboard(text, *self.selection)

    def continue_text(self, text: str) -> None:
        """Put a text into the field to continue it."""
        self.text = text
        self.move_cursor(self.document.end)

    def action_submit(self) -> None:
        """Send the text."""
        text = self.text
        if not text.strip():
            return
        self._remember(text)
        self.continue_text("")
        self.post_message(self.Submitted(text))

    def _remember(self, text: str) -> None:
        if text.strip() and (not self._before or self._before[-1] != text):
            self._before = [*self._before, text][-REMEMBERED:]
        self._place = len(self._before)
        self._kept = ""

    def action_newline(self) -> None:
        """Begin another line."""
        self.insert("\n")

    def action_clear(self) -> None:
        """Clear the text; Up brings it back."""
        self._remember(self.text)
        self.continue_text("")

    def action_look_back(self) -> None:
        """Turn to what was said."""
        self.post_message(self.LookBack())

    def action_cursor_up(self, select: bool = False) -> None:
        """Move one line up, or to the earlier text."""
        if select or self.cursor_location[0] > 0 or not self._show_earlier(-1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Move one line down, or to the later text."""
        if select or self.cursor_location[0] < self.document.line_count - 1 or not self._show_earlier(1):
            super().action_cursor_down(select)

    def _show_earlier(self, step: int) -> bool:
        place = self._place + step
        if not 0 <= place <= len(self._before):
            return False
        if self._place == len(self._before):
            self._kept = self.text
        self._place = place
        self.continue_text(self._before[place] if place < len(self._before) else self._kept)
        return True

    def action_complete(self) -> None:
        """The next of what the line may become."""
        if self._offer < 0:
            self._offers = self._complete_line()
        if self._offers:
            self._offer = (self._offer + 1) % len(self._offers)
            offers, place = self._offers, self._offer
            self.continue_text(offers[place])
            self._offers, self._offer = offers, place

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Offer what the line may become; follow with the height."""
        event.stop()
        if self._offer < 0 or self.text != self._offers[self._offer]:
            self._offer = -1
        if self._offer < 0:
            self._offers = self._complete_line()
        self.post_message(self.Offered(self._offers))

    def _complete_line(self) -> list[str]:
        """What the text may become: a command always, a name only where it is being written."""
        at_end = self.cursor_location == self.document.end
        return self._complete(self.text) if at_end or self.text.startswith("/") else []

    async def _on_paste(self, event: events.Paste) -> None:
        """All that fits into a message is taken as it is, lines and all."""
        if len((self.text + event.text).encode(errors="replace")) > TEXT_MAX:
            event.prevent_default()
            event.stop()
            self.post_message(self.TooLong())
