"""Connects a command to its node: finds the home and unlocks it.

Knows: the global options. Does not know: what a command asks the node.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from io import FileIO
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final

from p2pchat.cli import ask, keyring
from p2pchat.cli.output import say
from p2pchat.cli.settings import CommonOptions
from p2pchat.errors import ControlError, UsageError

if TYPE_CHECKING:
    from p2pchat.client import Node

PASSPHRASE_FILE_MAX: Final = 4096
"""Bytes; a larger file cannot be a passphrase file."""

PATIENCE_MIN_S: Final = 3.0
"""Seconds in which a node must be found and answer, even if a command's own ``--timeout`` is shorter."""

_INTERRUPTING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def home_of(settings: CommonOptions) -> Path:
    """The home of ``--home``, or the default."""
    from p2pchat.client.homes import absolute, default_home

    return absolute(settings.home) if settings.home is not None else default_home()


def hosting(settings: CommonOptions) -> bool:
    """Whether a command will probably run the node itself, and so should use the fastest loop."""
    from p2pchat.client import node_runs

    return not node_runs(home_of(settings))


@asynccontextmanager
async def open_node(settings: CommonOptions, patience: float | None = None) -> AsyncIterator[Node]:
    """Attach to the home's node or run one here, unlocked with the passphrase file or by asking.

    ``patience``: the command's time limit in seconds; the wait for a node is no longer.
    """
    from p2pchat.client import connect

    node = connect(
        home_of(settings),
        passphrase=lambda: passphrase(settings),
        relay_only=settings.relay_only,
        lan=settings.lan,
        patience=None if patience is None else max(patience, PATIENCE_MIN_S),
    )
    node.on_change = say
    async with AsyncExitStack() as stack:
        with unseen(settings):
            await stack.enter_async_context(node)
        yield node


@asynccontextmanager
async def open_settings(settings: CommonOptions) -> AsyncIterator[Node]:
    """Open the home for its settings alone, with the running node or without one."""
    from p2pchat.client import open_settings as opened

    node = opened(
        home_of(settings),
        passphrase=lambda: passphrase(settings),
        relay_only=settings.relay_only,
        lan=settings.lan,
    )
    async with AsyncExitStack() as stack:
        with unseen(settings):
            await stack.enter_async_context(node)
        yield node


@contextmanager
def unseen(settings: CommonOptions) -> Iterator[None]:
    """Turn the terminal's echo off early where a passphrase will be asked for."""
    if _will_ask(settings):
        with ask.unseen():
            yield
    else:
        yield


def _will_ask(settings: CommonOptions) -> bool:
    given = settings.passphrase is not None or settings.passphrase_file is not None
    if given or not settings.may_ask or not sys.stdin.isatty():
        return False
    from p2pchat.client import home_exists, needs_passphrase, node_runs

    home = home_of(settings)
    return not node_runs(home) and home_exists(home) and needs_passphrase(home)


@asynccontextmanager
async def attached_node(settings: CommonOptions, patience: float | None = None) -> AsyncIterator[Node]:
    """Attach to the running node. Raises NetworkError if none runs."""
    from p2pchat.client import connect

    async with connect(home_of(settings), run=False, patience=patience) as node:
        yield node


def passphrase(settings: CommonOptions) -> str:
    """The passphrase of an existing home. Raises UsageError or ControlError without a terminal."""
    if settings.passphrase is not None:
        given, settings.passphrase = settings.passphrase, None  # asked for once, and not kept
        return given
    if settings.passphrase_file is not None:
        return read_passphrase(settings.passphrase_file)
    if (kept := keyring.recalled(home_of(settings))) is not None:
        return kept
    if not settings.may_ask:
        raise ControlError("a new node needs the passphrase: use 'p2pchat node run'")
    if settings.prompted:
        say("That passphrase is wrong.")
    settings.prompted = True
    from p2pchat.client.embedded import Typed

    with _interruptible():
        return Typed(ask.passphrase(home_of(settings)))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let signals end a prompt: the handlers of an event loop would only note the signal."""
    heeded = [number for number in _INTERRUPTING if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, signal.default_int_handler) for number in heeded}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def read_passphrase(path: Path) -> str:
    """The first line of ``path``. Raises UsageError if it cannot be a passphrase."""
    data = bytearray(PASSPHRASE_FILE_MAX + 1)
    try:
        with path.open("rb", buffering=0) as file:
            size = _fill(data, file)
            mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
            say(f"WARNING: others can read the passphrase file; change that:  chmod 600 {quote(str(path))}")
        text = str(memoryview(data)[:size], "utf-8")
    except OSError as error:
        raise UsageError(f"the passphrase file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the passphrase file {path} is not UTF-8 text") from None
    finally:
        data[:] = bytes(len(data))  # otherwise it stays in this process as long as that runs
    line = text.removeprefix("\ufeff").split("\n", 1)[0].removesuffix("\r")
    if not line or size > PASSPHRASE_FILE_MAX:
        raise UsageError(f"the passphrase file {path} must hold the passphrase on its first line")
    return line


def _fill(data: bytearray, file: FileIO) -> int:
    """Read until the end or until the buffer is full; returns the number of bytes."""
    size = 0
    while size < len(data) and (more := file.readinto(memoryview(data)[size:])):
        size += more
    return size
