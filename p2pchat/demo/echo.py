"""The echo contact: sends every text back, to its sender or into the room.

Knows: the client, as any program that answers messages does. Does not know: that it is part of a demo.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from p2pchat.client import connect
from p2pchat.control.events import MessageEvent
from p2pchat.demo.layout import YOU


async def echo(home: Path) -> None:
    """Answer for ever."""
    async with connect(home) as node:
        sys.stdout.write("running\n")
        sys.stdout.flush()
        async for event in node.listen():
            if isinstance(event, MessageEvent):
                if event.room is None or event.sender == YOU:  # else echoes would answer each other for ever
                    await node.send(event.contact, event.text, wait="queued", id=_answer_id(event.id))
                await node.heard([event.id])


def _answer_id(message: str) -> str:
    """The id of an answer: the same for one message, so that no message is answered twice after an
    interruption."""
    return hashlib.blake2b(bytes.fromhex(message), digest_size=16).hexdigest()
