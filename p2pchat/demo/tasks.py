"""Work that goes on side by side.

Knows: that a failure ends what runs beside it, and that nothing is left running. Does not know: what is done.

Unlike ``asyncio.TaskGroup`` these raise the failure itself, whose one line a person is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


async def together(*works: Coroutine[Any, Any, Any]) -> None:
    """Do all; the first failure cancels the others and is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        await _end(tasks)


@asynccontextmanager
async def background(*works: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Run ``works`` until the block ends."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
    finally:
        await _end(tasks)


async def _end(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
