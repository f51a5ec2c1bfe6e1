"""``p2pchat join``: the other half of an invite.

Knows: how a code is taken from the line or asked for. Does not know: what it proves.
"""

from __future__ import annotations

import sys

import click

from p2pchat.cli.connection import hosting, open_node
from p2pchat.cli.invite import told_of_clock, welcome
from p2pchat.cli.output import record, say
from p2pchat.cli.parameters import SECONDS
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, Settings, pass_settings
from p2pchat.errors import Malformed, UsageError


@click.command("join", cls=Command)
@click.argument("code", nargs=-1)
@click.option(
    "--as", "name", metavar="NAME", help="Call the new contact this, instead of what they call themselves."
)
@click.option("--timeout", type=SECONDS, default=60.0, help="Seconds to wait for the other side.")
@click.option("--rendezvous", multiple=True, metavar="URL", help="Look for them here as well (repeatable).")
@pass_settings
def command(
    settings: Settings, code: tuple[str, ...], name: str | None, timeout: float, rendezvous: tuple[str, ...]
) -> None:
    """Answer the code (or link) a friend gave you.

    Capitals, and blanks instead of dashes, do not matter. Without a code it is asked for, which keeps it out
    of the shell's history.

    \b
    Example:
      p2pchat join 42-tango-marble-orbit
      p2pchat join 42 tango marble orbit --as ana
    """
    text = _checked(" ".join(code) or _asked())
    wait_for(_join(settings, text, name, timeout, rendezvous), settings, fast=hosting(settings))


def _asked() -> str:
    if not sys.stdin.isatty():
        raise UsageError("no code given; add it, like 'p2pchat join 42-tango-marble-orbit'")
    return str(click.prompt("The code your friend gave you", err=True))


def _checked(text: str) -> str:
    """Return the code as it is properly written: a mistyped word is told before any passphrase is asked
    for."""
    from p2pchat.wire.invite import parse

    try:
        return str(parse(text))
    except Malformed as error:
        raise UsageError(str(error)) from None


async def _join(
    settings: Settings, code: str, name: str | None, timeout: float, rendezvous: tuple[str, ...]
) -> None:
    async with open_node(settings, timeout) as node:
        say("Looking for the other side ...")
        contact = await node.join(code, name=name, timeout=timeout, rendezvous=rendezvous)
        if settings.json:
            record({"type": "contact", "change": "added", **contact})
        else:
            welcome(contact, await node.contacts())
        await told_of_clock(node)
