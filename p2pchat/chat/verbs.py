"""What the commands of a chat do, for any display.

Each command starts before the next is read: a request to the node waits behind earlier ones
(``Requests.ask_node``), and the display asks and shows.

Knows: the question or call of each command. Does not know: how it was typed, or what a question looks like.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final, Protocol

from p2pchat.chat.commands import parse_command, parse_setting
from p2pchat.chat.introduction_verbs import IntroductionVerbs
from p2pchat.chat.question import Question, withdrawal_question
from p2pchat.chat.referring import ReferenceVerbs
from p2pchat.chat.room_verbs import RoomVerbs
from p2pchat.errors import P2PChatError, UsageError
from p2pchat.text import harmless_name, one_line
from p2pchat.wording.lines import span
from p2pchat.wording.removing import RENEW, leaves_others, outcome, question
from p2pchat.wording.settings import effect_line

if TYPE_CHECKING:
    from p2pchat.chat.lines import ChatLine
    from p2pchat.chat.model import ChatModel
    from p2pchat.client import Node
    from p2pchat.control.answers import ChangeSettingResult


HISTORY_LINES: Final = 20
"""Lines that /history shows by default: about a screen."""

HISTORY_MAX: Final = 9_999


class ChatScreen(Protocol):
    """The display of a chat."""

    def tell_person(self, text: str) -> None:
        """Show that an action was done."""

    def tell_failure(self, why: object) -> None:
        """Show that an action failed."""

    def ask_person(
        self, question: Question, yes: Callable[[], None], no: Callable[[], None] | None = None
    ) -> None:
        """Ask, and act on the answer; without an answer, do nothing."""

    def show_conversation(self, name: str) -> None:
        """Open a conversation. Raises UsageError."""

    def say_line(self, text: str, reply_to: ChatLine | None = None) -> None:
        """Send a line to the open conversation, and show it."""

    def show_history(self, lines: int) -> None:
        """Show the last ``count`` lines again."""

    def choose_person(self) -> None: ...
    def show_help(self) -> None: ...
    def show_everyone(self) -> None: ...
    def show_number(self, name: str) -> None: ...
    def show_words(self, room: str) -> None: ...
    def show_members(self, room: str) -> None: ...
    def choose_invited(self, room: str) -> None: ...
    def show_mesh(self) -> None: ...
    def show_doctor(self) -> None: ...
    def show_settings(self) -> None: ...
    def begin_search(self, text: str) -> None: ...
    def begin_invite(self, link: bool) -> None: ...
    def begin_join(self, code: str) -> None: ...
    def leave_chat(self) -> None: ...

    def theme_names(self) -> Iterable[str]:
        """The available themes; none where colours cannot be chosen."""


class Verbs:
    """Bound to one chat."""

    def __init__(self, model: ChatModel, screen: ChatScreen) -> None:
        self._model = model
        self._screen = screen
        self.rooms = RoomVerbs(model, screen, self.have_node)
        references = ReferenceVerbs(model, self.have_node, screen.say_line, self._ask_withdraw)
        self._verbs: dict[str, Callable[[str], None]] = {
            "help": lambda _: screen.show_help(),
            "switch": self._switch,
            "history": self._history,
            "who": lambda _: screen.show_everyone(),
            "search": screen.begin_search,
            "invite": lambda rest: screen.begin_invite(rest == "link"),
            "join": screen.begin_join,
            "verify": self._verify,
            "rename": self._rename,
            "mute": self._mute,
            "toggle_mute": self._toggle_mute,
            "block": self._block,
            "toggle_block": self._toggle_block,
            "disappear": self._disappear,
            "forget": self._forget,
            "remove": self._remove,
            "profile": lambda _: screen.show_mesh(),
            "doctor": lambda _: screen.show_doctor(),
            "set": self._set,
            "settings": lambda _: screen.show_settings(),
            "theme": self._theme,
            **{verb: self._about_one(does) for verb, does in references.verbs.items()},
            "room": self.rooms.do_line,
            "contact": IntroductionVerbs(model, screen, self.have_node).do_line,
            "quit": lambda _: screen.leave_chat(),
        }

    @property
    def _node(self) -> Node:
        return self._model.node

    def take_line(self, text: str) -> None:
        """Handle what was typed: a command, or a line to send. Raises UsageError."""
        if text.startswith("/") and not text.startswith("//"):
            self.run_line(text)
        elif self._model.current:
            self._screen.say_line(text.removeprefix("/") if text.startswith("//") else text)
        else:
            raise UsageError("you have no contact to send it to yet: /invite makes a code for a friend")

    def run_line(self, line: str) -> None:
        """Carry out a typed command. Raises UsageError."""
        name, rest = parse_command(line)
        self.do_verb(name[1:], rest)

    def do_verb(self, verb: str, rest: str) -> None:
        """Carry out a command. Raises UsageError."""
        of_room = self.rooms.instead if self._model.room is not None else {}
        (of_room.get(verb) or self._verbs[verb])(rest)

    def have_node(self, work: Awaitable[object], told: str = "") -> None:
        """Queue a request to the node, and tell when it is done."""

        async def have() -> None:
            try:
                await work
            except P2PChatError as error:
                self._screen.tell_failure(error)
            else:
                if told:
                    self._screen.tell_person(told)

        self._model.requests.ask_node(have())

    # --- the open conversation

    def _current(self) -> str:
        if not self._model.current:
            raise UsageError("open a conversation first")
        return self._model.current

    def _about_one(self, does: Callable[[str, str], None]) -> Callable[[str], None]:
        return lambda rest: does(self._current(), rest)

    def _ask_withdraw(self, yes: Callable[[], None]) -> None:
        self._screen.ask_person(withdrawal_question(self._model.room is not None), yes)

    def _switch(self, rest: str) -> None:
        if rest:
            self._screen.show_conversation(rest)
        else:
            self._screen.choose_person()

    def _history(self, rest: str) -> None:
        self._current()
        if rest and not (rest.isdecimal() and 0 < int(rest[:9]) <= HISTORY_MAX):
            raise UsageError("/history takes a number of lines, like /history 50")
        self._screen.show_history(int(rest) if rest else HISTORY_LINES)

    def _verify(self, rest: str) -> None:
        name = self._current()
        if rest == "yes":
            self.have_node(self._node.verify(name), f"{harmless_name(name)} is verified")
        else:
            self._screen.show_number(name)

    def _rename(self, rest: str) -> None:
        name = self._current()
        if not rest:
            raise UsageError("/rename needs the new name")
        self.have_node(self._node.rename(name, rest))

    def _mute(self, rest: str) -> None:
        self.have_node(self._node.mute(self._current(), rest != "off"))

    def _toggle_mute(self, _rest: str) -> None:
        name = self._current()
        self.have_node(self._node.mute(name, not self._model.people[name].contact.muted))

    def _block(self, rest: str) -> None:
        self._set_blocked(self._current(), rest != "off")

    def _toggle_block(self, _rest: str) -> None:
        name = self._current()
        self._set_blocked(name, not self._model.people[name].contact.blocked)

    def _set_blocked(self, name: str, blocked: bool) -> None:
        shown = harmless_name(name)
        if not blocked:
            self.have_node(self._node.block(name, False), f"{shown} is no longer blocked")
            return
        text = (
            f"Block {shown}? You no longer receive their messages, and messages that wait for them are "
            "cancelled. What they write meanwhile arrives if you unblock them within two weeks."
        )
        told = f"{shown} is blocked; '/block off' undoes it"
        self._screen.ask_person(
            Question("block", text, "Block", "Do not block them"),
            lambda: self.have_node(self._node.block(name), told),
        )

    def _disappear(self, rest: str) -> None:
        if not rest:
            raise UsageError("/disappear needs a span, like /disappear 1d, or off")
        self.have_node(self._node.disappear(self._current(), span(rest)))

    def _forget(self, _rest: str) -> None:
        name = self._current()
        shown = harmless_name(name)

        async def forget() -> None:
            gone = await self._node.forget(name)
            self._screen.tell_person(f"{gone} messages {where} {shown} deleted here")

        where, keeps = (
            ("in", "The members keep") if self._model.room is not None else ("with", f"{shown} keeps")
        )
        text = f"Delete all messages {where} {shown} here? {keeps} a copy."
        doubt = Question("delete", text, "Delete", "Keep it")
        self._screen.ask_person(doubt, lambda: self.have_node(forget()))

    def _remove(self, _rest: str) -> None:
        name, people = self._current(), self._model.people
        others = leaves_others(people[name].contact, (person.contact for person in people.values()))

        async def remove(renew: bool) -> None:
            gone = await self._node.remove(name, renew_mesh=renew)
            self._screen.tell_person("\n".join(outcome(gone)))

        def agreed() -> None:
            if others:
                doubt = Question("their mesh", RENEW, "A new secret", "As it is")
                self._screen.ask_person(
                    doubt, lambda: self.have_node(remove(True)), lambda: self.have_node(remove(False))
                )
            else:
                self.have_node(remove(False))

        self._screen.ask_person(Question("remove", question(name), "Remove", "Keep"), agreed)

    # --- settings

    def _theme(self, rest: str) -> None:
        known = list(self._screen.theme_names())
        if known and rest not in known:
            raise UsageError(f"there is no such theme; Tab after '/theme ' lists {len(known)}")
        self._keep("theme", rest)

    def _set(self, rest: str) -> None:
        """All settings, or one of them at once."""
        if rest:
            self._keep(*parse_setting(rest))
        else:
            self._screen.show_settings()

    def _keep(self, key: str, value: str | None) -> None:
        async def keep() -> None:
            changed = await keep_setting(self._node, key, value)
            self._screen.tell_person(one_line(effect_line(changed)))

        self.have_node(keep())


async def keep_setting(node: Node, key: str, value: str | None) -> ChangeSettingResult:
    """Change a setting; None restores its default. Raises P2PChatError."""
    return await (node.forget_setting(key) if value is None else node.change_setting(key, value))
