"""Passes the node's events to all listeners.

Knows: subscriptions. Does not know: what events mean.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from p2pchat.core.values.effects import Event, MessageMoved
from p2pchat.core.values.records import Message
from p2pchat.core.values.room_events import MessageReached
from p2pchat.data import dataclass
from p2pchat.types import ConversationId, MessageId

QUEUE_MAX: Final = 10_000
"""Events waiting for one listener. A listener this far behind is disconnected; the history has what it
missed."""


@dataclass(frozen=True, slots=True)
class HistoryRewritten:
    """The text of a line of the history here has changed."""

    message: Message


@dataclass(frozen=True, slots=True)
class HistoryForgotten:
    """A line of the history here was deleted; without an id, all of the conversation."""

    conversation: ConversationId
    id: MessageId | None


@dataclass(frozen=True, slots=True)
class SettingSet:
    """The home's value of a setting has changed."""

    name: str


Happening = Event | HistoryRewritten | HistoryForgotten | SettingSet


class Subscription:
    """One listener's queue."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Happening | None] = asyncio.Queue()

    def put(self, event: Happening) -> None:
        """Queue an event, or end the subscription when the listener is too slow."""
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
    """Publishes events to subscribers."""

    def __init__(self) -> None:
        self._listeners: dict[Subscription, None] = {}
        self._followers: dict[MessageId, dict[Subscription, None]] = {}

    def publish(self, event: Happening) -> None:
        """Queue an event for each listener that it concerns."""
        for listener in list(self._listeners):
            listener.put(event)
        if isinstance(event, MessageMoved | MessageReached):
            for follower in list(self._followers.get(event.id, ())):
                follower.put(event)

    @contextmanager
    def follow_message(self, message: MessageId) -> Iterator[Subscription]:
        """Subscribe to the events of one message, within the block. Many callers wait at once, and each wakes
        for its own message only."""
        subscription = Subscription()
        self._followers.setdefault(message, {})[subscription] = None
        try:
            yield subscription
        finally:
            del self._followers[message][subscription]
            if not self._followers[message]:
                del self._followers[message]

    @contextmanager
    def follow_all(self) -> Iterator[Subscription]:
        """Subscribe to all events, within the block."""
        subscription = Subscription()
        self._listeners[subscription] = None
        try:
            yield subscription
        finally:
            del self._listeners[subscription]
