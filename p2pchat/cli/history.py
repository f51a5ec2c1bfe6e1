"""``p2pchat history``: what was said with one contact.

Knows: which part is asked for. Does not know: how it is kept.
"""

from __future__ import annotations

from datetime import UTC, datetime

import click

from p2pchat.cli.connection import open_node
from p2pchat.cli.lines import message_line, moment
from p2pchat.cli.output import payload, record, say
from p2pchat.cli.parameters import CONTACT
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, Settings, pass_settings
from p2pchat.text import harmless_name


@click.command("history", cls=Command)
@click.argument("name", type=CONTACT)
@click.option("--search", metavar="TEXT", help="Only messages that contain it.")
@click.option("--since", metavar="TIME", help="Only from then on: 2h, 3d, 2026-01-02, 2026-01-02T03:04.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the last N.")
@pass_settings
def command(settings: Settings, name: str, search: str | None, since: str | None, limit: int | None) -> None:
    """Print what was said with a contact, oldest first.

    \b
    Example:
      p2pchat history bob --since 2d
      p2pchat history bob --search "eight" --limit 5 --json
    """
    begin = max(0.0, moment(since, datetime.now(UTC)).timestamp()) if since else None
    wait_for(_history(settings, name, search, begin, limit), settings)


async def _history(
    settings: Settings, name: str, search: str | None, since: float | None, limit: int | None
) -> None:
    async with open_node(settings) as node:
        messages = await node.history(name, search=search, since=since, limit=limit)
    for message in messages:
        record(message) if settings.json else payload(message_line(message))
    if not messages:
        say(f"Nothing {'found' if search or since else 'said yet'} with {harmless_name(name)}.")
