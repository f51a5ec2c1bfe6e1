"""What the commands and keys of the chat do.

Knows: which dialog or call each of them is. Does not know: how they are typed, or how a conversation looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from p2pchat.errors import UsageError
from p2pchat.text import harmless, harmless_name, one_line
from p2pchat.tui import commands
from p2pchat.tui.dialogs import FOUND_MAX, Ask, Confirm, Dialog, Help, Report, SearchDialog, Verify
from p2pchat.tui.mesh import doctor_picture
from p2pchat.tui.pairing import Invite, Join, paired_line
from p2pchat.wording.lines import span

if TYPE_CHECKING:
    from p2pchat.tui.app import Chat

Event = dict[str, Any]
T = TypeVar("T")

QUOTE_MAX: Final = 200
"""Characters of a message that a reply repeats."""


class Acts:
    """Bound to one chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._acts: dict[str, Callable[[str], Awaitable[None]]] = {
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
            "profile": self._profile,
            "doctor": self._doctor,
            "theme": self._theme,
            "quit": self._quit,
        }

    async def run(self, line: str) -> None:
        """A command as it was typed. Raises P2PChatError."""
        name, rest = commands.parsed(line)
        await self.do(name[1:], rest)

    async def do(self, verb: str, rest: str) -> None:
        """One of the verbs. Raises P2PChatError."""
        await self._acts[verb](rest)

    def now(self) -> str:
        """The time as events give it."""
        return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _ask(self, dialog: Dialog[T], then: Callable[[T], Awaitable[None]]) -> None:
        """Open a dialog, and do what follows from its answer, if it gives one other than no."""

        async def answered(answer: T | None) -> None:
            if answer:
                await self._chat.attempt(then(answer))

        self._chat.push_screen(dialog, answered)

    # --- whom we look at

    def _current(self) -> str:
        if not self._chat.talks.current:
            raise UsageError("open a conversation first")
        return self._chat.talks.current

    async def _switch(self, rest: str) -> None:
        if not rest:
            self._chat.action_people()
        else:
            await self._chat.open(rest)

    async def _who(self, _rest: str) -> None:
        self._chat.action_people()

    async def _verify(self, rest: str) -> None:
        name = self._current()
        if rest == "yes":
            await self._chat.node.verify(name)
            return
        contact = await self._chat.node.contact(name)

        async def answered(_: bool) -> None:
            await self._chat.node.verify(name)

        self._ask(Verify(contact), answered)

    async def _rename(self, rest: str) -> None:
        name = self._current()
        if not rest:
            raise UsageError("/rename needs the new name")
        await self._chat.node.rename(name, rest)

    async def _mute(self, rest: str) -> None:
        await self._chat.node.mute(self._current(), rest != "off")

    async def _toggle_mute(self, _rest: str) -> None:
        contact = self._chat.talks.people[self._current()].contact
        await self._chat.node.mute(self._current(), not contact["muted"])

    async def _block(self, rest: str) -> None:
        await self._set_blocked(self._current(), rest != "off")

    async def _toggle_block(self, _rest: str) -> None:
        name = self._current()
        await self._set_blocked(name, not self._chat.talks.people[name].contact["blocked"])

    async def _set_blocked(self, name: str, blocked: bool) -> None:
        if not blocked:
            await self._chat.node.block(name, False)
            return

        async def answered(_: bool) -> None:
            await self._chat.node.block(name)

        question = f"Stop hearing {harmless_name(name)}? What waits for them is taken back."
        self._ask(Confirm(question, "Block"), answered)

    async def _disappear(self, rest: str) -> None:
        if not rest:
            raise UsageError("/disappear needs a span, like /disappear 1d, or off")
        await self._chat.node.disappear(self._current(), span(rest))

    async def _forget(self, _rest: str) -> None:
        name = self._current()

        async def answered(_: bool) -> None:
            gone = await self._chat.node.forget(name)
            await self._chat.open(name)
            self._chat.notify(f"{gone} messages forgotten")

        question = f"Forget all that was said with {harmless_name(name)}? Theirs stays theirs."
        self._ask(Confirm(question, "Forget"), answered)

    # --- finding

    async def _search(self, rest: str) -> None:
        node, name = self._chat.node, self._chat.talks.current

        async def search(text: str, everywhere: bool) -> Sequence[Event]:
            if everywhere:
                return await node.search(text, limit=FOUND_MAX)
            return await node.history(name, search=text, limit=FOUND_MAX)

        async def found(message: Event) -> None:
            await self._chat.open(message.get("with", name), around=message)
            self._chat.scrollback.focus()

        self._ask(SearchDialog(search, rest, name), found)

    # --- pairing

    async def _invite(self, rest: str) -> None:
        self._ask(Invite(self._chat.node, rest == "link"), self._paired)

    async def _join(self, rest: str) -> None:
        self._ask(Join(self._chat.node, rest), self._paired)

    async def _paired(self, name: str) -> None:
        await self._chat.talks.load()
        await self._chat.open(name)
        self._chat.notify(paired_line(name), timeout=8, markup=False)

    # --- the node and the screen

    async def _help(self, _rest: str) -> None:
        self._chat.push_screen(Help())

    async def _profile(self, _rest: str) -> None:
        self._chat.action_mesh()

    async def _doctor(self, _rest: str) -> None:
        node = self._chat.node

        async def found() -> Any:
            return doctor_picture(await node.doctor(), await node.status())

        self._chat.push_screen(Report("what works from here, and who learns what", found()))

    async def _theme(self, rest: str) -> None:
        if rest not in self._chat.available_themes:
            raise UsageError(
                f"there is no such theme; Tab after '/theme ' lists {len(self._chat.available_themes)}"
            )
        self._chat.theme = rest

    async def _quit(self, _rest: str) -> None:
        self._chat.exit()

    # --- one message

    async def on_message(self, verb: str, message: Event, link: str) -> None:
        """Reply to it, copy, edit or forget it, open its link. Raises P2PChatError."""
        match verb:
            case "open":
                if not link:
                    raise UsageError("there is no link in this message")
                self._chat.open_url(link)
            case "copy":
                self._chat.copy_to_clipboard(harmless(message["text"]))
                self._chat.notify("copied, if the terminal allows it")
            case "reply":
                self._chat.writing.load(f"{quoted(message)}\n{self._chat.writing.text}")
                self._chat.writing.focus()
            case "edit":
                self._edit(message)
            case _:
                self._forget_one(message)

    def _edit(self, message: Event) -> None:
        async def answered(text: str) -> None:
            await self._chat.node.edit(message["id"], text)
            self._chat.scrollback.add({**message, "text": text})

        question = "What this line of your own history shall say. Nobody else's changes (see p2pchat forge)."
        self._ask(Ask(question, one_line(message["text"])), answered)

    def _forget_one(self, message: Event) -> None:
        async def answered(_: bool) -> None:
            await self._chat.node.forget_message(message["id"])
            self._chat.scrollback.take_away(message["id"])

        self._ask(Confirm("Forget this message here? Theirs stays theirs.", "Forget"), answered)


def quoted(message: Event) -> str:
    """The beginning of a message as a reply shows it: plain text, so that every client and script sees it."""
    first = harmless(message["text"]).strip().split("\n", 1)
    text = first[0][:QUOTE_MAX]
    more = " …" if len(first) > 1 or len(first[0]) > QUOTE_MAX else ""
    return f"> {harmless_name(message['from'])}: {text}{more}"
