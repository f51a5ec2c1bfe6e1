"""Requests to the node, in the order in which a person made them.

Knows: the order of requests. Does not know: what a request does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Requests:
    """A queue of requests, carried out one after another."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[tuple[Coroutine[Any, Any, None], asyncio.Future[None]]] = asyncio.Queue()
        self.last: asyncio.Future[None] | None = None
        """Set when all requests so far are done."""

    def ask_node(self, work: Coroutine[Any, Any, None]) -> None:
        """Queue a request, after all earlier requests and before all later messages."""
        self.last = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((work, self.last))

    async def run_all(self) -> None:
        """Carry requests out, one after another, for ever."""
        while True:
            work, ended = await self._waiting.get()
            try:
                await work
            finally:
                ended.set_result(None)

    async def wait_for_all(self) -> None:
        """Wait until all requests so far are done."""
        if self.last is not None:
            await asyncio.wait([self.last])
