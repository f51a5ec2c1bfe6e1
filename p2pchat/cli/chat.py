"""``p2pchat chat``: talk with a contact.

Knows: the contact, and whether there is a terminal. Does not know: how a chat works.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from p2pchat.cli.connection import home_of, hosting, open_node
from p2pchat.cli.output import colour, say
from p2pchat.cli.parameters import CONTACT, SECONDS
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.errors import UsageError
from p2pchat.text import harmless_name, typed

if TYPE_CHECKING:
    from p2pchat.client import Node


@click.command("chat", cls=Command)
@click.argument("name", required=False, type=CONTACT)
@click.option("--plain", is_flag=True, help="Line by line: for screen readers and simple terminals.")
@click.option(
    "--timeout", type=SECONDS, default=30.0, help="In a pipe: seconds to wait for the last receipts."
)
@pass_settings
def command(settings: CommonOptions, name: str | None, plain: bool, timeout: float) -> None:
    """Talk with a contact; without NAME, go on with the last conversation.

    On a terminal the chat fills the screen: contacts at the left, messages, and a field to write in; F1 lists
    the keys. Without an identity it asks for what it needs. With --plain messages come in above the line that
    you type. In a pipe (or with --json) each line of stdin is sent and each received message is a line of
    stdout; at the end of stdin the command waits until all is delivered.

    \b
    Example:
      p2pchat chat bob
      p2pchat chat --plain bob
      tail -f build.log | p2pchat chat bob
    """
    whole = not plain and not settings.json and _at_a_terminal() and sys.stderr.isatty()
    if whole and not _settled(settings):
        return
    wait_for(_chat(settings, name, timeout, whole), settings, fast=hosting(settings))


def _settled(settings: CommonOptions) -> bool:
    """Whether there is an identity, possibly a new one; False if the person declined."""
    from p2pchat.client import create_home, home_exists

    home = home_of(settings)
    if home_exists(home):
        return True
    from p2pchat.tui.start import Start, Wishes

    def create(wishes: Wishes) -> None:
        create_home(home, wishes.name, wishes.rendezvous, wishes.passphrase)

    start = Start(create)
    wishes = start.run()
    if (failure := start.find_failure()) is not None:
        raise failure
    if wishes is None:
        return False
    settings.passphrase = wishes.passphrase
    return True


async def _chat(settings: CommonOptions, name: str | None, timeout: float, whole: bool) -> None:
    async with open_node(settings) as node:
        if whole:
            await _whole_screen(settings, node, name)
            return
        who = (await node.contact(name)).name if name is not None else await _last(node)
        if settings.json or not _at_a_terminal():
            from p2pchat.cli.chat_pipe import chat_through_pipe

            typed_at = sys.stdin.isatty() and not settings.json
            await chat_through_pipe(node, who, json=settings.json, timeout=timeout, told=typed_at)
        else:
            from p2pchat.plain.app import chat_in_lines

            settings.may_ask = False
            if farewell := await chat_in_lines(node, who, colour(sys.stdout)):
                say(farewell)


async def _whole_screen(settings: CommonOptions, node: Node, name: str | None) -> None:
    from p2pchat.tui.app import Chat

    whom = (await node.contact(name)).name if name is not None else ""
    settings.may_ask = False
    chat = Chat(node, whom)
    await chat.run_async()
    if (failure := chat.find_failure()) is not None:
        raise failure
    if farewell := chat.model.sent.farewell_text():
        say(farewell)


def _at_a_terminal() -> bool:
    """Whether stdin and stdout are a terminal that can move its cursor."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


async def _last(node: Node) -> str:
    """The contact of the last conversation, or the only contact. Raises UsageError if there is neither."""
    for conversation in await node.conversations():
        return conversation.contact
    names = [contact.name for contact in await node.contacts()]
    if len(names) == 1:
        return names[0]
    if not names:
        raise UsageError("you have no contacts yet; make a code for a friend with 'p2pchat invite'")
    known = ", ".join(harmless_name(name) for name in names[:5])
    raise UsageError(f"name a contact, like: p2pchat chat {typed(names[0])} (you know {known})")
