#!/usr/bin/env python3
"""Log every conversation, both sides: for each contact a file of JSON lines.

    docs/examples/conversation_logger.py ~/chats

Each message once, however often this is killed and started again; also what was said while it did not run. It
hears nothing in your stead: your chat still shows as new what is new. The files are not encrypted.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import p2pchat
from p2pchat.errors import P2PChatError

PAGE = 100


class Log:
    """One contact's file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        if lines and not lines[-1].endswith(b"\n"):  # it was killed in the middle of this line
            os.truncate(path, sum(map(len, lines[:-1])))
            lines.pop()
        self._ids = {json.loads(line)["id"] for line in lines}

    def __contains__(self, message: p2pchat.Message) -> bool:
        return message.id in self._ids

    def append(self, messages: list[p2pchat.Message]) -> None:
        with self._path.open("a") as file:
            for message in messages:
                said = {"id": message.id, "at": message.at, "from": message.sender, "text": message.text}
                file.write(json.dumps(said) + "\n")
        self._ids |= {message.id for message in messages}


async def main(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    logs: dict[str, Log] = {}
    async with p2pchat.connect() as node:
        async for name in something_was_said(node):
            if name not in logs:
                logs[name] = Log(folder / f"{quote(name, safe=' ')}.jsonl")
            logs[name].append(await unlogged(node, name, logs[name]))


async def something_was_said(node: p2pchat.Node) -> AsyncIterator[str]:
    """Every contact's name, then that of each with whom something happens."""
    for contact in await node.contacts():
        yield contact.name
    async for event in node.listen():
        if isinstance(event, p2pchat.Message):
            yield event.contact
        elif isinstance(event, p2pchat.Receipt) and event.to:
            yield event.to


async def unlogged(node: p2pchat.Node, name: str, log: Log) -> list[p2pchat.Message]:
    """What the history has beyond the log, oldest first."""
    found: list[p2pchat.Message] = []
    before = None
    while page := await node.history(name, limit=PAGE, before=before):
        new = [message for message in page if message not in log]
        found = new + found
        if len(new) < len(page):
            break
        before = page[0].id
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DIRECTORY")
    try:
        asyncio.run(main(Path(sys.argv[1])))
    except P2PChatError as error:
        print(f"conversation_logger: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
