"""The window of the chat, and the effect of its keys in any focus.

Knows: the table of keys, dialogs that are in the way, and how one leaves. Does not know: what commands do, or
what a node tells.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, TextArea

from p2pchat.chat.commands import complete, vocabulary
from p2pchat.chat.model import ChatModel
from p2pchat.chat.verbs import Verbs
from p2pchat.config.table import BOUND
from p2pchat.control.answers import SettingInfo
from p2pchat.tui.dialogs import Help, Report
from p2pchat.tui.ending import Quiet
from p2pchat.tui.main_view import MainView
from p2pchat.tui.preferences import Preferences
from p2pchat.tui.prompts import Prompts
from p2pchat.tui.rooms import OfferDialog

_ACTIONS: Final = {
    "people": "people",
    "mesh": "mesh",
    "next": "next(1)",
    "previous": "next(-1)",
    "unread": "unread",
    "mute": "act('toggle_mute')",
    "block": "act('toggle_block')",
    **{verb: f"act('{verb}')" for verb in ("help", "search", "invite", "join", "verify", "settings")},
}
"""What each key that may be another does."""


class ChatWindow(Quiet[None]):
    """The program around one model. Its maker sets ``verbs``."""

    CSS_PATH = "chat.tcss"
    TITLE = "p2pchat"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(keys, _ACTIONS[does], id=does, priority=True) for does, keys in BOUND.items()),
        Binding("pageup", "page(-1)", priority=True),
        Binding("pagedown", "page(1)", priority=True),
        Binding("ctrl+end", "newest", priority=True),
        Binding("ctrl+z", "suspend_process", priority=True),
        Binding("ctrl+d,ctrl+q", "leave", priority=True),
    ]
    verbs: Verbs

    def __init__(self, model: ChatModel) -> None:
        super().__init__()
        self.model = model
        self.prompts = Prompts(self)
        self.preferences = Preferences()
        self.told_here: dict[str, SettingInfo] = {}
        """Settings of chats that this program's environment has, by key."""
        self._leaving = False

    def compose(self) -> ComposeResult:
        yield MainView(self.model, self.prompts, self._completions)

    @property
    def main(self) -> MainView:
        """All but the dialogs."""
        return self.query_one(MainView)

    @property
    def in_dialog(self) -> bool:
        """Whether a dialog is open."""
        return len(self.screen_stack) > 1

    def _completions(self, text: str) -> list[str]:
        return complete(text, vocabulary(self.model, self.available_themes))

    # --- letters

    def text_comes(self) -> None:
        """No letter acts: it goes to where one writes, in the chat as in a dialog that has such a place."""
        if isinstance(self.focused, Input | TextArea):
            return
        if isinstance(self.screen, Help | Report):  # read, and in the way
            self.screen.dismiss(None)
        if not self.in_dialog:
            self.main.write()
        elif places := self.screen.query("Input, TextArea"):
            self.screen.set_focus(places.first())

    def take_letters(self, text: str) -> bool:
        """Letters for what is being written are taken together."""
        writing = self.main.pane.writing
        if self.focused is not writing:
            return False
        writing.insert_letters(text)
        return True

    # --- keys

    def action_act(self, verb: str) -> None:
        """Do what a command does."""
        if not self.in_dialog:
            self.prompts.try_act(lambda: self.verbs.do_verb(verb, ""))

    def action_next(self, step: int) -> None:
        """The next conversation of the list, or the one before."""
        if not self.in_dialog:
            self.main.open_next(step)

    def action_unread(self) -> None:
        """A conversation in which something is unread; where there is none, an invitation."""
        offer = next(iter(self.model.known.offers), None)
        if not self.in_dialog and not self.main.open_unread() and offer is not None:
            self.open_offer(offer)

    def action_people(self) -> None:
        """Move to the list of people, or back."""
        if not self.in_dialog:
            self.main.toggle_people()

    def action_mesh(self) -> None:
        """Show the details, or hide them: the members of a room, or else the mesh."""
        if not self.in_dialog:
            self.main.toggle_details()

    def open_offer(self, name: str) -> None:
        """Ask what is to become of an invitation to a room."""
        offer = self.model.known.offers.get(name)
        if offer is None:
            return

        def answered(accepted: str) -> None:
            if accepted == "accept":
                self.verbs.rooms.accept_offer(name)
            else:
                self.verbs.rooms.decline_offer(name)

        self.prompts.open_dialog(OfferDialog(offer), answered)

    def action_page(self, step: int) -> None:
        """Scroll by a screen."""
        part = "#mesh" if self.main.is_covered else "#scrollback"
        pages = self.screen.query(f".frame VerticalScroll, {part}")
        if pages:
            pages.first().scroll_relative(y=step * max(1, pages.first().size.height - 2), animate=False)

    def action_newest(self) -> None:
        """Move to the newest message."""
        self.main.pane.scrollback.action_bottom()

    def action_help_quit(self) -> None:
        """Ctrl-C where it means nothing else: out of a dialog, back to where one writes."""
        if self.in_dialog:
            self.screen.dismiss(None)
        else:
            self.main.write()

    @on(MainView.OfferChosen)
    def _on_offer_chosen(self, event: MainView.OfferChosen) -> None:
        self.open_offer(event.name)

    # --- leaving

    def action_leave(self) -> None:
        """Leave, once the node has what was said; if it does not answer, or one will not wait for it,
        ``farewell`` says so."""
        if self._leaving:
            self.exit()
            return
        self._leaving = True
        if self.model.sent.not_handed_over():
            self.notify("leaving, as soon as the node has what you wrote; Ctrl-Q again: at once")
        self._leave()

    @work(exclusive=True, group="leave", exit_on_error=False)
    async def _leave(self) -> None:
        await self.model.leave_chat()
        self.exit()
