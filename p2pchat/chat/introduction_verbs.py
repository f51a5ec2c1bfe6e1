"""The commands of a chat about contacts without a code.

Knows: the call of each. Does not know: how it was typed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from p2pchat.errors import NotInTime, UsageError
from p2pchat.text import harmless_name
from p2pchat.wording.introductions import introduction_row

if TYPE_CHECKING:
    from p2pchat.chat.model import ChatModel


class ToldScreen(Protocol):
    """What these commands need of the display of a chat."""

    def tell_person(self, text: str) -> None: ...


class IntroductionVerbs:
    """Bound to one chat. ``have_node``: queue a request to the node, and tell when it is done."""

    def __init__(
        self, model: ChatModel, screen: ToldScreen, have_node: Callable[[Awaitable[object], str], None]
    ) -> None:
        self._model = model
        self._screen = screen
        self._have_node = have_node
        self._verbs: dict[str, Callable[[str], None]] = {
            "add": self._add,
            "introduce": self._introduce,
            "accept": self._accept,
            "decline": self._decline,
            "requests": self._list,
        }

    def do_line(self, rest: str) -> None:
        """Carry out what stands after ``/contact``. Raises UsageError."""
        verb, _, argument = rest.partition(" ")
        if verb not in self._verbs:
            raise UsageError(f"/contact needs one of: {', '.join(self._verbs)}")
        self._verbs[verb](argument.strip())

    def _add(self, rest: str) -> None:
        room = self._model.room
        if room is None or not rest:
            raise UsageError("/contact add needs a member of the open room, like /contact add carol")
        shown = harmless_name(rest)
        call = self._model.node.add_contact(room.name, rest)
        self._have_node(call, f"{shown} is asked; you are contacts as soon as {shown} accepts")

    def _introduce(self, rest: str) -> None:
        people = self._model.known.people
        for one in people:
            other = rest.removeprefix(f"{one} ").strip()
            if rest.startswith(f"{one} ") and other in people:
                shown = f"{harmless_name(one)} and {harmless_name(other)}"
                self._have_node(self._model.node.introduce_contacts(one, other), f"{shown} are asked")
                return
        raise UsageError("/contact introduce needs two contacts, like /contact introduce bob carol")

    def _accept(self, rest: str) -> None:
        name = self._find_request(rest)

        async def accept() -> None:
            try:
                await self._model.node.accept_contact(name, timeout=0.0)
            except NotInTime:
                self._screen.tell_person(f"accepted; {harmless_name(name)} becomes a contact by itself")
            await self._model.introductions.read_requests()

        self._have_node(accept(), "")

    def _decline(self, rest: str) -> None:
        name = self._find_request(rest)

        async def decline() -> None:
            await self._model.node.decline_contact(name)
            await self._model.introductions.read_requests()

        self._have_node(decline(), "")

    def _list(self, rest: str) -> None:
        rows = [introduction_row(info) for info in self._model.introductions.open.values()]
        self._screen.tell_person("\n".join(rows) or "no requests are open")

    def _find_request(self, rest: str) -> str:
        requests = self._model.introductions.requests
        if not rest and len(requests) == 1:
            return next(iter(requests))
        if rest not in requests:
            names = ", ".join(map(harmless_name, requests)) or "none"
            raise UsageError(f"name who asks to be a contact: {names}")
        return rest
