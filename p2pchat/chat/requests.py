"""What the node is asked to do, in the order in which a person asked for it.

Knows: whose turn it is. Does not know: what is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Requests:
    """One after another."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[tuple[Coroutine[Any, Any, None], asyncio.Future[None]]] = asyncio.Queue()
        self.last: asyncio.Future[None] | None = None
        """What comes after all that was asked for so far waits for this."""

    def ask_node(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something asked of the node, after all that was asked and before all that is said later."""
        self.last = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((work, self.last))

    async def run_all(self) -> None:
        """Ask the node for what it is to do, one after another, for ever."""
        while True:
            work, ended = await self._waiting.get()
            try:
                await work
            finally:
                ended.set_result(None)

    async def wait_for_all(self) -> None:
        """Wait until the node has done all that it was asked for so far."""
        if self.last is not None:
            await asyncio.wait([self.last])
