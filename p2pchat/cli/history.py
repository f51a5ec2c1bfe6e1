"""``p2pchat history``: read, search, change and delete messages.

Knows: which part is asked for. Does not know: how messages are stored.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from p2pchat.cli.ask import confirmed
from p2pchat.cli.connection import open_node
from p2pchat.cli.output import print_line, record, say
from p2pchat.cli.parameters import COUNT, PARTNER
from p2pchat.cli.run import wait_for
from p2pchat.cli.send import message_text
from p2pchat.cli.settings import CommonOptions, Group, pass_settings
from p2pchat.control.rooms import ROOM_SIGN
from p2pchat.errors import Ended, UsageError
from p2pchat.text import harmless_name, one_line
from p2pchat.wording.exported import markdown_heading, markdown_line
from p2pchat.wording.lines import lifetime, message_line, moment

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.events import MessageEvent

EXPORTED_AT_ONCE: Final = 256
"""Messages of an export that are in memory at a time."""


class _History(Group):
    """Takes a name after ``history`` as a contact, unless the name is a subcommand."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = [word for word in args if not word.startswith("-")]
        if words and words[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group("history", cls=_History)
def command() -> None:
    """Read, search, change or delete the messages with a contact, or in a room.

    \b
    Example:
      p2pchat history bob
      p2pchat history '#friends'
      p2pchat history search bridge
      p2pchat history forget bob
    """


@command.command("show")
@click.argument("name", type=PARTNER)
@click.option("--search", metavar="TEXT", help="Only messages that contain it.")
@click.option(
    "--since", metavar="TIME", help="Only messages since then: 2h, 3d, 2026-01-02, 2026-01-02T03:04."
)
@click.option("--limit", type=COUNT, metavar="N", help="Only the last N.")
@click.option("--ids", is_flag=True, help="Begin each line with the message's id.")
@pass_settings
def show(
    settings: CommonOptions, name: str, search: str | None, since: str | None, limit: int | None, ids: bool
) -> None:
    """Print the messages with a contact or in a room, oldest first. 'show' may be left out.

    \b
    Example:
      p2pchat history bob --since 2d
      p2pchat history bob --ids --limit 5
      p2pchat history show bob --search "eight" --limit 5 --json
    """
    begin = max(0.0, moment(since, datetime.now(UTC)).timestamp()) if since else None
    wait_for(_show(settings, name, search, begin, limit, ids), settings)


async def _show(
    settings: CommonOptions,
    name: str,
    search: str | None,
    since: float | None,
    limit: int | None,
    ids: bool,
) -> None:
    async with open_node(settings) as node:
        messages = await node.history(name, search=search, since=since, limit=limit)
        retention = await _retention(node, name)
    for message in messages:
        lead = f"{message.id}  " if ids else ""
        record(message) if settings.json else print_line(f"{lead}{message_line(message)}")
    if not messages:
        say(f"Nothing {'found' if search or since else 'said yet'} {_partner(name)}.")
    if retention and not settings.json:
        say(f"What you say {_partner(name)} now {lifetime(retention)}.")


def _partner(name: str) -> str:
    return f"{'in' if name.startswith(ROOM_SIGN) else 'with'} {harmless_name(name)}"


async def _retention(node: Node, name: str) -> float | None:
    """After how long messages disappear there."""
    if name.startswith(ROOM_SIGN):
        return (await node.find_room(name)).disappear
    return (await node.contact(name)).disappear


@command.command("search")
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", type=COUNT, default=50, metavar="N", help="Only the last N.")
@pass_settings
def search(settings: CommonOptions, text: tuple[str, ...], limit: int) -> None:
    """Search the messages with all contacts and in all rooms for a text; case and accents do not count.

    \b
    Example:
      p2pchat history search the old bridge
      p2pchat history search invoice --json
    """
    wait_for(_search(settings, " ".join(text), limit), settings)


async def _search(settings: CommonOptions, text: str, limit: int) -> None:
    async with open_node(settings) as node:
        messages = await node.search(text, limit=limit)
    for message in messages:
        if settings.json:
            record(message)
        else:
            print_line(f"{harmless_name(message.contact)}: {message_line(message)}")
    if not messages:
        say("Nothing found.")


@command.command("drafts")
@pass_settings
def drafts(settings: CommonOptions) -> None:
    """Print your unsent drafts by contact; the chat shows each again.

    \b
    Example:
      p2pchat history drafts
    """
    wait_for(_drafts(settings), settings)


async def _drafts(settings: CommonOptions) -> None:
    async with open_node(settings) as node:
        begun = await node.read_drafts()
    for draft in begun:
        if settings.json:
            record(draft)
        else:
            print_line(f"{harmless_name(draft.name)}: {one_line(draft.text)}")
    if not begun:
        say("No drafts.")


@command.command("export")
@click.argument("name", type=PARTNER, required=False)
@click.option("--markdown", is_flag=True, help="As text for people, and not JSON lines for programs.")
@pass_settings
def export(settings: CommonOptions, name: str | None, markdown: bool) -> None:
    """Print all messages, with one contact, in one room or all, oldest first: JSON lines, or Markdown.

    The output is not encrypted: everyone with the file can read it, and disappearing messages stay in it. To
    keep a copy that only you can read, make a backup.

    \b
    Example:
      p2pchat history export bob --markdown > bob.md
      p2pchat history export > everything.jsonl
    """
    wait_for(_export(settings, name, markdown), settings)


async def _export(settings: CommonOptions, name: str | None, markdown: bool) -> None:
    async with open_node(settings) as node:
        say(
            "WARNING: this is not encrypted: everyone with the file can read it, and no message in it "
            "disappears."
        )
        names = [name] if name is not None else await _everything(node)
        for whose in names:
            if markdown:
                print_line(markdown_heading(whose))
            async for message in _all_with(node, whose):
                print_line(markdown_line(message)) if markdown else record(message)


async def _everything(node: Node) -> list[str]:
    """All contacts and rooms."""
    rooms = [room.name for room in await node.list_rooms() if room.state in ("in", "out")]
    return [*(contact.name for contact in await node.contacts()), *rooms]


async def _all_with(node: Node, name: str) -> AsyncIterator[MessageEvent]:
    """All messages, read a few at a time."""
    after = ""
    while messages := await node.history(name, limit=EXPORTED_AT_ONCE, after=after):
        for message in messages:
            yield message
        after = messages[-1].id


@command.command("edit")
@click.argument("id")
@click.argument("text", nargs=-1, required=True)
@pass_settings
def edit(settings: CommonOptions, id: str, text: tuple[str, ...]) -> None:
    """Change the text of a message in your own history; '-' reads the text from stdin.

    Only your history changes. It marks the message as rewritten, because only you have this text. Another
    program could leave out the mark, so a history is no proof (see 'p2pchat forge'). 'history NAME --ids'
    shows ids.

    \b
    Example:
      p2pchat history edit 9f86d081884c7d659a2feaa0c55ad015 "what I should have said"
    """
    wait_for(_edit(settings, id, message_text(text)), settings)


async def _edit(settings: CommonOptions, id: str, text: str) -> None:
    async with open_node(settings) as node:
        await node.edit(id, text)
    if settings.json:
        record({"id": id})


@command.command("forget")
@click.argument("name", type=PARTNER, required=False)
@click.option("--message", metavar="ID", help="Only this message.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_settings
def forget(settings: CommonOptions, name: str | None, message: str | None, yes: bool) -> None:
    """Delete the messages with a contact or in a room, or one message; the contact or room stays.

    Others keep their own copies. Undelivered messages stay until they are delivered. Copies in a backup, or
    made by the disk itself, cannot be deleted.

    \b
    Example:
      p2pchat history forget bob
      p2pchat history forget --message 9f86d081884c7d659a2feaa0c55ad015
    """
    if (name is None) == (message is None):
        raise UsageError("give the name of a contact or a room, or --message with an id")
    question = f"Forget all that was said {_partner(name)}?" if name else "Forget this message?"
    if not wait_for(confirmed(question, yes), settings):
        raise Ended("nothing was forgotten")
    wait_for(_forget(settings, name, message), settings)


async def _forget(settings: CommonOptions, name: str | None, message: str | None) -> None:
    async with open_node(settings) as node:
        if message is not None:
            await node.forget_message(message)
        gone = await node.forget(name) if name is not None else 1
    if settings.json:
        record({"forgotten": gone})
    else:
        say(f"{gone} message{'s' * (gone != 1)} forgotten.")
