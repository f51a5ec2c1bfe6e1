"""``p2pchat invite``: a code for a friend, and the wait until it is answered.

Knows: how a code is shown and drawn. Does not know: what a code proves.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from p2pchat.cli.beginning import have_identity, need_rendezvous
from p2pchat.cli.connection import hosting, open_node
from p2pchat.cli.output import bold, colour, print_line, record, say
from p2pchat.cli.parameters import MESH, RENDEZVOUS, SECONDS
from p2pchat.cli.run import wait_for
from p2pchat.cli.seats import telling_silence
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.control.answers import ContactInfo
from p2pchat.control.events import InviteEvent, StrangerEvent
from p2pchat.text import harmless_name, one_line, typed
from p2pchat.wording.pairing import join_command, kept, qr_lines, stranger_line, twin

if TYPE_CHECKING:
    from p2pchat.client import Node


@click.command("invite", cls=Command)
@click.option("--link", is_flag=True, help="Make a link to paste instead of words to say.")
@click.option("--qr", is_flag=True, help="Also draw the code as a QR code.")
@click.option(
    "--as", "name", metavar="NAME", help="Call the new contact this, instead of what they call themselves."
)
@click.option(
    "--timeout", type=SECONDS, metavar="S", help="Seconds until it expires (words: 600, link: 86400)."
)
@click.option(
    "--rendezvous",
    type=RENDEZVOUS,
    multiple=True,
    metavar="URL",
    help="Also use this rendezvous from now on (repeatable).",
)
@click.option("--mesh", type=MESH, metavar="MESH", help="Invite to this mesh instead of your first one.")
@pass_settings
def command(
    settings: CommonOptions,
    link: bool,
    qr: bool,
    name: str | None,
    timeout: float | None,
    rendezvous: tuple[str, ...],
    mesh: str | None,
) -> None:
    """Make a code with which one friend can reach you.

    The code is the first line of stdout; then the command waits until your friend has joined. Tell the code
    on a channel where you know their voice. A code works once: one wrong guess makes it invalid. If you have
    no identity yet, the command asks for what it needs.

    \b
    Example:
      p2pchat invite
      p2pchat invite --link --as bob
      p2pchat invite --lan
    """
    rendezvous = need_rendezvous(settings, rendezvous)
    have_identity(settings, rendezvous)
    work = _invite(settings, link, qr, name, timeout, rendezvous, mesh)
    wait_for(work, settings, fast=hosting(settings))


async def _invite(
    settings: CommonOptions,
    link: bool,
    qr: bool,
    name: str | None,
    timeout: float | None,
    rendezvous: tuple[str, ...],
    mesh: str | None,
) -> None:
    async with open_node(settings, timeout) as node, telling_silence(node) as telling:
        invite = node.invite(link=link, name=name, timeout=timeout, rendezvous=rendezvous, mesh=mesh)
        async for event in invite:
            telling.cancel()
            if settings.json:
                record(event)
            elif isinstance(event, InviteEvent):
                await _give(node, event.code, link, rendezvous, qr)
            elif isinstance(event, StrangerEvent):
                if line := stranger_line(event.strangers):
                    say(f"{line[:1].upper()}{line[1:]}.")
            else:
                welcome(event, await node.contacts())
                await told_of_obstacles(node)


async def _give(node: Node, code: str, link: bool, extra: tuple[str, ...], qr: bool) -> None:
    print_line(code)
    if qr:
        say(drawn(code, colour(sys.stderr)))
    say("Tell your friend to type:\n")
    say(f"  {bold(await join_command(node, code, link, extra))}\n")
    say("Waiting for them ... (the code works once; Ctrl-C cancels it)")


def welcome(contact: ContactInfo, contacts: Iterable[ContactInfo]) -> None:
    """Print the new contact's name, and what to do next."""
    name, word = harmless_name(contact.name), typed(contact.name)
    print_line(name)
    if contact.blocked:
        say(f"{name} is still blocked here. To unblock them:  p2pchat contacts block --undo {word}")
        return
    say(f"You and {name} are contacts now. Talk:  p2pchat chat {word}")
    if not contact.verified:
        say(f"To be sure that it is really them, compare:  p2pchat contacts verify {word}")
    for line in kept(contact):
        say(line)
    if (other := twin(contact, contacts)) is not None:
        say(f"{bold('WARNING')}: {harmless_name(other)} is another contact, whose name looks the same.")


async def told_of_obstacles(node: Node) -> None:
    """Warn if this machine's clock seems wrong: pairing works with any clock, but messages do not. Tell two
    people who met on one network without a rendezvous how they find each other there again."""
    status = await node.status()
    if status.clock is not None and status.clock.doubt:
        say(f"{one_line(status.clock.doubt)}: messages may not arrive until the clock is right")
    if status.lan is not None and not status.rendezvous and (await node.setting("lan")).source != "home":
        say("To find each other on this network again, without a rendezvous, type at both ends:")
        say("  p2pchat config set lan yes")


def drawn(code: str, coloured: bool) -> str:
    """Return ``code`` as a QR code of half blocks, light on dark whatever the terminal's colours if
    ``coloured``."""
    lines = qr_lines(code)
    return "\n".join(click.style(line, fg="bright_white", bg="black") if coloured else line for line in lines)
