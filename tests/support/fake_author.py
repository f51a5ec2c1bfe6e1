"""What is said by way of a node that sends nothing.

Knows: the client's methods, and what is asked of them. Does not know: people, or what is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from p2pchat.client.references import ReferenceCalls
from p2pchat.control import answers, events
from p2pchat.control.events import MessageEvent, ReceiptEvent, State
from p2pchat.control.parameters import Wait
from p2pchat.control.values import Value, plain, read_value
from p2pchat.errors import P2PChatError

V = TypeVar("V", bound=Value)

AT = "2026-01-02T03:04:05.000Z"


def answer(kind: type[V], **said: Any) -> V:
    """What a node would answer, checked against what was declared."""
    return read_value(kind, said)


def told(kind: type[V], **said: Any) -> V:
    """What a node would tell, as it comes out of the socket."""
    event = events.read_event(plain(kind(**said)))
    assert isinstance(event, kind), event
    return event


class FakeAuthor(ReferenceCalls):
    """Says what it was asked to say, at once."""

    said: list[MessageEvent]

    def __init__(self) -> None:
        super().__init__(Path(), None, run=False)
        self.states: Sequence[State] = ("queued", "relayed", "delivered")
        self.refuse: list[P2PChatError] = []
        """Raised by the next calls of ``send`` and the like, one each."""
        self.sent: list[tuple[str, str]] = []
        self.keys: list[str | None] = []
        self.replies: list[str | None] = []
        self.members: list[int | None] = []
        """For how many members of a room each caller waits."""
        self.referred: list[tuple[str, str, str]] = []
        """What was said of messages: the verb, the id, the text or sign."""

    async def send(
        self,
        to: str,
        text: str,
        *,
        wait: Wait = "delivered",
        timeout: float | None = None,
        on_state: Callable[[ReceiptEvent], None] | None = None,
        id: str | None = None,
        on_hindrance: Callable[[str], None] | None = None,
        reply_to: str | None = None,
        members: int | None = None,
    ) -> answers.DeliveryInfo:
        await asyncio.sleep(0)
        self.keys.append(id)
        id = id or "f" * 32
        if self.refuse:
            raise self.refuse.pop(0)
        known = next((line for line in self.said if line.id == id), None)
        if known is not None:
            return answer(answers.DeliveryInfo, id=id, state=known.state, at=AT)
        self.sent.append((to, text))
        self.replies.append(reply_to)
        self.members.append(members)
        for state in self.states:
            if on_state is not None:
                on_state(told(ReceiptEvent, id=id, to=to, state=state, at=AT))
            if state == wait:
                break
        return answer(answers.DeliveryInfo, id=id, state=state, at=AT)

    async def react_to(
        self,
        id: str,
        sign: str,
        *,
        wait: Wait = "delivered",
        timeout: float | None = None,
        members: int | None = None,
    ) -> answers.DeliveryInfo:
        return self._refer("react", id, sign)

    async def correct_message(
        self,
        id: str,
        text: str,
        *,
        wait: Wait = "delivered",
        timeout: float | None = None,
        members: int | None = None,
    ) -> answers.DeliveryInfo:
        return self._refer("correct", id, text)

    async def withdraw_message(
        self,
        id: str,
        *,
        wait: Wait = "delivered",
        timeout: float | None = None,
        members: int | None = None,
    ) -> answers.DeliveryInfo:
        return self._refer("withdraw", id, "")

    def _refer(self, verb: str, id: str, text: str) -> answers.DeliveryInfo:
        if self.refuse:
            raise self.refuse.pop(0)
        self.referred.append((verb, id, text))
        return answer(answers.DeliveryInfo, id="e" * 32, state="delivered", at=AT)
