"""Messages as lines on a screen: only what is visible is drawn, and what comes near is asked for.

Knows: what is in view, and whether it follows the newest. Does not know: how a message is wrapped
(``layout``), which are loaded (``message_list``), or what is done with one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from p2pchat.chat.counterparts import HUES
from p2pchat.chat.lines import ChatLine
from p2pchat.tui.message_list import MessageList, ids_of

_REVERSED: Final = Style(reverse=True)
"""What is selected; seen without colours, too."""

PAGE: Final = 100
"""Messages asked for at once: more than any screen shows, in a few milliseconds."""


class MessageView(ScrollView, can_focus=True):
    """A conversation, oldest first, of which a part is in view."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "scrollback--time",
        "scrollback--me",
        "scrollback--them",
        "scrollback--text",
        "scrollback--mark",
        "scrollback--failed",
        "scrollback--day",
        "scrollback--unread",
        "scrollback--quote",
        "scrollback--link",
        "scrollback--notice",
        "scrollback--mention",
        "scrollback--own",
        "scrollback--for-us",
        *(f"scrollback--hue{hue}" for hue in range(HUES)),
    }

    class PageRequested(Message):
        """More lines are wanted, ``before`` the first or ``after`` the last one loaded."""

        def __init__(self, id: str, before: bool) -> None:
            super().__init__()
            self.id = id
            self.before = before

    class Followed(Message):
        """The newest message came into or went out of sight, or the number of new ones below has changed."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.messages = MessageList(self._on_change)
        self._requested: tuple[str, bool] | None = None
        self._styles: dict[str, Style] = {}
        self.selected: str | None = None
        self.following = True
        """Whether the newest message is in sight and stays so when others come or change their size."""
        self.below = 0
        """What came below what is in sight."""

    def __bool__(self) -> bool:
        return True

    # --- what is loaded

    def show_lines(
        self,
        messages: Sequence[ChatLine],
        *,
        oldest: bool,
        newest: bool = True,
        reveal: str | None = None,
        unread: str | None = None,
    ) -> None:
        """Show these: one of them, selected, or the last. What came since ``clear`` comes after them.
        ``unread`` is the first that was not read yet."""
        late = self.messages.missing_from(messages) if newest else []
        self.clear()
        self.messages.load_messages([*messages, *late], oldest=oldest, newest=newest, unread=unread)
        if reveal is not None:
            self.reveal_line(reveal)
        else:
            self.to_end()

    def clear(self) -> None:
        """Show nothing, until it is told what."""
        self._requested, self.selected = None, None
        self.messages.load_messages([])
        self._follow(True)

    def add(self, message: ChatLine) -> None:
        """Something was said just now."""
        is_new = self.messages.add_message(message)
        if is_new and not (self.following or message.outgoing or message.notice):
            self.below += 1
            self.post_message(self.Followed())

    def add_page(self, messages: Sequence[ChatLine], *, before: bool, last: bool) -> None:
        """What was wanted: all of it if ``last``."""
        self._requested = None
        if not before:
            self.following = False
        self.messages.add_page(messages, before=before, last=last)

    def forget_request(self) -> None:
        """What was wanted does not come."""
        self._requested = None

    def reveal_line(self, message: str) -> None:
        """Select a message that is loaded, and bring it into view."""
        self.selected = message if self.messages.find_entry(message) is not None else None
        self.scroll_to_selected()

    def _on_change(self, shift: int) -> None:
        """Lines came, went or changed. ``shift``: how many came above what is in view, which stays."""
        y = int(self.scroll_y)
        if self.selected is not None and self.messages.find_entry(self.selected) is None:
            self.selected = None
        self.virtual_size = Size(self.messages.width, self.messages.total)
        if self.following and self.messages.newest:
            self._go_to(self.max_scroll_y)
        elif shift:
            self._go_to(max(0, y + shift))
        self.refresh()

    # --- what is in view

    def to_end(self) -> None:
        """Bring the newest into sight, and keep it there."""
        self._follow(True)
        self._stay()

    def scroll_to_selected(self) -> None:
        """Bring what is selected into view."""
        entry = self.messages.find_entry(self.selected)
        if entry is not None:
            starts, place = self.messages.starts, self.messages.entries.index(entry)
            region = Region(0, starts[place], self.messages.width, starts[place + 1] - starts[place])
            self.scroll_to_region(region, animate=False, immediate=True, force=True)
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap anew; what was in view stays."""
        width = self.scrollable_content_region.width
        if width != self.messages.width:
            top = self.messages.line_at(int(self.scroll_y))[0]
            self.messages.set_width(width)
            if not self.following and top < len(self.messages):
                self._go_to(self.messages.starts[top])
        self._stay()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Near either end, ask for what is beyond it."""
        super().watch_scroll_y(old_value, new_value)
        ids = ids_of(self.messages.entries)
        if not ids:
            return
        self._follow(new_value >= self.max_scroll_y)
        margin = self.size.height
        if not self.messages.oldest and new_value < margin:
            self.request_page(ids[0], before=True)
        elif not self.messages.newest and new_value > self.messages.total - 2 * margin:
            self.request_page(ids[-1], before=False)

    def request_page(self, message: str, *, before: bool) -> None:
        """Ask for what is beyond a message, once."""
        if self._requested != (message, before):
            self._requested = (message, before)
            self.post_message(self.PageRequested(message, before))

    def _follow(self, following: bool) -> None:
        following = following and self.messages.newest
        below = 0 if following else self.below
        if (following, below) != (self.following, self.below):
            self.following, self.below = following, below
            self.post_message(self.Followed())

    def _stay(self) -> None:
        """The newest stays in sight if it was."""
        if self.following:
            self._go_to(self.max_scroll_y)

    def _go_to(self, y: int) -> None:
        """Have this line at the top; also while there is no bar yet, which Textual would wait for."""
        self.scroll_to(y=y, animate=False, immediate=True, force=True)

    # --- drawing

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.scrollable_content_region.width or self.size.width
        line = y + int(self.scroll_y)
        if line >= self.messages.total:
            return Strip.blank(width, self._style("text"))
        place, within = self.messages.line_at(line)
        entry = self.messages.entries[place]
        headings = self.messages.headings_of(place)
        if within < len(headings):
            kind, title = headings[within]
            return Strip([Segment(f"── {title} ".ljust(width, "─")[:width], self._style(kind))])
        within -= len(headings)
        chosen = entry.message.id == self.selected and self.has_focus
        segments = [self._segment(kind, text, chosen) for kind, text in entry.lines[within]]
        filling = self._style("text") + _REVERSED if chosen else self._style("text")
        if entry.message.for_us and not chosen:
            ground = Style(bgcolor=self._style("for-us").bgcolor)
            segments = [Segment(text, (style or Style()) + ground) for text, style, _ in segments]
            filling += ground
        return Strip(segments).adjust_cell_length(width, filling)

    def _segment(self, kind: str, text: str, chosen: bool) -> Segment:
        if chosen:
            return Segment(text, self._style("text") + _REVERSED)
        link = kind if kind.startswith("http") else ""
        style = self._style("link" if link else kind)
        if link:
            style += Style(link=link, meta={"link": link})
        return Segment(text, style)

    def hue_style(self, hue: int) -> Style:
        """The colour of a member's name, for other parts of the screen."""
        return Style(color=self._style(f"hue{hue}").color, bold=True)

    def _style(self, kind: str) -> Style:
        if kind not in self._styles:
            self._styles[kind] = self.get_component_rich_style(f"scrollback--{kind}")
        return self._styles[kind]

    def notify_style_update(self) -> None:
        """Another theme."""
        self._styles.clear()
        super().notify_style_update()
