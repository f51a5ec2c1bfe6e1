"""The demo's child processes: started, spoken to, and ended, each by its own id.

Knows: pipes, logs, how long to wait. Does not know: what the children do.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import P2PChatError

LEAVE_S: Final = 3.0
"""For a child to end by itself; a little more than it gives itself (``child.GRACE_S``)."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process. Its stdin is a leash: when that closes, it ends."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    async def read_line(self) -> str:
        """Its next line of stdout. Raises P2PChatError when it ends instead."""
        assert self.process.stdout is not None, "a pipe"
        line = await self.process.stdout.readline()
        if not line:
            raise P2PChatError(f"the demo's {self.name} ended early: {self.last_words()}")
        return line.decode().strip()

    def write_line(self, line: str) -> None:
        """Write a line to its stdin."""
        assert self.process.stdin is not None, "a pipe"
        self.process.stdin.write(line.encode() + b"\n")

    def let_end(self) -> None:
        """Let it end."""
        assert self.process.stdin is not None, "a pipe"
        self.process.stdin.close()

    def last_words(self) -> str:
        """The last line it wrote to stderr."""
        with suppress(OSError):
            lines = self.log.read_text(errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "it did not say why")
        return "it did not say why"


class Children:
    """All of them."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []

    async def start(self, name: str, *arguments: str, **settings: str) -> Child:
        """Start ``child.py`` in a session of its own, so that Ctrl-C reaches only the demo; ``settings`` are
        environment variables."""
        log = self._logs / name
        with log.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "p2pchat.demo.child", *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env={**_environment(), **settings},
                start_new_session=True,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    async def stop(self) -> None:
        """Let all end; kill what does not."""
        for child in self._children:
            child.let_end()
        waiting = [asyncio.ensure_future(child.process.wait()) for child in self._children]
        if waiting:
            await asyncio.wait(waiting, timeout=LEAVE_S)
        for child in self._children:
            if child.process.returncode is None:
                child.process.kill()
        await asyncio.gather(*waiting)


def _environment() -> dict[str, str]:
    """Ours without what is meant for the user's own node: its home, its passphrase, its STUN servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("P2PCHAT_")}
