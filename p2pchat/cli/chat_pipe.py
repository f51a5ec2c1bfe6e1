"""The chat for pipes: lines in are sent, messages out are one line each.

Knows: when all is delivered. Does not know: prompts, or where lines come from (``stdin``).
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from p2pchat.chat.model import LOOK_S
from p2pchat.cli.output import print_line, record, say
from p2pchat.cli.stdin import lines_of_stdin
from p2pchat.control.events import MessageEvent, ReceiptEvent
from p2pchat.control.values import given
from p2pchat.errors import LimitError, NotInTime, P2PChatError
from p2pchat.text import harmless_name, one_line, shortened
from p2pchat.wording.lines import message_line

if TYPE_CHECKING:
    from p2pchat.client import Node

WINDOW: Final = 100
"""Undelivered messages at which reading pauses, while receipts come: a file of a million lines must not fill
the outbox of a contact that is here."""


async def chat_through_pipe(node: Node, name: str, *, json: bool, timeout: float, told: bool = False) -> None:
    """Send each line of stdin to ``name`` and print what they write, until stdin ends and all is delivered.

    Every accepted line is queued, even if the contact is away. ``timeout``: seconds to wait for a message
    after all lines were read. Raises NotInTime when a message takes longer, Ended when one never arrives; any
    error names the first line that was not accepted. ``told``: a person types at a simple terminal, and is
    told what happens.
    """
    pipe = _Pipe(node, name, json, timeout, told)
    if told:
        say(f"Talking with {harmless_name(name)}. Each line that you type is sent to them; Ctrl-D ends this.")
    works = (pipe.print_all(), pipe.send_all(), pipe.tell_hindrances())
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    except P2PChatError as error:
        if pipe.all_taken:
            raise
        error.args = (f"{error}; {pipe.rest}",)
        raise
    except BaseException:
        if not pipe.all_taken:
            say(pipe.rest)
        raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Pipe:
    def __init__(self, node: Node, name: str, json: bool, timeout: float, told: bool) -> None:
        self._node = node
        self._name = name
        self._json = json
        self._timeout = timeout
        self._told = told
        self._pending: dict[str, str] = {}
        """Texts by message id, oldest first, until delivered."""
        self._keeps_pace = True
        """Whether receipts come, as far as known."""
        self._lines = 0
        self._sent = 0
        self.all_taken = False

    @property
    def rest(self) -> str:
        """Tells which lines of stdin were not accepted."""
        return f"no line of stdin after line {self._lines} was accepted"

    async def print_all(self) -> None:
        async for event in self._node.listen(sender=self._name):
            if isinstance(event, MessageEvent):
                record(event) if self._json else print_line(message_line(event))
                await self._node.heard([event.id])
            elif isinstance(event, ReceiptEvent) and event.id in self._pending:
                if self._json:
                    record(event)
                if self._told:
                    say(f"({event.state}: {shortened(self._pending[event.id], 40)})")
                if event.state == "delivered":
                    self._keeps_pace = True
                    del self._pending[event.id]

    async def send_all(self) -> None:
        async for text in lines_of_stdin():
            if text.strip():
                await self._queue(text)
            self._lines += 1
            if len(self._pending) > WINDOW and self._keeps_pace:
                self._keeps_pace = await self._oldest_delivered(self._timeout)
        self.all_taken = True
        loop = asyncio.get_running_loop()
        end = loop.time() + self._timeout
        while self._pending:
            if not await self._oldest_delivered(max(0.0, end - loop.time())):
                raise NotInTime(
                    f"{len(self._pending)} of {self._sent} messages were not delivered within"
                    f" {self._timeout:g} s; they stay queued and will still go out"
                )

    async def tell_hindrances(self) -> None:
        """What is in the way of what was sent, for ever: somebody may wait for an answer."""
        told = ""
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(P2PChatError):
                why = await self._hindrance() if self._pending else ""
                if why and why != told:
                    say(f"not yet: {one_line(why)}")
                    told = why

    async def _hindrance(self) -> str:
        return given((await self._node.contact(self._name)).hindrance) or ""

    async def _queue(self, text: str) -> None:
        """Have a message put on disk; if too many wait already, after the oldest was delivered."""
        message = os.urandom(16).hex()
        self._pending[message] = text
        while True:
            try:
                await self._node.send(self._name, text, wait="queued", id=message)
            except LimitError:
                if len(self._pending) == 1 or not await self._oldest_delivered(self._timeout):
                    raise
            else:
                break
        self._sent += 1

    async def _oldest_delivered(self, timeout: float) -> bool:
        """Wait for a receipt by sending the same id again, which sends no second message."""
        message, text = next(iter(self._pending.items()))
        try:
            await self._node.send(self._name, text, id=message, timeout=timeout)
        except NotInTime:
            return False
        self._pending.pop(message, None)
        return True
