"""Accepts messages into the outbox as others leave it: the socket slows a script that never pauses.

Knows: the number of waiting messages. Does not know: their senders, or why they wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

AHEAD: Final = 1024
"""Messages in the outbox at which a new one waits to be accepted: some seconds of the fastest line."""

STILL_S: Final = 3.0
"""If no message leaves for this time, no contact is online, and waiting is of no use."""

LOOK_S: Final = 0.05


class Intake:
    """``waiting``: how many messages were accepted and are not yet final."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._waiting = waiting
        self._one = asyncio.Lock()
        self._still: int | None = None
        """The number that waited when messages stopped leaving."""

    async def wait_for_room(self) -> None:
        """Wait until one more message may be accepted."""
        async with self._one:
            before = self._waiting()
            if self._still is not None and before < self._still:
                self._still = None
            if before < AHEAD or self._still is not None:
                return
            for _ in range(round(STILL_S / LOOK_S)):
                await asyncio.sleep(LOOK_S)
                if self._waiting() < before:
                    return
            self._still = before
