"""``p2pchat send``: one message, and its delivery state; or files.

Knows: the source of the text, and which state to wait for. Does not know: how a message travels.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import click
from click.core import ParameterSource

from p2pchat.cli.connection import hosting, open_node
from p2pchat.cli.files import send_files
from p2pchat.cli.output import print_line, say
from p2pchat.cli.parameters import PARTNER
from p2pchat.cli.run import wait_for
from p2pchat.cli.sending import Goal, record_state, say_state, say_what_waits, wait_options
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.control.events import ReceiptEvent
from p2pchat.errors import LimitError, UsageError
from p2pchat.text import one_line


@click.command("send", cls=Command)
@click.argument("to", type=PARTNER)
@click.argument("text", nargs=-1)
@wait_options
@click.option(
    "--id",
    "key",
    metavar="KEY",
    help="An id of your own, any text: a second send with the same id sends nothing.",
)
@click.option("--reply-to", metavar="ID", help="The id of the message that this one answers.")
@click.option(
    "--file",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="Send this file, and no text; may be given several times.",
)
@click.option("--through-mesh", is_flag=True, help="Agree that files go through the mesh.")
@pass_settings
def command(
    settings: CommonOptions,
    to: str,
    text: tuple[str, ...],
    goal: Goal,
    timeout: float,
    key: str | None,
    reply_to: str | None,
    files: tuple[Path, ...],
    through_mesh: bool,
) -> None:
    """Send a message to a contact or a room and wait until it has arrived.

    The command prints the message's id as soon as the message is saved in the outbox: it is then never lost,
    and goes out whenever a node runs here. TEXT '-' reads stdin (without its last line break). Exit code 0
    means that the state of --wait was reached, 6 that time ran out. A script that may run twice gives each
    message an --id: the second run finds the first one's message and waits for that.

    A message is queued when it is on this disk, relayed when another node has it and passes it on (it came
    back from the mesh), and delivered when the contact's device has confirmed that it has it.

    A message to a room, '#name' in quotes, is delivered when all members who were heard within the last day
    have it; with --wait delivered:K when K members do.

    A --file of up to 1 MB is offered to a contact, and goes through the mesh when they accept it; the command
    asks, unless --through-mesh is given. It ends with 0 when the contact has the whole file, and waits for
    that without end unless --timeout is given; with --wait queued it only makes the offer.

    \b
    Example:
      p2pchat send bob see you at eight
      p2pchat send bob --file report.pdf --through-mesh
      make 2>&1 | tail -n 5 | p2pchat send bob -
      p2pchat send --wait queued bob -- --starts-with-dashes
      p2pchat send --wait delivered:2 '#friends' see you all at eight
      p2pchat send --id "backup of $(date +%F)" bob done
      p2pchat send --reply-to 9f86d081884c7d659a2feaa0c55ad015 bob yes, at eight
    """
    if files:
        if text or key or reply_to:
            raise UsageError("a file is sent by itself: without a text, --id or --reply-to")
        limit = timeout if timeout_given() else None
        offering = send_files(settings, to, files, through_mesh, goal.state != "queued", limit)
        wait_for(offering, settings, fast=hosting(settings))
        return
    sending = _send(settings, to, message_text(text), goal, timeout, key, reply_to)
    wait_for(sending, settings, fast=hosting(settings))


async def _send(
    settings: CommonOptions,
    to: str,
    text: str,
    goal: Goal,
    timeout: float,
    key: str | None,
    reply_to: str | None,
) -> None:
    def report(event: ReceiptEvent) -> None:
        if settings.json:
            record_state(event)
        elif event.state == "queued":
            print_line(event.id)
        else:
            say_state(event)

    def hindered(why: str) -> None:
        say(f"not yet: {one_line(why)}")

    async with open_node(settings, timeout) as node:
        result = await node.send(
            to,
            text,
            wait=goal.state,
            timeout=timeout,
            on_state=report,
            id=key,
            on_hindrance=hindered,
            reply_to=reply_to,
            members=goal.members,
        )
        say_what_waits(node, result)


def timeout_given() -> bool:
    """Whether the person has named a time, and it is not the default."""
    source = click.get_current_context().get_parameter_source("timeout")
    return source is not ParameterSource.DEFAULT


def message_text(words: tuple[str, ...]) -> str:
    """The words, or with '-' alone what stdin holds. Raises UsageError, LimitError."""
    text = _from_stdin(sys.stdin.buffer) if words == ("-",) else " ".join(words)
    if not text:
        raise UsageError("nothing to send; add the text, or - to read it from stdin")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError("the text is not valid UTF-8; p2pchat sends text only") from None
    return text


def _from_stdin(stream: BinaryIO) -> str:
    """Read at most the length of one message: an endless pipe must not block the command."""
    from p2pchat.wire.content import TEXT_LIMIT

    data = stream.read(TEXT_LIMIT + len("\r\n") + 1)
    data = data.removesuffix(b"\n").removesuffix(b"\r")
    if len(data) > TEXT_LIMIT:
        raise LimitError(f"a message has at most {TEXT_LIMIT} bytes; send it in parts")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UsageError("stdin is not valid UTF-8; p2pchat sends text only") from None
