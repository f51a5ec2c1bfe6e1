"""The chat for pipes: lines in are sent, messages out are one line each.

Knows: when all is said. Does not know: prompts, or where lines come from (``stdin``).
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

from p2pchat.cli.output import payload, record
from p2pchat.cli.stdin import lines_of_stdin
from p2pchat.wording.lines import message_line

if TYPE_CHECKING:
    from p2pchat.client import Node

WINDOW: Final = 100
"""Messages on their way before more are read: a file of a million lines must not fill the outbox."""


async def chat_through_pipe(node: Node, name: str, *, json: bool, timeout: float) -> None:
    """Send each line of stdin to ``name`` and print what they write, until stdin ends and all is delivered.

    ``timeout``: seconds that a message may take once there is nothing to do but wait for it. Raises NotInTime
    when one takes longer, Ended when one never arrives.
    """
    pipe = _Pipe(node, name, json, timeout)
    tasks = [asyncio.ensure_future(work) for work in (pipe.print_all(), pipe.send_all())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Pipe:
    def __init__(self, node: Node, name: str, json: bool, timeout: float) -> None:
        self._node = node
        self._name = name
        self._json = json
        self._timeout = timeout
        self._pending: dict[str, str] = {}
        """Texts by message id, oldest first, until delivered."""

    async def print_all(self) -> None:
        async for event in self._node.listen(sender=self._name):
            if event["type"] == "message":
                record(event) if self._json else payload(message_line(event))
                await self._node.heard([event["id"]])
            elif event["type"] == "receipt" and event["id"] in self._pending:
                if self._json:
                    record(event)
                if event["state"] == "delivered":
                    del self._pending[event["id"]]

    async def send_all(self) -> None:
        async for text in lines_of_stdin():
            if not text.strip():
                continue
            message = os.urandom(16).hex()
            self._pending[message] = text
            await self._node.send(self._name, text, wait="queued", id=message)
            if len(self._pending) > WINDOW:
                await self._oldest_delivered(self._timeout)
        loop = asyncio.get_running_loop()
        end = loop.time() + self._timeout
        while self._pending:
            await self._oldest_delivered(max(0.0, end - loop.time()))

    async def _oldest_delivered(self, timeout: float) -> None:
        """Wait for a receipt by asking for the same message again, which sends nothing twice."""
        message, text = next(iter(self._pending.items()))
        await self._node.send(self._name, text, id=message, timeout=timeout)
        self._pending.pop(message, None)
