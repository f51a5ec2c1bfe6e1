"""The processes a demo is made of; none outlives it.

Knows: their roles, and that the end of stdin is the end. Does not know: who plays which part for what.

::

    python -m p2pchat.cli.demo.child places DIRECTORY COUNT
    python -m p2pchat.cli.demo.child founding
    python -m p2pchat.cli.demo.child node HOME
    python -m p2pchat.cli.demo.child echo HOME
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

GRACE_S: Final = 2.0
"""To take leave after the end of stdin; then the process goes without, as nothing of a demo is kept."""


def main(role: str, *arguments: str) -> int:
    """Play one role until it is over or stdin ends."""
    match role:
        case "places":
            from p2pchat.cli.demo.places import serve_places

            asyncio.run(serve_places(Path(arguments[0]), int(arguments[1])))
        case "founding":
            from p2pchat.cli.demo.founding import found

            plan = sys.stdin.readline()
            _end_with_stdin()
            asyncio.run(found(plan))
        case "node":
            from p2pchat.cli.run import run

            _end_with_stdin()
            return run(["--home", arguments[0], "node", "run"])
        case "echo":
            from p2pchat.cli.demo.echo import echo
            from p2pchat.cli.run import wait_for
            from p2pchat.cli.settings import Settings

            _end_with_stdin()
            wait_for(echo(Path(arguments[0])), Settings(), fast=True)
        case _:
            raise ValueError(role)
    return 0


def _end_with_stdin() -> None:
    """The other end of stdin is the demo's: the kernel closes it however the demo ends."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
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
