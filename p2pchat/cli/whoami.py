"""``p2pchat whoami``.

Knows: how an identity is shown. Does not know: how it came to be.
"""

from __future__ import annotations

import click

from p2pchat.cli.connection import open_node
from p2pchat.cli.output import payload, record
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, Settings, pass_settings
from p2pchat.text import harmless_name


@click.command("whoami", cls=Command)
@pass_settings
def command(settings: Settings) -> None:
    """Show your nickname, fingerprint and safety words.

    The words say the first bits of the fingerprint aloud. To compare keys with a contact, use
    'p2pchat contacts verify NAME'.

    \b
    Example:
      p2pchat whoami
      p2pchat whoami --json
    """
    wait_for(_whoami(settings), settings)


async def _whoami(settings: Settings) -> None:
    async with open_node(settings) as node:
        me = await node.whoami()
    if settings.json:
        record(me)
        return
    words = me["words"] if isinstance(me["words"], str) else " ".join(me["words"])
    payload(f"name         {harmless_name(me['name'])}")
    payload(f"fingerprint  {me['fingerprint']}")
    payload(f"words        {words}")
    payload(f"home         {me['home']}")
