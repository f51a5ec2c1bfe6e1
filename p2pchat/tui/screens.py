"""The screens that the commands of a chat open.

Knows: which dialog each of them is. Does not know: how commands are typed, or how a conversation looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from rich.console import RenderableType

from p2pchat.chat.lines import ChatLine, lines_of
from p2pchat.chat.question import Question
from p2pchat.pictures.doctor import doctor_picture
from p2pchat.text import harmless_name
from p2pchat.tui import around
from p2pchat.tui.dialogs import FOUND_MAX, Help, Report, SearchDialog, VerifyDialog
from p2pchat.tui.pairing import InviteDialog, JoinDialog, paired_lines
from p2pchat.tui.rooms import InvitedDialog, members_table, words_table
from p2pchat.tui.settings import SettingsPage
from p2pchat.tui.window import ChatWindow
from p2pchat.wording.exposure import exposures


class Screens:
    """Bound to one chat: its dialogs and panels."""

    def __init__(self, window: ChatWindow) -> None:
        self._window = window
        self._prompts = window.prompts

    def tell_person(self, text: str) -> None:
        self._prompts.tell_person(text)

    def tell_failure(self, why: object) -> None:
        self._prompts.tell_failure(why)

    def ask_person(
        self, question: Question, yes: Callable[[], None], no: Callable[[], None] | None = None
    ) -> None:
        self._prompts.ask_person(question, yes, no)

    # --- the open conversation

    def show_conversation(self, name: str) -> None:
        self._window.main.open_conversation(name)

    def say_line(self, text: str, reply_to: ChatLine | None = None) -> None:
        self._window.main.say_line(text, reply_to)

    def show_history(self, lines: int) -> None:
        self._window.main.pane.show_last(lines)

    def choose_person(self) -> None:
        self._window.action_people()

    def show_everyone(self) -> None:
        model = self._window.model
        everyone = around.everyone(model.in_order(), bool(model.links), datetime.now(UTC))
        self._window.push_screen(Report("your contacts and rooms", everyone))

    def show_number(self, name: str) -> None:
        node = self._window.model.node
        self._prompts.open_dialog(
            VerifyDialog(name, node.contact(name)), lambda _: self._window.verbs.have_node(node.verify(name))
        )

    # --- rooms

    def show_words(self, room: str) -> None:
        node = self._window.model.node

        async def found() -> RenderableType:
            return words_table(await node.room_words(room))

        self._window.push_screen(Report("do you all see the same room?", awaited=found()))

    def show_members(self, room: str) -> None:
        node = self._window.model.node

        async def found() -> RenderableType:
            return members_table(await node.list_members(room))

        self._window.push_screen(Report(f"members of {harmless_name(room)}", awaited=found()))

    def choose_invited(self, room: str) -> None:
        known = self._window.model.known
        inside = {member.name for member in known.rooms[room].members}
        self._prompts.open_dialog(
            InvitedDialog(
                room, [name for name in known.people if name not in inside], known.rooms[room].room.invited
            ),
            lambda names: self._window.verbs.rooms.invite_contacts(room, names),
        )

    # --- finding

    def begin_search(self, text: str) -> None:
        node, name = self._window.model.node, self._window.model.current

        async def search(text: str, everywhere: bool) -> Sequence[ChatLine]:
            if everywhere:
                return lines_of(await node.search(text, limit=FOUND_MAX))
            return lines_of(await node.history(name, search=text, limit=FOUND_MAX))

        def found(message: ChatLine) -> None:
            self._window.main.open_conversation(message.contact, around=message)
            self._window.main.pane.scrollback.focus()

        self._prompts.open_dialog(SearchDialog(search, text, name), found)

    # --- pairing

    def begin_invite(self, link: bool) -> None:
        self._prompts.open_dialog(
            InviteDialog(self._window.model.node, self._window.model.load_people, link), self._on_paired
        )

    def begin_join(self, code: str) -> None:
        self._prompts.open_dialog(
            JoinDialog(self._window.model.node, self._window.model.load_people, code), self._on_paired
        )

    def _on_paired(self, name: str) -> None:
        self._window.main.open_conversation(name)
        contact = self._window.model.people[name].contact
        self.tell_person("\n".join(paired_lines(contact)))

    # --- the node and the screen

    def show_help(self) -> None:
        self._window.push_screen(Help(self._window.preferences.keys))

    def show_mesh(self) -> None:
        self._window.main.toggle_details(mesh=True)

    def show_doctor(self) -> None:
        node = self._window.model.node

        async def found() -> RenderableType:
            return doctor_picture(await node.doctor(), exposures(await node.status()))

        self._window.push_screen(Report("what works from here, and what others learn", awaited=found()))

    def theme_names(self) -> Iterable[str]:
        return self._window.available_themes

    def show_settings(self) -> None:
        self._window.push_screen(SettingsPage(self._window.model.node, self._window.told_here))

    def leave_chat(self) -> None:
        self._window.action_leave()
