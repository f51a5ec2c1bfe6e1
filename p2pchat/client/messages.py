"""Messages: they are sent, followed, and listened for.

Knows: how each outlives the node that it was asked of. Does not know: where the node runs.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Final, NamedTuple, get_args

from p2pchat.client.following import remaining, remember, report_once
from p2pchat.client.node_connection import NodeConnection
from p2pchat.control import answers, events, methods, parameters
from p2pchat.control.parameters import Wait
from p2pchat.errors import NotInTime, UsageError
from p2pchat.rpc import ConnectionLost

KEY_MAX: Final = 256
"""Bytes of an id that a caller gives a message."""

_MESSAGE_ID: Final = re.compile(r"[0-9a-f]{32}")

ACCEPT_S: Final = 3.0
"""For a message to be put on disk, however short its ``timeout`` is."""


class MessageName(NamedTuple):
    """The name by which the node is asked for a message: its id, or a key of the caller's own."""

    id: str | None = None
    key: str | None = None


def message_name(key: str) -> MessageName:
    """How the node is told which message a key of the caller's own stands for: 32 hexadecimal digits are an
    id already. Raises UsageError."""
    data = key.encode(errors="surrogateescape")
    if not 0 < len(data) <= KEY_MAX:
        raise UsageError(f"an id has 1 to {KEY_MAX} bytes")
    return MessageName(id=key) if _MESSAGE_ID.fullmatch(key) else MessageName(key=data.hex())


class MessageCalls(NodeConnection):
    """The methods about messages: send and listen."""

    async def send(
        self,
        to: str,
        text: str,
        *,
        wait: Wait = "delivered",
        timeout: float | None = 30.0,
        on_state: Callable[[events.ReceiptEvent], None] | None = None,
        id: str | None = None,
        on_hindrance: Callable[[str], None] | None = None,
        reply_to: str | None = None,
        members: int | None = None,
    ) -> answers.DeliveryInfo:
        """Send a text to a contact or a ``#room``, and wait for a state: ``queued``, ``relayed`` or
        ``delivered``. In a room that is: all members who were heard within the last day have it, or so many
        ``members``.

        ``on_state`` is told each state as a receipt event, ``queued`` first: from then on nothing can lose
        the message. ``on_hindrance`` is told, in a sentence, what is in the way for certain, as soon as that
        is known. The same ``id`` (any text of at most ``KEY_MAX`` bytes) again sends nothing twice.
        Returns ``id``, ``state``, ``at``, and in a room ``reached`` and ``of``. Raises NotInTime (it stays
        queued), Ended (expired or cancelled), UsageError (also if the id was used for something else),
        LimitError. ``reply_to`` is the id of a message with the same contact, or in the same room.
        """
        if wait not in get_args(Wait):
            raise UsageError(f"{wait!r} is no state to wait for; use queued, relayed or delivered")
        report = report_once(on_state, on_hindrance)
        named = message_name(id) if id is not None else MessageName(id=os.urandom(16).hex())
        within = None if timeout is None else max(timeout, ACCEPT_S)
        same = f"the id {named.id}" if id is None else "the same id"
        then = f"if it did take this, {same} sends it once"
        params = parameters.SendParams(
            to=to, text=text, id=named.id, key=named.key, reply_to=reply_to, wants=wait == "delivered"
        )
        queued = await self._call_within(methods.SEND, params, within, then)
        report(events.ReceiptEvent(id=queued.id, state="queued", at=queued.at))
        if wait == "queued":
            return queued
        return await self._wait(queued.id, wait, timeout, report, members)

    async def _wait(
        self,
        message: str,
        state: Wait,
        timeout: float | None,
        report: Callable[[events.Event], None],
        members: int | None = None,
    ) -> answers.DeliveryInfo:
        left = remaining(timeout)

        async def follow() -> answers.DeliveryInfo:
            params = parameters.WaitParams(id=message, state=state, timeout=left(), members=members)
            asking = self._open_call(methods.WAIT, params)
            async with self._report_silence(), asking as call:
                async for event in call:
                    report(event)
                return await call.wait_result()

        try:
            async with asyncio.timeout(None if timeout is None else timeout + 1.0):
                return await self._ask_until_answered(follow)
        except TimeoutError:
            raise NotInTime(
                f"not {state} within {timeout:g} s; it stays queued and will still go out"
            ) from None

    async def listen(
        self, sender: str | None = None, *, own: bool = False
    ) -> AsyncGenerator[events.ListenEvents, None]:
        """Yield events for ever: first messages that no listener has had, then all that happens. With ``own``
        also what happens to the history here: messages of ours (``outgoing``), from any program, what we say
        of them, and lines ``rewritten`` or ``forgotten``.

        Call ``heard`` for each message once it is shown; one that was not is offered again to the next
        listener.
        """
        shown: dict[str, None] = {}
        params = parameters.ListenParams(sender=sender, own=own)
        while True:
            try:
                async with self._report_silence(), self._open_call(methods.LISTEN, params) as call:
                    async for event in call:
                        if isinstance(event, events.MessageEvent):
                            if event.id in shown:
                                continue
                            remember(shown, event.id)
                        if isinstance(event, events.ListenEvents):
                            yield event
                    await call.wait_result()
            except ConnectionLost:
                await self._find()

    async def heard(self, ids: Iterable[str]) -> None:
        """Mark messages as heard: no listener gets them again."""
        await self._call(methods.HEARD, parameters.HeardParams(ids=tuple(ids)))
