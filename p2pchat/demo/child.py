"""The processes of a demo; all end with it.

Knows: the roles, and that the end of stdin ends a process. Does not know: the plan of the demo.

::

    python -m p2pchat.demo.child places DIRECTORY COUNT
    python -m p2pchat.demo.child founding
    python -m p2pchat.demo.child node HOME
    python -m p2pchat.demo.child echo HOME
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

GRACE_S: Final = 2.0
"""Seconds to say goodbye after the end of stdin; after them the process exits at once."""


def main(role: str, *arguments: str) -> int:
    """Play one role until it is over or stdin ends."""
    match role:
        case "places":
            from p2pchat.demo.places import serve_places

            asyncio.run(serve_places(Path(arguments[0]), int(arguments[1])))
        case "founding":
            from p2pchat.demo.founding import found

            plan = sys.stdin.readline()
            _end_with_stdin()
            asyncio.run(found(plan))
        case "node":
            from p2pchat.client import run_node

            _end_with_stdin()
            _run(run_node(Path(arguments[0]), ready=_say_running))
        case "echo":
            from p2pchat.demo.echo import echo

            _end_with_stdin()
            _run(echo(Path(arguments[0])))
        case _:
            raise ValueError(role)
    return 0


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run until the role or stdin ends."""

    async def interruptible() -> None:
        task = asyncio.ensure_future(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    logging.getLogger().addHandler(logging.NullHandler())
    asyncio.run(interruptible())


def _say_running() -> None:
    sys.stdout.write("running\n")
    sys.stdout.flush()


def _end_with_stdin() -> None:
    """The other end of stdin is the demo's: the kernel closes it however the demo ends."""
    threading.Thread(target=_await_parent, daemon=True).start()


def _await_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    from p2pchat.errors import P2PChatError

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the demo's; it ends us when it ends
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(0)
    except P2PChatError as error:
        sys.exit(str(error))
