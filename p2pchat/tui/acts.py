"""What the commands and keys of the chat do.

Each is begun before the next key is looked at: dialogs open at once, and what the node is asked waits for its
turn behind what it was asked before (``Talks.do``).

Knows: which dialog or call each of them is. Does not know: how they are typed, or how a conversation looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from p2pchat.chat.lines import ChatLine, lines_of
from p2pchat.errors import UsageError
from p2pchat.text import harmless, harmless_name, one_line
from p2pchat.tui import commands, settings
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
from p2pchat.tui.mesh import doctor_picture
from p2pchat.tui.pairing import Invite, Join, paired_lines
from p2pchat.wording.lines import span
from p2pchat.wording.removing import RENEW, leaves_others, outcome, question
from p2pchat.wording.settings import effect_line

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


class Acts:
    """Bound to one chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._acts: dict[str, Callable[[str], None]] = {
            "help": self._help,
            "switch": self._switch,
            "who": self._who,
            "search": self._search,
            "invite": self._invite,
            "join": self._join,
            "verify": self._verify,
            "rename": self._rename,
            "mute": self._mute,
            "toggle_mute": self._toggle_mute,
            "block": self._block,
            "toggle_block": self._toggle_block,
            "disappear": self._disappear,
            "forget": self._forget,
            "remove": self._remove,
            "profile": self._profile,
            "doctor": self._doctor,
            "set": self._set,
            "settings": lambda _: self._set(""),
            "theme": self._theme,
            "quit": self._quit,
        }

    def run(self, line: str) -> None:
        """A command as it was typed. Raises UsageError."""
        name, rest = commands.parsed(line)
        self.do(name[1:], rest)

    def do(self, verb: str, rest: str) -> None:
        """One of the verbs. Raises UsageError."""
        self._acts[verb](rest)

    def _ask(self, dialog: Dialog[T], then: Callable[[T], None]) -> None:
        """Open a dialog over the chat, never over another; do what follows from an answer that is not no."""

        def answered(answer: T | None) -> None:
            if answer:
                self._chat.attempt(lambda: then(answer))

        if len(self._chat.screen_stack) == 1:
            self._chat.push_screen(dialog, answered)

    def _have(self, work: Awaitable[object], done: str = "") -> None:
        """Have the node do something, and say so when it has."""

        async def have() -> None:
            if await self._chat.managed(work) and done:
                self._chat.notify(done, timeout=4, markup=False)

        self._chat.talks.do(have())

    # --- whom we look at

    def _current(self) -> str:
        if not self._chat.talks.current:
            raise UsageError("open a conversation first")
        return self._chat.talks.current

    def _switch(self, rest: str) -> None:
        if not rest:
            self._chat.action_people()
        else:
            self._chat.open(rest)

    def _who(self, _rest: str) -> None:
        self._chat.push_screen(Report("everyone you know", self._chat.everyone()))

    def _verify(self, rest: str) -> None:
        name = self._current()
        node = self._chat.node
        if rest == "yes":
            self._have(node.verify(name), f"{harmless_name(name)} is verified")
            return
        self._ask(Verify(name, node.contact(name)), lambda _: self._have(node.verify(name)))

    def _rename(self, rest: str) -> None:
        name = self._current()
        if not rest:
            raise UsageError("/rename needs the new name")
        self._have(self._chat.node.rename(name, rest))

    def _mute(self, rest: str) -> None:
        self._have(self._chat.node.mute(self._current(), rest != "off"))

    def _toggle_mute(self, _rest: str) -> None:
        contact = self._chat.talks.people[self._current()].contact
        self._have(self._chat.node.mute(self._current(), not contact.muted))

    def _block(self, rest: str) -> None:
        self._set_blocked(self._current(), rest != "off")

    def _toggle_block(self, _rest: str) -> None:
        name = self._current()
        self._set_blocked(name, not self._chat.talks.people[name].contact.blocked)

    def _set_blocked(self, name: str, blocked: bool) -> None:
        node, shown = self._chat.node, harmless_name(name)
        if not blocked:
            self._have(node.block(name, False), f"{shown} is heard again")
            return
        question = (
            f"Block {shown}? You no longer hear them, and what waits for them is taken back. What they write "
            "meanwhile arrives if you unblock them within two weeks."
        )
        dialog = Confirm("block", question, "Block", "Go on hearing them")
        self._ask(dialog, lambda _: self._have(node.block(name), f"{shown} is blocked; F9 again undoes it"))

    def _disappear(self, rest: str) -> None:
        if not rest:
            raise UsageError("/disappear needs a span, like /disappear 1d, or off")
        self._have(self._chat.node.disappear(self._current(), span(rest)))

    def _forget(self, _rest: str) -> None:
        name = self._current()
        shown = harmless_name(name)

        async def forget() -> None:
            gone = await self._chat.node.forget(name)
            self._chat.notify(f"{gone} messages with {shown} deleted here", markup=False)

        question = f"Delete here all that was said with {shown}? {shown} keeps a copy."
        self._ask(Confirm("delete", question, "Delete", "Keep it"), lambda _: self._have(forget()))

    def _remove(self, _rest: str) -> None:
        name, people = self._current(), self._chat.talks.people
        contact = people[name].contact
        others = leaves_others(contact, (each.contact for each in people.values()))

        async def remove(renew: bool) -> None:
            gone = await self._chat.node.remove(name, renew_mesh=renew)
            self._chat.notify("\n".join(outcome(gone)), timeout=8, markup=False)

        def agreed(_: object) -> None:
            if not others:
                self._have(remove(False))
                return
            dialog = Confirm("their mesh", RENEW, "A new secret", "As it is")
            self._chat.push_screen(dialog, lambda renew: None if renew is None else self._have(remove(renew)))

        self._ask(Confirm("remove", question(name), "Remove", "Keep"), agreed)

    # --- finding

    def _search(self, rest: str) -> None:
        node, name = self._chat.node, self._chat.talks.current

        async def search(text: str, everywhere: bool) -> Sequence[ChatLine]:
            if everywhere:
                return lines_of(await node.search(text, limit=FOUND_MAX))
            return lines_of(await node.history(name, search=text, limit=FOUND_MAX))

        def found(message: ChatLine) -> None:
            self._chat.open(message.contact, around=message)
            self._chat.scrollback.focus()

        self._ask(SearchDialog(search, rest, name), found)

    # --- pairing

    def _invite(self, rest: str) -> None:
        self._ask(Invite(self._chat.node, self._chat.talks.load, rest == "link"), self._paired)

    def _join(self, rest: str) -> None:
        self._ask(Join(self._chat.node, self._chat.talks.load, rest), self._paired)

    def _paired(self, name: str) -> None:
        self._chat.open(name)
        contact = self._chat.talks.people[name].contact
        self._chat.notify("\n".join(paired_lines(contact)), timeout=8, markup=False)

    # --- the node and the screen

    def _help(self, _rest: str) -> None:
        self._chat.push_screen(Help(self._chat.preferences.keys))

    def _profile(self, _rest: str) -> None:
        self._chat.action_mesh()

    def _doctor(self, _rest: str) -> None:
        node = self._chat.node

        async def found() -> Any:
            return doctor_picture(await node.doctor(), await node.status())

        self._chat.push_screen(Report("what works from here, and who learns what", awaited=found()))

    def _theme(self, rest: str) -> None:
        if rest not in self._chat.available_themes:
            raise UsageError(
                f"there is no such theme; Tab after '/theme ' lists {len(self._chat.available_themes)}"
            )
        self._keep("theme", rest)

    def _set(self, rest: str) -> None:
        """The page, or one setting at once."""
        if rest:
            self._keep(*settings.parsed(rest))
        else:
            self._chat.push_screen(settings.SettingsPage(self._chat.node, self._chat.told_here))

    def _keep(self, key: str, value: str | None) -> None:
        async def keep() -> None:
            changed = await settings.keep(self._chat.node, key, value)
            self._chat.notify(one_line(effect_line(changed)), timeout=8, markup=False)

        self._have(keep())

    def _quit(self, _rest: str) -> None:
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
            self._have(rewriting, "your copy is rewritten; nobody else's is")

        self._ask(Rewrite(message.text), answered)

    def _forget_one(self, message: ChatLine) -> None:
        shown = harmless_name(message.contact)
        dialog = Confirm("delete", f"Delete this message here? {shown} keeps a copy.", "Delete", "Keep it")
        self._ask(dialog, lambda _: self._have(self._chat.node.forget_message(message.id), "deleted here"))


def quoted(message: ChatLine) -> str:
    """The beginning of a message as a reply shows it: plain text, so that every client and script sees it."""
    first = harmless(message.text).strip().split("\n", 1)
    text = first[0][:QUOTE_MAX]
    more = " …" if len(first) > 1 or len(first[0]) > QUOTE_MAX else ""
    return f"> {harmless_name(message.sender)}: {text}{more}"
