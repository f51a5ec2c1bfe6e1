"""``p2pchat join``: the other half of an invite.

Knows: how a code is read from the line or asked for. Does not know: what a code proves.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from p2pchat.cli.ask import confirmed
from p2pchat.cli.beginning import have_identity
from p2pchat.cli.connection import hosting, open_node
from p2pchat.cli.invite import told_of_obstacles, welcome
from p2pchat.cli.output import record, say
from p2pchat.cli.parameters import MESH_SHOWN, RENDEZVOUS, SECONDS
from p2pchat.cli.run import wait_for
from p2pchat.cli.seats import telling_silence
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.control.answers import PairingResult
from p2pchat.errors import Malformed, UsageError
from p2pchat.text import one_line, typed
from p2pchat.wire.places import is_public

if TYPE_CHECKING:
    from p2pchat.client import Node


_GO_THERE: Final = "Use it, too? It sees your address, and when you are online."


@click.command("join", cls=Command)
@click.argument("code", nargs=-1)
@click.option(
    "--as", "name", metavar="NAME", help="Call the new contact this, instead of what they call themselves."
)
@click.option("--timeout", type=SECONDS, default=60.0, help="Seconds to wait for the other side.")
@click.option(
    "--rendezvous",
    type=RENDEZVOUS,
    multiple=True,
    metavar="URL",
    help="Also use this rendezvous (repeatable).",
)
@click.option("--accept-new", is_flag=True, help="Use every rendezvous of their mesh without asking.")
@pass_settings
def command(
    settings: CommonOptions,
    code: tuple[str, ...],
    name: str | None,
    timeout: float,
    rendezvous: tuple[str, ...],
    accept_new: bool,
) -> None:
    """Answer the code (or link) a friend gave you.

    Capitals, and blanks instead of dashes, do not matter. Without CODE the command asks for it, which keeps
    the code out of the shell's history. If you have no identity yet, the command asks for a name and a
    passphrase.

    You then belong to their mesh, the group of computers that pass messages on for each other. If the mesh
    uses a rendezvous that neither you nor the code named, the command asks before it uses that server;
    without a terminal the server is not used, unless --accept-new.

    \b
    Example:
      p2pchat join 42-tango-marble-orbit
      p2pchat join 42 tango marble orbit --as ana
      p2pchat join 42-tango-marble-orbit --lan
    """
    text = _checked(" ".join(code) or _ask_code())
    have_identity(settings, rendezvous)
    wait_for(_join(settings, text, name, timeout, rendezvous, accept_new), settings, fast=hosting(settings))


def _ask_code() -> str:
    if not sys.stdin.isatty():
        raise UsageError("no code given; add it, like 'p2pchat join 42-tango-marble-orbit'")
    return str(click.prompt("The code your friend gave you", err=True))


def _checked(text: str) -> str:
    """Return the code in its canonical form. A mistyped word is reported before the passphrase is asked
    for."""
    from p2pchat.wire.invite import parse

    try:
        return str(parse(text))
    except Malformed as error:
        raise UsageError(str(error)) from None


async def _join(
    settings: CommonOptions,
    code: str,
    name: str | None,
    timeout: float,
    rendezvous: tuple[str, ...],
    accept_new: bool,
) -> None:
    async with open_node(settings, timeout) as node:
        say("Looking for the other side ...")
        async with telling_silence(node):
            contact = await node.join(
                code, name=name, timeout=timeout, rendezvous=rendezvous, accept_new=accept_new
            )
        if settings.json:
            record({"type": "contact", "change": "added", **contact.as_record()})
        else:
            welcome(contact, await node.contacts())
        await told_of_obstacles(node)
        await _ask(node, contact)


async def _ask(node: Node, contact: PairingResult) -> None:
    """Ask whether to use further rendezvous of the mesh."""
    for url in contact.left_out:
        shown = one_line(url)
        if not is_public(url):
            say(f"Their mesh also uses {shown}, in a private network: not used. If it is right:")
            say(f"  p2pchat rendezvous add {typed(url)} --mesh {contact.mesh[:MESH_SHOWN]}")
            continue
        say(f"Their mesh also uses the rendezvous {shown}, which neither you nor the code named.")
        if sys.stdin.isatty() and await confirmed(_GO_THERE, yes=False):
            await node.add_rendezvous(url, mesh=contact.mesh, typed=False)
        else:
            say("  Not used.")
