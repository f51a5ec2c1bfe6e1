"""What was said, as lines on a screen: only what is loaded is laid out, only what is visible is drawn.

Knows: what is loaded, in view, selected. Does not know: how a message is wrapped
(``layout``), where it comes from, or what is done with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from p2pchat.chat.lines import ChatLine, Stage
from p2pchat.chat.widths import room
from p2pchat.text import harmless
from p2pchat.tui.layout import LINK, Entry, entry_of, lay_out, shown_name
from p2pchat.wording.lines import local_time

_REVERSED: Final = Style(reverse=True)
"""What is selected; seen without colours, too."""

PAGE: Final = 100
"""Messages asked for at once: more than any screen shows, in a few milliseconds."""

LOADED_MAX: Final = 2000
"""Messages laid out at once; what is farther from view is let go and asked for again."""


class Scrollback(ScrollView, can_focus=True):
    """A conversation, oldest first. No letter does anything here."""

    FOCUS_ON_CLICK = False

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
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "select(-1)", "up", show=False),
        Binding("down", "select(1)", "down", show=False),
        Binding("enter,ctrl+o", "chosen('menu')", "what to do"),
        Binding("ctrl+r", "chosen('reply')", "reply"),
        Binding("ctrl+c", "chosen('copy')", "copy"),
        Binding("delete", "chosen('forget')", "delete"),
        Binding("home", "top", "oldest", show=False),
        Binding("end", "bottom", "newest", show=False),
        Binding("right,left", "unfold", "whole", show=False),
        Binding("escape", "leave", "write"),
    ]

    class Wanted(Message):
        """More lines are wanted, ``before`` the first or ``after`` the last one loaded."""

        def __init__(self, id: str, before: bool) -> None:
            super().__init__()
            self.id = id
            self.before = before

    class Chosen(Message):
        """Something is to be done with a message."""

        def __init__(self, verb: str, message: ChatLine | None, link: str = "") -> None:
            super().__init__()
            self.verb = verb
            self.message = message
            self.link = link

    class Left(Message):
        """Back to writing."""

    class Followed(Message):
        """The newest is in sight now, or no more; or how much is new below has changed."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: list[Entry] = []
        self._places: dict[str, Entry] = {}
        self._starts: list[int] = [0]
        """Where each entry's lines begin, and where all end."""
        self._width = 0
        self._names = 0
        """Cells of the longest name."""
        self._clock = "24h"
        self._asked: tuple[str, bool] | None = None
        self._styles: dict[str, Style] = {}
        self.oldest = True
        """Nothing came before what is loaded."""
        self.newest = True
        """Nothing comes after it."""
        self.selected: str | None = None
        self.following = True
        """Whether the newest is in sight, and is to stay so whatever comes or changes its size."""
        self.below = 0
        """What came below what is in sight."""
        self._unread: str | None = None

    # --- what is there

    def show(
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
        there = {message.id for message in messages}
        late = [message for message in self._messages() if newest and message.id not in there]
        self.clear()
        self._entries = [entry_of(message) for message in (*messages, *late)]
        self.oldest, self.newest, self._unread = oldest, newest, unread
        self._lay_out(self._entries)
        if reveal is not None:
            self.reveal(reveal)
        else:
            self.to_end()

    def clear(self) -> None:
        """Show nothing, until it is told what."""
        self._entries = []
        self._places.clear()
        self._asked, self.selected = None, None
        self.oldest = self.newest = True
        self._unread = None
        self._names = 0
        self._lay_out([])
        self._follow(True)

    def mark_unread(self, id: str | None) -> None:
        """A line stands before this message from now on: nobody read it and what follows; None: all is
        read."""
        if id != self._unread:
            self._unread = id
            self._lay_out([])

    def _messages(self) -> list[ChatLine]:
        return [entry.message for entry in self._entries]

    def begin_unread(self, id: str) -> None:
        """Nobody has read this message, nor what comes after it; what came before stays as it is."""
        if self._unread not in self._places:
            self.mark_unread(id)

    def add(self, message: ChatLine) -> None:
        """Something was said just now."""
        known = self._places.get(message.id)
        if known is not None:
            known.message = message
            self._relay(known)
            return
        if self.newest:
            self._entries.append(entry_of(message))
            self._lay_out(self._entries[-1:])
            self._drop(first=True)
        if not self.following and not message.outgoing:
            self.below += 1
            self.post_message(self.Followed())

    def renew(self, message: ChatLine) -> None:
        """It says something else now, if it is shown."""
        if message.id in self._places:
            self.add(message)

    def ask_again(self) -> None:
        """What was wanted does not come."""
        self._asked = None

    def to_end(self) -> None:
        """Bring the newest into sight, and keep it there."""
        self._follow(True)
        self._stay()

    def _follow(self, following: bool) -> None:
        following = following and self.newest
        below = 0 if following else self.below
        if (following, below) != (self.following, self.below):
            self.following, self.below = following, below
            self.post_message(self.Followed())

    def _stay(self) -> None:
        """The newest stays in sight if it was."""
        if self.following:
            self._go(self.max_scroll_y)

    def _go(self, y: int) -> None:
        """Have this line at the top; also while there is no bar yet, which Textual would wait for."""
        self.scroll_to(y=y, animate=False, immediate=True, force=True)

    def add_page(self, messages: Sequence[ChatLine], *, before: bool, last: bool) -> None:
        """What was wanted: all of it if ``last``."""
        self._asked = None
        fresh = [entry_of(message) for message in messages if message.id not in self._places]
        if before:
            self.oldest = last
            down = self._total - int(self.scroll_y)
            self._entries[:0] = fresh
            self._lay_out(fresh)
            self._go(self._total - down)
            self._drop(first=False)
        else:
            self.newest = last
            self.following = False
            self._entries += fresh
            self._lay_out(fresh)
            self._drop(first=True)

    def move(self, message: str, stage: Stage) -> None:
        """One of our messages has come further."""
        entry = self._places.get(message)
        if entry is not None:
            entry.message = replace(entry.message, stage=stage)
            self._relay(entry)

    def take_away(self, message: str) -> None:
        """It is no more."""
        entry = self._places.pop(message, None)
        if entry is not None:
            if self.selected == message:
                self.selected = None
            self._entries.remove(entry)
            self._lay_out([])

    def forget_expired(self, now: float) -> None:
        """Lines whose time has come are gone; Unix seconds."""
        for entry in list(self._entries):
            expires = entry.message.expires_at
            if expires is not None and local_time(expires).timestamp() < now:
                self.take_away(entry.message.id)

    def message(self, id: str | None) -> ChatLine | None:
        """A message that is loaded."""
        entry = self._places.get(id) if id is not None else None
        return entry.message if entry is not None else None

    def reveal(self, message: str) -> None:
        """Select a message that is loaded, and bring it into view."""
        self.selected = message if message in self._places else None
        self._bring()

    def __len__(self) -> int:
        return len(self._entries)

    def __bool__(self) -> bool:
        return True

    def _drop(self, *, first: bool) -> None:
        """Let go of what is farthest from view."""
        too_many = len(self._entries) - LOADED_MAX
        if too_many <= 0:
            return
        if first:
            lines = self._starts[too_many]
            gone, self._entries = self._entries[:too_many], self._entries[too_many:]
            self.oldest = False
            y = max(0, int(self.scroll_y) - lines)
        else:
            gone, self._entries = self._entries[-too_many:], self._entries[:-too_many]
            self.newest = False
            y = int(self.scroll_y)
        for entry in gone:
            del self._places[entry.message.id]
        self._lay_out([])
        self._go(y)

    # --- layout

    @property
    def _total(self) -> int:
        return self._starts[-1]

    def _lay_out(self, fresh: Iterable[Entry]) -> None:
        """Reckon the lines of some entries anew, and the places of all."""
        fresh = list(fresh)
        longest = max((room(shown_name(entry.message)) for entry in fresh), default=0)
        if longest > self._names:
            self._names, fresh = longest, [*self._entries, *fresh]
        for entry in fresh:
            self._places[entry.message.id] = entry
            lay_out(entry, self._width, self._names, self._clock)
        day: date | None = None
        heights = []
        for entry in self._entries:
            before = (entry.day != day) + (entry.message.id == self._unread)
            heights.append(len(entry.lines) + before)
            day = entry.day
        self._starts = [0, *accumulate(heights)]
        self.virtual_size = Size(self._width, self._total)
        self._stay()
        self.refresh()

    def set_clock(self, clock: str) -> None:
        """Write the time of each message so (``wording.lines.clock_time``)."""
        if clock != self._clock:
            self._clock = clock
            self._lay_out(self._entries)

    def _relay(self, entry: Entry) -> None:
        before = len(entry.lines)
        lay_out(entry, self._width, self._names, self._clock)
        if len(entry.lines) == before:
            self.refresh()
        else:
            self._lay_out([])

    def on_resize(self, event: events.Resize) -> None:
        """Wrap anew; what was in view stays."""
        width = self.scrollable_content_region.width
        if width != self._width:
            top = self._at(int(self.scroll_y))[0]
            self._width = width
            self._lay_out(self._entries)
            if not self.following and top < len(self._entries):
                self._go(self._starts[top])
        self._stay()

    def notify_style_update(self) -> None:
        """Another theme."""
        self._styles.clear()
        super().notify_style_update()

    # --- drawing

    def _at(self, y: int) -> tuple[int, int]:
        """Which entry's line is at ``y``, and which of its lines."""
        low, high = 0, max(0, len(self._entries) - 1)
        while low < high:
            middle = (low + high + 1) // 2
            if self._starts[middle] <= y:
                low = middle
            else:
                high = middle - 1
        return low, y - self._starts[low]

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.scrollable_content_region.width or self.size.width
        line = y + int(self.scroll_y)
        if line >= self._total:
            return Strip.blank(width, self._style("text"))
        place, within = self._at(line)
        entry = self._entries[place]
        above = self._above(place)
        if within < len(above):
            kind, title = above[within]
            return Strip([Segment(f"── {title} ".ljust(width, "─")[:width], self._style(kind))])
        within -= len(above)
        chosen = entry.message.id == self.selected and self.has_focus
        segments = [self._segment(kind, text, chosen) for kind, text in entry.lines[within]]
        filling = self._style("text") + _REVERSED if chosen else self._style("text")
        return Strip(segments).adjust_cell_length(width, filling)

    def _segment(self, kind: str, text: str, chosen: bool) -> Segment:
        if chosen:
            return Segment(text, self._style("text") + _REVERSED)
        link = kind if kind.startswith("http") else ""
        style = self._style("link" if link else kind)
        if link:
            style += Style(link=link, meta={"link": link})
        return Segment(text, style)

    def _above(self, place: int) -> list[tuple[str, str]]:
        """The lines that stand above a message, each a kind and a title: a new day, what is unread."""
        entry = self._entries[place]
        above = []
        if not place or self._entries[place - 1].day != entry.day:
            above.append(("day", f"{entry.day:%A} {entry.day.day} {entry.day:%B %Y}"))
        if entry.message.id == self._unread:
            count = sum(not each.message.outgoing for each in self._entries[place:])
            above.append(("unread", f"{count} new"))
        return above

    def _style(self, kind: str) -> Style:
        if kind not in self._styles:
            self._styles[kind] = self.get_component_rich_style(f"scrollback--{kind}")
        return self._styles[kind]

    # --- moving about

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Near either end, ask for what is beyond it."""
        super().watch_scroll_y(old_value, new_value)
        if not self._entries:
            return
        self._follow(new_value >= self.max_scroll_y)
        margin = self.size.height
        if not self.oldest and new_value < margin:
            self._want(self._entries[0].message.id, before=True)
        elif not self.newest and new_value > self._total - 2 * margin:
            self._want(self._entries[-1].message.id, before=False)

    def _want(self, message: str, *, before: bool) -> None:
        if self._asked != (message, before):
            self._asked = (message, before)
            self.post_message(self.Wanted(message, before))

    def action_select(self, step: int) -> None:
        """Select the next message above or below."""
        if not self._entries:
            return
        ids = [entry.message.id for entry in self._entries]
        place = ids.index(self.selected) + step if self.selected in ids else len(ids) - 1
        if place >= len(ids):
            self.action_leave()
            return
        self.selected = ids[max(0, place)]
        self._bring()

    def select_newest(self) -> None:
        """Begin with the newest that is loaded."""
        self.selected = self._entries[-1].message.id if self._entries else None
        self._bring()

    def _bring(self) -> None:
        entry = self._places.get(self.selected or "")
        if entry is not None:
            place = self._entries.index(entry)
            top = self._starts[place]
            region = Region(0, top, self._width, self._starts[place + 1] - top)
            self.scroll_to_region(region, animate=False, immediate=True, force=True)
        self.refresh()

    def action_unfold(self) -> None:
        """Show all of a long message, or fold it again."""
        entry = self._places.get(self.selected or "")
        if entry is not None:
            entry.unfolded = not entry.unfolded
            lay_out(entry, self._width, self._names, self._clock)
            self._lay_out([])
            self._bring()

    def action_top(self) -> None:
        """To the oldest that is loaded; what came before follows."""
        self._go(0)
        if self._entries:
            self.selected = self._entries[0].message.id
            if not self.oldest:
                self._want(self.selected, before=True)

    def action_bottom(self) -> None:
        """To the newest."""
        if not self.newest:
            self.post_message(self.Wanted("", before=False))
            return
        if self._entries:
            self.selected = self._entries[-1].message.id
        self.to_end()

    def action_leave(self) -> None:
        """Back to writing."""
        self.post_message(self.Left())

    def action_chosen(self, verb: str) -> None:
        """Do something with the selected message."""
        entry = self._places.get(self.selected or "")
        if entry is not None:
            found = LINK.search(harmless(entry.message.text))
            self.post_message(self.Chosen(verb, entry.message, found.group() if found else ""))

    def on_click(self, event: events.Click) -> None:
        """A link opens; a click is else a click on the window, and one goes on writing. A second selects."""
        if link := event.style.meta.get("link"):
            self.post_message(self.Chosen("open", None, str(link)))
            return
        line = event.y + int(self.scroll_y)
        if event.chain < 2 or line >= self._total:
            self.action_leave()
            return
        self.selected = self._entries[self._at(line)[0]].message.id
        self.focus(scroll_visible=False)
        self.refresh()
