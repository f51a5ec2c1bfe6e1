"""``p2pchat backup``: a sealed copy of this home in one file.

Knows: phrases, and the messages to the person. Does not know: what is in the file, or how it is sealed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from p2pchat.cli import ask
from p2pchat.cli.connection import open_node, read_passphrase
from p2pchat.cli.output import bold, print_line, record, say
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import CommonOptions, Group, pass_settings
from p2pchat.errors import UsageError
from p2pchat.text import harmless_name, one_line
from p2pchat.wording.backups import contents_line, made_line

if TYPE_CHECKING:
    from p2pchat.control.answers import BackupResult


class _Backup(Group):
    """Takes a name after ``backup`` as the file, unless the name is a subcommand."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if any(not word.startswith("-") for word in args) and self.commands.keys().isdisjoint(args):
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group("backup", cls=_Backup)
def command() -> None:
    """Write an encrypted copy of this home, check one, or make all older copies worthless.

    \b
    Example:
      p2pchat backup /media/stick/ana.backup
      p2pchat backup --check /media/stick/ana.backup
      p2pchat backup revoke
    """


_FILE = click.argument("file", type=click.Path(path_type=Path))
_PHRASE_FILE = click.option(
    "--backup-passphrase-file",
    "phrase_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read the phrase from its first line.",
)


@command.command("make")
@_FILE
@_PHRASE_FILE
@click.option("--check", is_flag=True, help="Only open a backup and print what is in it.")
@pass_settings
def make(settings: CommonOptions, file: Path, phrase_file: Path | None, check: bool) -> None:
    """Write a backup. 'make' may be left out.

    The backup holds your identity, contacts, settings and history; no session, and no disappearing message.
    An older file of that name is replaced when the new one is complete. Without a phrase file ten random
    words are shown once. Without these words the file cannot be read. With the words and the file another
    person can act as you, until the next backup.

    \b
    Example:
      p2pchat backup make /media/stick/ana.backup
      p2pchat backup --check /media/stick/ana.backup
    """
    if check:
        _check(settings, file, phrase_file)
        return
    from p2pchat.client.homes import absolute

    path = str(absolute(file))
    if not path.isprintable():
        raise UsageError("the name of a backup must consist of printable characters")
    made = wait_for(_make(settings, path, phrase_file), settings)
    if settings.json:
        record(made)
    say(made_line(made))


async def _drawn(settings: CommonOptions) -> str:
    from p2pchat.client import draw_phrase, settle_phrase

    phrase = draw_phrase()
    say("The phrase of this backup; write it down, it is not shown again:")
    if settings.json:
        record({"phrase": phrase})
    else:
        print_line(bold(phrase))
    await ask.typed_back(phrase, settle_phrase)
    return phrase


async def _make(settings: CommonOptions, path: str, phrase_file: Path | None) -> BackupResult:
    kept = read_passphrase(phrase_file) if phrase_file is not None else None
    async with open_node(settings) as node:  # a phrase is shown only where there is a home to keep
        phrase = kept if kept is not None else await _drawn(settings)
        return await node.make_backup(path, phrase)


def _check(settings: CommonOptions, file: Path, phrase_file: Path | None) -> None:
    from p2pchat.client import check_backup

    phrase = read_passphrase(phrase_file) if phrase_file is not None else ask.phrase(file)
    found = check_backup(file, phrase)
    if settings.json:
        record(found)
    else:
        print_line(f"{one_line(str(file))}: {harmless_name(found.name)}, {contents_line(found)}")
        print_line(f"fingerprint {found.fingerprint}")


@command.command("revoke")
@pass_settings
def revoke(settings: CommonOptions) -> None:
    """Make all existing backups worthless, after a file or a phrase was lost or stolen.

    Each contact is told when it is online. From then on it accepts no home that was restored from one of
    these backups. The history in them stays readable with file and phrase. Make a new backup afterwards.

    \b
    Example:
      p2pchat backup revoke
    """
    told = wait_for(_revoke(settings), settings)
    if settings.json:
        record({"contacts": told})
    say(f"{told} contact{'s' * (told != 1)} will be told to accept no older backup. Now make a new one.")


async def _revoke(settings: CommonOptions) -> int:
    async with open_node(settings) as node:
        return await node.revoke_backups()
