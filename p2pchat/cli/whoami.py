"""``p2pchat whoami``.

Knows: how an identity is shown. Does not know: how it came to be.
"""

from __future__ import annotations

import click

from p2pchat.cli.connection import open_node
from p2pchat.cli.output import print_line, record, say
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.text import harmless_name


@click.command("whoami", cls=Command)
@click.option("--rename", metavar="NICK", help="Use this name for future contacts.")
@pass_settings
def command(settings: CommonOptions, rename: str | None) -> None:
    """Show your nickname, fingerprint and safety words.

    The words encode the first bits of the fingerprint. To compare keys with a contact, use 'p2pchat contacts
    verify NAME'.

    \b
    Example:
      p2pchat whoami
      p2pchat whoami --json
      p2pchat whoami --rename ana
    """
    wait_for(_whoami(settings, rename), settings)


async def _whoami(settings: CommonOptions, rename: str | None) -> None:
    async with open_node(settings) as node:
        me = await (node.whoami() if rename is None else node.rename_self(rename))
    if rename is not None:
        say("Future contacts see that name; your present contacts keep the name that they have for you.")
    if settings.json:
        record(me)
        return
    print_line(f"name         {harmless_name(me.name)}")
    print_line(f"fingerprint  {me.fingerprint}")
    print_line(f"words        {me.words}")
    print_line(f"home         {me.home}")
