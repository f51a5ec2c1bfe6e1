"""What happens in the node, handed to everyone who is listening.

Knows: subscriptions. Does not know: what events mean.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from p2pchat.core.effects import Event
from p2pchat.core.records import Message
from p2pchat.types import ConversationId, MessageId

QUEUE_MAX: Final = 10_000
"""Events waiting for one listener. A listener this far behind is cut off: what it missed is in the
history."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A line of the history here says something else now."""

    message: Message


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A line of the history here is no more; without an id, all of the conversation."""

    conversation: ConversationId
    id: MessageId | None


@dataclass(frozen=True, slots=True)
class SettingSet:
    """What the home keeps of a setting is another."""

    name: str


Happening = Event | Rewritten | Forgotten | SettingSet


class Subscription:
    """One listener's queue."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Happening | None] = asyncio.Queue()

    def put(self, event: Happening) -> None:
        """Hand over an event, or the end when the listener is too slow."""
        size = self._queue.qsize()
        if size < QUEUE_MAX:
            self._queue.put_nowait(event)
        elif size == QUEUE_MAX:
            self._queue.put_nowait(None)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Happening:
        event = await self._queue.get()
        if event is None:
            raise StopAsyncIteration
        return event


class Events:
    """Publishes to all who subscribe."""

    def __init__(self) -> None:
        self._listeners: dict[Subscription, None] = {}

    def publish(self, event: Happening) -> None:
        """Hand an event to everyone."""
        for listener in list(self._listeners):
            listener.put(event)

    @contextmanager
    def subscribed(self) -> Iterator[Subscription]:
        """Listen inside the block; nothing that happens in it is missed."""
        subscription = Subscription()
        self._listeners[subscription] = None
        try:
            yield subscription
        finally:
            del self._listeners[subscription]
