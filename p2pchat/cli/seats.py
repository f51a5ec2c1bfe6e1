"""What the wait for a place at a rendezvous is told of.

Knows: when to say which rendezvous does not help. Does not know: why not.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from p2pchat.cli.output import say
from p2pchat.errors import P2PChatError
from p2pchat.text import one_line

if TYPE_CHECKING:
    from p2pchat.client import Node

LOOK_S: Final = 8.0
"""Between two looks: the node calls a rendezvous useless after five seconds without a seat, and people hear
of it within ten."""


@asynccontextmanager
async def telling_silence(node: Node) -> AsyncIterator[asyncio.Task[None]]:
    """Tell on stderr which rendezvous do not help, until the task that this yields is cancelled, or the block
    ends."""
    telling = asyncio.get_running_loop().create_task(_tell_silence(node))
    try:
        yield telling
    finally:
        telling.cancel()


async def _tell_silence(node: Node) -> None:
    told: set[tuple[str, str]] = set()
    while True:
        await asyncio.sleep(LOOK_S)
        with suppress(P2PChatError):
            for place in (await node.status()).rendezvous:
                if place.reason and (place.url, place.reason) not in told:
                    told.add((place.url, place.reason))
                    say(f"not yet: {one_line(place.url)}: {one_line(place.reason)}; still trying")
