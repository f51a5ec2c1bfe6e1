#!/usr/bin/env python3
"""Answer each message with its own text.

    P2PCHAT_HOME=~/bot docs/examples/echo_bot.py

Once each, whatever is killed in between: the answer's id follows from the question's, and the answer is on
disk before the question counts as heard. A question not heard is offered again, and its answer sends nothing.
"""

from __future__ import annotations

import asyncio
import sys

import p2pchat
from p2pchat.errors import P2PChatError, UsageError


async def main() -> None:
    async with p2pchat.connect() as node:
        async for event in node.listen():
            if not isinstance(event, p2pchat.Message):
                continue
            try:
                await node.send(event.sender, event.text, wait="queued", id=f"echo of {event.id}")
            except UsageError as error:
                print(f"echo_bot: not answered: {error}", file=sys.stderr)  # blocked meanwhile, or removed
            await node.heard([event.id])


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except P2PChatError as error:
        print(f"echo_bot: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
