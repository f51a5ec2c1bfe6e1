"""The screens of the full-screen chat: what its commands show and ask, and what is done with one message.

Knows: which dialog each of them is. Does not know: how commands are typed, or how a conversation looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from rich.console import RenderableType

from p2pchat.chat.lines import ChatLine, lines_of
from p2pchat.chat.verbs import Question
from p2pchat.errors import UsageError
from p2pchat.pictures.doctor import doctor_picture
from p2pchat.text import harmless, harmless_name, one_line
from p2pchat.tui.dialogs import (
    FOUND_MAX,
    Choose,
    Confirm,
    Dialog,
    Help,
    Report,
    Rewrite,
    SearchDialog,
    Verify,
)
from p2pchat.tui.pairing import Invite, Join, paired_lines
from p2pchat.tui.settings import SettingsPage
from p2pchat.wording.exposure import exposures

if TYPE_CHECKING:
    from p2pchat.tui.app import Chat

T = TypeVar("T")

QUOTE_MAX: Final = 200
"""Characters of a message that a reply repeats."""

TITLE_MAX: Final = 40
"""Characters of a message that names it."""

ON_MESSAGE: Final = (
    ("reply", "Reply"),
    ("copy", "Copy its text"),
    ("whole", "Show all of it, or fold it"),
    ("open", "Open its link"),
    ("rewrite", "Rewrite my copy …"),
    ("forget", "Delete it here …"),
)
"""What can be done with a message, by verb."""


class Screens:
    """Bound to one chat: its dialogs and panels."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def tell_person(self, text: str) -> None:
        self._chat.notify(text, timeout=8, markup=False)

    def tell_failure(self, why: object) -> None:
        self._chat.complain(why)

    def ask_person(
        self, question: Question, yes: Callable[[], None], no: Callable[[], None] | None = None
    ) -> None:
        def answered(agreed: bool | None) -> None:
            if agreed:
                self._chat.attempt(yes)
            elif agreed is not None and no is not None:
                self._chat.attempt(no)

        self._chat.push_screen(Confirm(question.title, question.text, question.yes, question.no), answered)

    def _ask(self, dialog: Dialog[T], then: Callable[[T], None]) -> None:
        """Open a dialog over the chat, never over another; do what follows from an answer that is not no."""

        def answered(answer: T | None) -> None:
            if answer:
                self._chat.attempt(lambda: then(answer))

        if len(self._chat.screen_stack) == 1:
            self._chat.push_screen(dialog, answered)

    # --- whom we look at

    def show_conversation(self, name: str) -> None:
        self._chat.open(name)

    def say_line(self, text: str) -> None:
        self._chat.say(text)

    def show_history(self, lines: int) -> None:
        self._chat.show_last(lines)

    def choose_person(self) -> None:
        self._chat.action_people()

    def show_everyone(self) -> None:
        self._chat.push_screen(Report("everyone you know", self._chat.everyone()))

    def show_number(self, name: str) -> None:
        node = self._chat.node
        self._ask(Verify(name, node.contact(name)), lambda _: self._chat.verbs.have_node(node.verify(name)))

    # --- finding

    def begin_search(self, text: str) -> None:
        node, name = self._chat.node, self._chat.model.current

        async def search(text: str, everywhere: bool) -> Sequence[ChatLine]:
            if everywhere:
                return lines_of(await node.search(text, limit=FOUND_MAX))
            return lines_of(await node.history(name, search=text, limit=FOUND_MAX))

        def found(message: ChatLine) -> None:
            self._chat.open(message.contact, around=message)
            self._chat.scrollback.focus()

        self._ask(SearchDialog(search, text, name), found)

    # --- pairing

    def begin_invite(self, link: bool) -> None:
        self._ask(Invite(self._chat.node, self._chat.model.load_people, link), self._paired)

    def begin_join(self, code: str) -> None:
        self._ask(Join(self._chat.node, self._chat.model.load_people, code), self._paired)

    def _paired(self, name: str) -> None:
        self._chat.open(name)
        contact = self._chat.model.people[name].contact
        self.tell_person("\n".join(paired_lines(contact)))

    # --- the node and the screen

    def show_help(self) -> None:
        self._chat.push_screen(Help(self._chat.preferences.keys))

    def show_mesh(self) -> None:
        self._chat.action_mesh()

    def show_doctor(self) -> None:
        node = self._chat.node

        async def found() -> RenderableType:
            return doctor_picture(await node.doctor(), exposures(await node.status()))

        self._chat.push_screen(Report("what works from here, and who learns what", awaited=found()))

    def theme_names(self) -> Iterable[str]:
        return self._chat.available_themes

    def show_settings(self) -> None:
        self._chat.push_screen(SettingsPage(self._chat.node, self._chat.told_here))

    def leave_chat(self) -> None:
        self._chat.action_leave()

    # --- one message

    def choose(self, message: ChatLine, link: str) -> None:
        """Show what can be done with a message."""
        verbs = [(verb, label) for verb, label in ON_MESSAGE if verb != "open" or link]
        title = one_line(harmless(message.text[: 4 * TITLE_MAX]))[:TITLE_MAX]
        self._ask(Choose(title, verbs), lambda verb: self.on_message(verb, message, link))

    def on_message(self, verb: str, message: ChatLine | None, link: str) -> None:
        """Reply to it, copy it, show all of it, rewrite or delete it here, open its link. Raises
        UsageError."""
        if verb == "open":
            self._open(link)
        elif message is not None:
            self._act_on(verb, message, link)

    def _act_on(self, verb: str, message: ChatLine, link: str) -> None:
        match verb:
            case "menu":
                self.choose(message, link)
            case "copy":
                self._chat.copy_to_clipboard(harmless(message.text))
                self._chat.notify("copied, if the terminal allows it")
            case "reply":
                self._chat.writing.load(f"{quoted(message)}\n{self._chat.writing.text}")
                self._chat.write()
            case "whole":
                self._chat.scrollback.action_unfold()
            case "rewrite":
                self._rewrite(message)
            case _:
                self._forget_one(message)

    def _open(self, link: str) -> None:
        if not link:
            raise UsageError("there is no link in this message")
        self._chat.open_url(link)
        self._chat.notify(f"opened, if there is a browser here: {link}", timeout=8, markup=False)

    def _rewrite(self, message: ChatLine) -> None:
        def answered(text: str) -> None:
            rewriting = self._chat.node.edit(message.id, text)
            self._chat.verbs.have_node(rewriting, "your copy is rewritten; nobody else's is")

        self._ask(Rewrite(message.text), answered)

    def _forget_one(self, message: ChatLine) -> None:
        shown = harmless_name(message.contact)
        dialog = Confirm("delete", f"Delete this message here? {shown} keeps a copy.", "Delete", "Keep it")
        self._ask(
            dialog,
            lambda _: self._chat.verbs.have_node(self._chat.node.forget_message(message.id), "deleted here"),
        )


def quoted(message: ChatLine) -> str:
    """The beginning of a message as a reply shows it: plain text, so that every client and script sees it."""
    first = harmless(message.text).strip().split("\n", 1)
    text = first[0][:QUOTE_MAX]
    more = " …" if len(first) > 1 or len(first[0]) > QUOTE_MAX else ""
    return f"> {harmless_name(message.sender)}: {text}{more}"
