"""Homes with a node each, in processes of their own, for benchmarks.

Knows: how such a process is started, paired and ended. Does not know: what is measured.

Run by itself, ``_members.py HOME`` is a node without a stem, which no user can have: its cells enter the
broadcast where they are written.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from p2pchat.client import Node, connect
from p2pchat.control.events import InviteEvent
from p2pchat.core.values.settings import Settings
from p2pchat.daemon.node import RunningNode
from p2pchat.daemon.service import serve
from p2pchat.store import KeyFile
from scripts.bench._facts import run

PATIENCE_S: Final = 120.0
"""For a process to start, a pairing, links: of many at once on a machine with two cores."""


@dataclass
class Member:
    """One home and its process."""

    name: str
    home: Path
    process: asyncio.subprocess.Process
    node: Node

    async def status(self) -> dict[str, Any]:
        return dict((await self.node.status()).as_record())


async def spawn(
    stack: AsyncExitStack, command: Sequence[str], inside: Sequence[str] = (), **extra: str
) -> asyncio.subprocess.Process:
    """Start Python with these arguments, ``inside`` another program, without our own ``P2PCHAT_`` variables
    but with ``extra`` ones; it is killed at the end."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("P2PCHAT_")}
    process = await asyncio.create_subprocess_exec(
        *(*inside, sys.executable, *command),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(ROOT), **extra},
    )
    stack.push_async_callback(_end, process)
    return process


async def line_of(process: asyncio.subprocess.Process) -> str:
    """The next that it prints."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        return (await process.stdout.readline()).decode().strip()


async def start(
    stack: AsyncExitStack,
    home: Path,
    inside: Sequence[str] = (),
    profile: str | None = "balanced",
) -> Member:
    """A node of this profile; None: without a stem."""
    ships = ("-m", "p2pchat", "--home", str(home), "node", "run")
    command = (__file__, str(home)) if profile is None else ships
    process = await spawn(stack, command, inside, **({"P2PCHAT_PROFILE": profile} if profile else {}))
    if await line_of(process) != "running":
        raise SystemExit(f"{home.name} did not start")
    node = await stack.enter_async_context(connect(home, run=False))
    return Member(home.name, home, process, node)


async def pair(host: Node, guest: Node, names: tuple[str, str] | None = None, **options: Any) -> None:
    """Pair two members by a real invite. ``names``: their names for each other, the host's first."""
    hosts, guests = names if names is not None else (None, None)
    events = host.invite(timeout=PATIENCE_S, name=guests, **options)
    try:
        invite = await anext(events)
        assert isinstance(invite, InviteEvent), "it comes first"
        await guest.join(invite.code, name=hosts, timeout=PATIENCE_S)
        await anext(events)
    finally:
        await events.aclose()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


def _bare() -> RunningNode:
    return RunningNode(Path(sys.argv[1]), KeyFile(), stays=True, settings=Settings(profile=None))


if __name__ == "__main__":
    run(serve(_bare, lambda: print("running", flush=True), lambda line: None))
