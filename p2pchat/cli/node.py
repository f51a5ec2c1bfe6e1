"""``p2pchat node``: run a node in the background, see its state, stop it.

Knows: how a node's state is shown. Does not know: what a node does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import ExitStack, suppress
from typing import Final

import click

from p2pchat.cli.connection import attached_node, home_of, passphrase, unseen
from p2pchat.cli.output import colour, print_line, record, say
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import CommonOptions, Group, pass_settings
from p2pchat.control.events import ListenEvents
from p2pchat.errors import NotInTime
from p2pchat.wording.notices import notice

STOP_S: Final = 15.0
"""Seconds for a node to stop; it needs well under one unless the disk hangs."""


@click.group("node", cls=Group)
def command() -> None:
    """Run a node that stays, show its state, or stop it.

    \b
    Example:
      p2pchat node run &
      p2pchat node status
    """


@command.command("run")
@pass_settings
def run(settings: CommonOptions) -> None:
    """Stay in the mesh until told to stop: relay, receive, deliver what is queued.

    Every other command on this home then uses this node. Ctrl-C or 'p2pchat node stop' ends it. The first
    line of stdout is 'running'.

    \b
    Example:
      p2pchat --passphrase-file ~/.p2pchat-pass node run
      p2pchat config set ice turn:me:secret@turn.example.org; p2pchat node run --relay-only
    """
    from p2pchat.client import run_node

    def ready() -> None:
        prompting.close()
        if settings.json:
            record({"type": "node", "change": "running", "pid": os.getpid(), "home": str(home)})
        else:
            print_line("running")

    def tell(event: ListenEvents) -> None:
        """Events for a person at a terminal only: a log would list the contacts unencrypted."""
        if sys.stderr.isatty() and (line := notice(event)):
            say(line)

    home = home_of(settings)
    with suppress(KeyboardInterrupt), ExitStack() as prompting:  # the ordinary way to end it
        prompting.enter_context(unseen(settings))
        running = run_node(
            home,
            lambda: passphrase(settings),
            ready,
            say,
            relay_only=settings.relay_only,
            lan=settings.lan,
            tell=tell,
        )
        wait_for(running, settings, fast=True)


@command.command("status")
@pass_settings
def status(settings: CommonOptions) -> None:
    """Show links, rendezvous, outbox and traffic of the running node; exit code 3 when none runs.

    \b
    Example:
      p2pchat node status
      p2pchat node status --json
    """
    wait_for(_status(settings), settings)


async def _status(settings: CommonOptions) -> None:
    async with attached_node(settings) as node:
        now = await node.status()
    if settings.json:
        record(now)
        return
    from p2pchat.pictures.drawing import drawn_text, terminal_width
    from p2pchat.pictures.status import status_picture

    print_line(drawn_text(status_picture(now), terminal_width(), coloured=colour(sys.stdout)))


@command.command("stop")
@pass_settings
def stop(settings: CommonOptions) -> None:
    """Stop the running node, and wait for its end; exit code 3 when none runs.

    \b
    Example:
      p2pchat node stop
    """
    wait_for(_stop(settings), settings)


async def _stop(settings: CommonOptions) -> None:
    async with attached_node(settings, patience=STOP_S) as node:
        process = (await node.status()).pid
        await node.stop()
        try:
            async with asyncio.timeout(STOP_S):
                await node.gone()
        except TimeoutError:
            raise NotInTime(
                f"the node was asked to stop and still holds {home_of(settings)}; it may wait for a disk"
            ) from None
    if settings.json:
        record({"type": "node", "change": "stopped", "pid": process})
    say("The node has stopped.")
