"""``p2pchat demo``: a whole mesh on this machine, every part of it real.

Knows: its flags, and whether there is a terminal for pictures. Does not know: how a mesh is made.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Coroutine
from typing import Any, Final

import click

from p2pchat.cli.output import colour, print_line, record, say
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.errors import Malformed, P2PChatError

NODES_MIN: Final = 5
"""You, the echo, and three relays: enough for two relays on the way and one beside it."""

NODES_MAX: Final = 20
"""Each process takes some 60 MB; more nodes show nothing new."""

NODES: Final = 7


def _nodes(_context: click.Context, _parameter: click.Parameter, value: int) -> int:
    if value < NODES_MIN:
        raise click.BadParameter(
            f"a demo needs at least {NODES_MIN}: you, the echo contact and three relays between you"
        )
    if value > NODES_MAX:
        raise click.BadParameter(f"at most {NODES_MAX}, as each is a process of its own")
    return value


def _messages(
    _context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]
) -> tuple[str, ...]:
    from p2pchat.wire.content import TEXT_LIMIT, text_size

    for text in texts:
        try:
            size = text_size(text)
        except Malformed as error:
            raise click.BadParameter(str(error)) from error
        if not 0 < size <= TEXT_LIMIT:
            raise click.BadParameter(f"a message has 1 to {TEXT_LIMIT} bytes, not {size}")
    return texts


@click.command("demo", cls=Command)
@click.option("--nodes", type=int, default=NODES, callback=_nodes, help="How many nodes, you included.")
@click.option(
    "--headless", is_flag=True, help="Print a transcript and the results, without pictures or chat."
)
@click.option("--room", is_flag=True, help="Put all into one room, in which each answers.")
@click.option(
    "--message",
    "messages",
    multiple=True,
    metavar="TEXT",
    callback=_messages,
    help="Send this; may be repeated.",
)
@pass_settings
def command(
    settings: CommonOptions, nodes: int, headless: bool, room: bool, messages: tuple[str, ...]
) -> None:
    """See a whole mesh at work on this machine.

    Starts rendezvous servers and nodes, each node in its own process, so that the contact 'echo' can be
    reached only through relays. Shows the path of a message, then opens the chat with echo. With --headless,
    or without a terminal, it sends a few messages, prints the answers and their paths, and exits with 0 only
    if every answer came. Everything stays on this machine, and all files are deleted at the end.

    \b
    Example:
      p2pchat demo
      p2pchat demo --headless --json --nodes 10
      p2pchat demo --room
    """
    from p2pchat.demo.layout import layout_of

    started = time.monotonic()
    layout = layout_of(nodes)
    if headless or settings.json or not _somebody_looks():
        from p2pchat.demo.transcript import Printer, transcript

        printer = Printer(print_line, record, say)
        _see(transcript(layout, messages, started, printer, json=settings.json, room=room), settings)
    else:
        from p2pchat.demo.show import show

        _see(show(layout, messages, coloured=colour(sys.stdout), room=room), settings)


def _see(work: Coroutine[Any, Any, None], settings: CommonOptions) -> None:
    try:
        wait_for(work, settings)
    except P2PChatError as error:
        raise P2PChatError(str(error)) from error  # any failure is the demo's: exit code 1


def _somebody_looks() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
