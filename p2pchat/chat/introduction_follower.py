"""Who asks to be a contact, while a chat is open.

Knows: which requests wait, and what is told of them. Does not know: what the nodes say to each other, or the
screen.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from p2pchat.chat.happenings import Decided, Happening
from p2pchat.control.introductions import IntroductionEvent, IntroductionInfo
from p2pchat.control.values import given
from p2pchat.errors import ControlError
from p2pchat.text import harmless_name
from p2pchat.wording.introductions import introduction_line, introduction_request

if TYPE_CHECKING:
    from p2pchat.client import Node


class IntroductionFollower:
    """Bound to one chat."""

    def __init__(self, node: Node, tell: Callable[[Happening], None]) -> None:
        self._node = node
        self._tell = tell
        self.open: dict[str, IntroductionInfo] = {}
        """Introductions that are not over, by name."""
        self._told: dict[tuple[str | None, str | None, str], str] = {}
        """Who asks, as the person knows, and the id of that request. One that is taken back and asked again
        has another id, and only an event makes it a new one."""

    @property
    def requests(self) -> dict[str, IntroductionInfo]:
        """Those that wait for our answer."""
        return {name: info for name, info in self.open.items() if info.state == "requested"}

    async def read_requests(self) -> None:
        """Read them again; an old node without introductions has none. Tell of those that came while no chat
        was open."""
        with suppress(ControlError):
            self.open = {info.name: info for info in await self._node.list_introductions()}
        for info in self.requests.values():
            if _who(info) not in self._told:
                self._tell_request(info)

    def tell_event(self, event: IntroductionEvent) -> None:
        """Tell what became of one; a new request was told when it was read."""
        line = introduction_line(event)
        if event.change != "requested":
            self._tell(Decided(line))
            return
        info = self.open.get(event.name)
        if info is None:  # it is over already
            self._tell(Decided(_ask(event.name, given(event.room), given(event.by))))
        elif self._told.get(_who(info)) != info.id:
            self._tell_request(info)

    def _tell_request(self, info: IntroductionInfo) -> None:
        self._told[_who(info)] = info.id
        self._tell(Decided(_ask(info.name, info.room, info.by)))


def _who(info: IntroductionInfo) -> tuple[str | None, str | None, str]:
    return info.room, info.by, info.name


def _ask(name: str, room: str | None, by: str | None) -> str:
    shown = harmless_name(name)
    return f"{introduction_request(name, room, by)}: /contact accept {shown}, or /contact decline {shown}"
