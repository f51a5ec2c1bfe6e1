"""``p2pchat restore``: a home from a backup.

Knows: the questions. Does not know: what is in the file, or how sessions get new keys.
"""

from __future__ import annotations

from pathlib import Path

import click

from p2pchat.cli import ask
from p2pchat.cli.connection import home_of, read_passphrase
from p2pchat.cli.init import chosen_passphrase
from p2pchat.cli.output import print_line, record, say
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.errors import UsageError
from p2pchat.text import harmless_name
from p2pchat.wording.backups import contents_line


@click.command("restore", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--backup-passphrase-file",
    "phrase_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read the phrase of the backup from its first line.",
)
@click.option("--no-passphrase", is_flag=True, help="Leave the key of the new home unencrypted on the disk.")
@pass_settings
def command(settings: CommonOptions, file: Path, phrase_file: Path | None, no_passphrase: bool) -> None:
    """Make a home from a backup, where there is none yet.

    The command asks twice for the new home's own passphrase, or reads it from --passphrase-file, as 'init'
    does. Contacts answer as soon as they are online, without an invite. Stop the old home first, if it still
    exists: your contacts cannot tell two copies of a home apart.

    \b
    Example:
      p2pchat restore /media/stick/ana.backup
      p2pchat --home /tmp/try restore ana.backup --backup-passphrase-file words.txt --no-passphrase
    """
    from p2pchat.client import home_exists, restore_home

    home = home_of(settings)
    if home_exists(home):
        raise UsageError(
            f"there is an identity in {home} already; choose another --home, or 'p2pchat wipe' it"
        )
    phrase = read_passphrase(phrase_file) if phrase_file is not None else ask.phrase(file)
    passphrase = chosen_passphrase(settings, no_passphrase)
    found = restore_home(home, file, phrase, passphrase)
    if settings.json:
        record({**found.as_record(), "home": str(home), "passphrase": passphrase is not None})
    else:
        print_line(str(home))
    say(f"You are {harmless_name(found.name)} again: {contents_line(found)}.")
    if found.passed_over:
        say("A newer p2pchat wrote parts of it that this version does not understand: they were left out.")
    say("Each contact answers when both of you are online; compare safety numbers again.")
    say("Next:  p2pchat chat  (and then make a new backup)")
