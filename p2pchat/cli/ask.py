"""Questions to the person at the terminal: yes or no, and passphrases.

Knows: prompts. Does not know: what the answer leads to.
"""

from __future__ import annotations

import asyncio
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from p2pchat.errors import UsageError
from p2pchat.text import one_line


async def confirmed(question: str, yes: bool) -> bool:
    """Return whether the person agrees; ``yes`` answers for them. Raises UsageError without a terminal."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("this command asks first, and there is no terminal to ask on; add --yes")
    while True:
        click.echo(f"{question} [y/N] ", err=True, nl=False)
        answer = (await _line()).strip().lower()
        if answer in ("y", "yes"):
            return True
        if answer in ("", "n", "no"):
            return False


async def _line() -> str:
    """Wait for a line of the terminal while the node in this process goes on, and Ctrl-C still works."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline()


@contextmanager
def unseen() -> Iterator[None]:
    """Keep the terminal from showing what is typed in the block."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(terminal, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def passphrase(home: Path) -> str:
    """Ask for the passphrase of ``home``. Raises UsageError without a terminal."""
    return _prompt(f"Passphrase of {one_line(str(home))}", repeated=False)


def new_passphrase(*, may_be_none: bool = False) -> str | None:
    """Ask for a new passphrase, twice; None for an empty one, if ``may_be_none``."""
    return _prompt("New passphrase", repeated=True, default="" if may_be_none else None) or None


def phrase(backup: Path) -> str:
    """Ask for the phrase of ``backup``. Raises UsageError without such a backup or without a terminal."""
    if not backup.exists():
        raise UsageError(f"there is no backup {one_line(str(backup))}: No such file or directory")
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the phrase on; add --backup-passphrase-file FILE")
    return _prompt(f"Phrase of {one_line(str(backup))}", repeated=False)


async def typed_back(shown: str, settle: Callable[[str], str]) -> None:
    """Ask for a phrase that was just shown, until it is typed correctly, if there is a terminal."""
    if not sys.stdin.isatty():
        return
    while True:
        click.echo("Type it, to be sure that you have it: ", err=True, nl=False)
        line = await _line()
        if not line:
            raise click.Abort
        if settle(line) == shown:
            return
        click.echo("That is not the same phrase.", err=True)


def _prompt(text: str, *, repeated: bool, default: str | None = None) -> str:
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the passphrase on; add --passphrase-file FILE")
    answer = click.prompt(
        text,
        hide_input=True,
        err=True,
        confirmation_prompt="The same again" if repeated else False,
        default=default,
        show_default=False,
    )
    return str(answer)
