"""``p2pchat listen``: messages as they come, for people, pipes and scripts.

Knows: when a message counts as heard, how a command is told of it. Does not know: how a message arrives.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from p2pchat.cli.connection import hosting, open_node
from p2pchat.cli.files import accept_offered
from p2pchat.cli.output import print_line, record, say
from p2pchat.cli.parameters import COUNT, PARTNER, SECONDS
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.control.events import MessageEvent
from p2pchat.control.files import FileEvent
from p2pchat.data import dataclass
from p2pchat.errors import NotInTime, P2PChatError
from p2pchat.wording.lines import message_line
from p2pchat.wording.notices import notice

if TYPE_CHECKING:
    from p2pchat.client import Node


@click.command("listen", cls=Command)
@click.option("--from", "sender", type=PARTNER, metavar="NAME", help="Only of this contact, or in this room.")
@click.option("--count", type=COUNT, metavar="N", help="End after N messages.")
@click.option("--timeout", type=SECONDS, metavar="S", help="End after S seconds.")
@click.option(
    "--peek", is_flag=True, help="Leave messages unheard: the next listener or chat shows them as new."
)
@click.option("--exec", "shell_command", metavar="CMD", help="Run CMD for each message, its text on stdin.")
@click.option(
    "--auto-accept",
    "accept_bytes",
    type=COUNT,
    metavar="BYTES",
    help="Accept files that are no larger; with --from only theirs.",
)
@pass_settings
def command(
    settings: CommonOptions,
    sender: str | None,
    count: int | None,
    timeout: float | None,
    peek: bool,
    shell_command: str | None,
    accept_bytes: int | None,
) -> None:
    """Print messages as they arrive, one line each; first those that were not heard before.

    Other news goes to stderr, such as a new time for disappearing messages. With --json also receipts,
    contacts, presence and links are printed, as objects. --count with --timeout fails (exit code 6) when
    fewer messages came in time.

    CMD runs in the shell, one message at a time, with P2PCHAT_MESSAGE_ID, P2PCHAT_MESSAGE_FROM,
    P2PCHAT_MESSAGE_WITH (the contact, or the room), P2PCHAT_MESSAGE_AT and P2PCHAT_HOME set. A message counts
    as heard once it was printed and CMD succeeded; an unheard message is printed again by the next listener.
    With --peek all messages stay unheard.

    A file that a contact offers comes only after it was accepted: by 'p2pchat files', or here with
    --auto-accept. It stays encrypted in your home until it is saved.

    \b
    Example:
      p2pchat listen --from bob --count 1 --timeout 60
      p2pchat listen --json --from bob --auto-accept 1000000
      p2pchat listen --peek --exec 'notify-send -- "$P2PCHAT_MESSAGE_FROM wrote"'
    """
    wait_for(
        _listen(settings, _Printer(settings, sender, count, shell_command, peek, accept_bytes), timeout),
        settings,
        fast=hosting(settings),
    )


@dataclass(slots=True)
class _Printer:
    settings: CommonOptions
    sender: str | None
    count: int | None
    shell_command: str | None
    peek: bool
    accept_bytes: int | None
    printed: int = 0
    failed: int = 0
    home: str = ""

    async def run(self, node: Node) -> None:
        if self.shell_command:
            self.home = (await node.whoami()).home
        if self.accept_bytes is not None:
            await accept_offered(node, await node.list_files(), self.sender, self.accept_bytes)
        async for event in node.listen(sender=self.sender):
            if isinstance(event, FileEvent) and self.accept_bytes is not None:
                await accept_offered(node, [event], self.sender, self.accept_bytes)
            if isinstance(event, MessageEvent):
                await self._take(node, event)
                if self.count is not None and self.printed >= self.count:
                    return
            elif self.settings.json:
                record(event)
            elif line := notice(event):
                say(line)

    async def _take(self, node: Node, message: MessageEvent) -> None:
        record(message) if self.settings.json else print_line(message_line(message, named=True))
        self.printed += 1
        if self.shell_command and (code := await self._execute(self.shell_command, message)):
            self.failed += 1
            how = f"failed with exit code {code}" if code > 0 else f"was killed by signal {-code}"
            say(f"the command {how} on message {message.id}, which stays unheard")
            return
        if not self.peek:
            await node.heard([message.id])

    async def _execute(self, shell_command: str, message: MessageEvent) -> int:
        record = {
            "P2PCHAT_MESSAGE_ID": message.id,
            "P2PCHAT_MESSAGE_FROM": message.sender,
            "P2PCHAT_MESSAGE_WITH": message.contact,
            "P2PCHAT_MESSAGE_AT": message.at,
            "P2PCHAT_HOME": self.home,
        }
        if (file := self.settings.passphrase_file) is not None:
            record["P2PCHAT_PASSPHRASE_FILE"] = str(file.absolute())
        process = await asyncio.create_subprocess_shell(
            shell_command, stdin=asyncio.subprocess.PIPE, env={**os.environ, **record}
        )
        try:
            with suppress(RuntimeError):  # uvloop: the command ended without reading its stdin
                await process.communicate(message.text.encode())
            await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
        return process.returncode or 0


async def _listen(settings: CommonOptions, listener: _Printer, timeout: float | None) -> None:
    async with open_node(settings, timeout) as node:
        try:
            async with asyncio.timeout(timeout):
                await listener.run(node)
        except TimeoutError:
            if listener.count is not None:
                raise NotInTime(f"{listener.printed} of {listener.count} messages came in time") from None
    if listener.failed:
        raise P2PChatError(
            f"the command failed on {listener.failed} messages; the next 'listen' prints them again"
        )
