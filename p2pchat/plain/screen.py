"""What the commands of a chat show and ask in line mode.

Knows: the lines that each of them leads to. Does not know: how it was typed, or the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from rich.console import RenderableType

from p2pchat.chat.commands import COMMANDS, CONTACT_COMMANDS, ROOM_COMMANDS
from p2pchat.chat.counterparts import Counterpart, Person
from p2pchat.chat.lines import ChatLine, Stage, lines_of
from p2pchat.chat.model import ChatModel
from p2pchat.chat.question import Question
from p2pchat.chat.verbs import Verbs
from p2pchat.errors import UsageError
from p2pchat.pictures.doctor import doctor_picture
from p2pchat.pictures.drawing import drawn_text, terminal_width
from p2pchat.pictures.status import mesh_picture
from p2pchat.plain.pairing import BackgroundPairing
from p2pchat.plain.sheet import Sheet
from p2pchat.text import harmless_name
from p2pchat.wording.exposure import exposures
from p2pchat.wording.rooms import member_row
from p2pchat.wording.settings import origin

Answers = tuple[Callable[[], None], Callable[[], None] | None]
"""What is done after a yes, and after anything else."""

MARGIN: Final = 7
"""Columns beside lines about the chat."""

FOUND_MAX: Final = 50
"""Lines a search shows: more scroll away unread."""

KEYS: Final = (
    "Alt-Enter, or a backslash at the end, begins a new line",
    "Tab completes a command; Up and Down: what you wrote before",
    "Ctrl-C clears what you typed; Ctrl-D leaves",
)

MEANINGS: Final[tuple[tuple[Stage, str], ...]] = (
    ("queued", "queued"),
    ("relayed", "others pass it on"),
    ("delivered", "delivered"),
    ("expired", "given up"),
)


class ShownChat(Protocol):
    """The needs of the screen from its chat."""

    @property
    def model(self) -> ChatModel: ...

    @property
    def sheet(self) -> Sheet: ...

    @property
    def verbs(self) -> Verbs: ...

    @property
    def draw(self) -> Callable[[], None]: ...

    question: Answers | None

    def open_conversation(self, name: str) -> None: ...

    async def show_last(self, count: int) -> None: ...

    def tell_whereabouts(self, of: Counterpart, now: datetime) -> str: ...


class PlainScreen:
    """Bound to one chat."""

    def __init__(self, chat: ShownChat, leave: Callable[[], None]) -> None:
        self._chat = chat
        self._leave = leave
        self._pairing = BackgroundPairing(chat.model, chat.sheet.tell_line)

    async def take_back_invite(self) -> None:
        """Take back an invite that still waits."""
        await self._pairing.cancel_pairing()

    def tell_person(self, text: str) -> None:
        self._chat.sheet.tell_line(text)

    def tell_failure(self, why: object) -> None:
        self._chat.sheet.tell_line(str(why))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something shown that the node has to be asked for, in its turn."""
        self._chat.verbs.have_node(work)

    def ask_person(
        self, question: Question, yes: Callable[[], None], no: Callable[[], None] | None = None
    ) -> None:
        self._chat.sheet.tell_line(f"{question.text} ('yes': {question.yes}; anything else: {question.no})")
        self._chat.question = (yes, no)

    def say_line(self, text: str, reply_to: ChatLine | None = None) -> None:
        self._chat.model.say_text(text, reply_to)
        self._chat.draw()

    def show_conversation(self, name: str) -> None:
        self._chat.open_conversation(name)

    def show_history(self, lines: int) -> None:
        self._do(self._chat.show_last(lines))

    def choose_person(self) -> None:
        raise UsageError("/switch needs a name; /who lists them")

    def show_help(self) -> None:
        for command in (*COMMANDS, *CONTACT_COMMANDS, *ROOM_COMMANDS):
            self._chat.sheet.tell_line(f"{f'{command.name} {command.argument}':<20} {command.about}")
        for line in KEYS:
            self._chat.sheet.tell_line(line)
        self._chat.sheet.tell_line(
            "   ".join(f"{self._chat.sheet.signs.mark_of(stage)} {what}" for stage, what in MEANINGS)
        )

    def show_everyone(self) -> None:
        now, known = datetime.now(UTC), self._chat.model.known
        every: list[Counterpart] = [*known.rooms.values(), *known.people.values()]
        for one in every:
            for_us = f", {len(one.mentions)} for you" if one.mentions else ""
            unread = f"  ({len(one.unread)} unread{for_us})" if one.unread else ""
            here = self._chat.tell_whereabouts(one, now)
            self._chat.sheet.tell_line(f"{here:<10}  {_trust(one):<10}  {harmless_name(one.name)}{unread}")
        for offer in known.offers.values():
            name, by = harmless_name(offer.name), harmless_name(offer.invited_by or "a contact")
            self._chat.sheet.tell_line(f"{'invited':<10}  {'by ' + by:<10}  {name}; /room accept {name}")

    def show_number(self, name: str) -> None:
        async def show() -> None:
            self._chat.sheet.tell_line((await self._chat.model.node.contact(name)).safety_number)
            self._chat.sheet.tell_line("If they see exactly the same:  /verify yes")

        self._do(show())

    def show_words(self, room: str) -> None:
        async def show() -> None:
            found = await self._chat.model.node.room_words(room)
            self._chat.sheet.tell_line(found.words)
            self._chat.sheet.tell_line(
                f"A member that sees the same words knows the same {found.members} members."
            )

        self._do(show())

    def show_members(self, room: str) -> None:
        async def show() -> None:
            for member in await self._chat.model.node.list_members(room):
                self._chat.sheet.tell_line(member_row(member))

        self._do(show())

    def choose_invited(self, room: str) -> None:
        raise UsageError("/room invite needs contacts, like /room invite bob carol; /who lists them")

    def begin_search(self, text: str) -> None:
        if not text:
            raise UsageError("/search needs a text, like /search eight")

        async def show() -> None:
            found = await self._chat.model.node.history(
                self._chat.model.current, search=text, limit=FOUND_MAX
            )
            self._chat.sheet.show_lines(lines_of(found))
            self._chat.sheet.tell_line(f"{len(found)} found" if found else "nothing found")

        self._do(show())

    def show_mesh(self) -> None:
        async def show() -> None:
            self._tell_picture(mesh_picture(await self._chat.model.node.status()))

        self._do(show())

    def show_doctor(self) -> None:
        async def show() -> None:
            node = self._chat.model.node
            self._tell_picture(doctor_picture(await node.doctor(), exposures(await node.status())))

        self._do(show())

    def _tell_picture(self, picture: RenderableType) -> None:
        self._chat.sheet.tell_line(drawn_text(picture, terminal_width() - MARGIN))

    def show_settings(self) -> None:
        async def show() -> None:
            for setting in await self._chat.model.node.settings():
                self._chat.sheet.tell_line(f"{setting.key:<14} {setting.value or '-'}  ({origin(setting)})")

        self._do(show())

    def theme_names(self) -> Iterable[str]:
        return ()

    def leave_chat(self) -> None:
        self._leave()

    def begin_invite(self, link: bool) -> None:
        self._pairing.begin_invite(link)

    def begin_join(self, code: str) -> None:
        if not code:
            raise UsageError("/join needs the code your friend gave you")
        self._pairing.begin_join(code)


def _trust(of: Counterpart) -> str:
    """What is known of a contact; what a room notifies of."""
    if isinstance(of, Person):
        return "blocked" if of.contact.blocked else "verified" if of.contact.verified else "unverified"
    return "muted" if of.muted else "room"
