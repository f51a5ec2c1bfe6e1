"""``p2pchat restore``: a home out of a backup.

Knows: what has to be asked first. Does not know: what is in the file, or how sessions begin anew.
"""

from __future__ import annotations

from pathlib import Path

import click

from p2pchat.cli import ask
from p2pchat.cli.connection import home_of, read_passphrase
from p2pchat.cli.init import chosen_passphrase
from p2pchat.cli.output import payload, record, say
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
@click.option("--no-passphrase", is_flag=True, help="Leave the key of the new home open on the disk.")
@pass_settings
def command(settings: CommonOptions, file: Path, phrase_file: Path | None, no_passphrase: bool) -> None:
    """Make a home of a backup, where there is none yet.

    The new home's own passphrase is asked for twice, or read from --passphrase-file, as with 'init'. Its
    contacts answer by themselves as soon as they are there, without an invite. Stop the old home first, if
    there still is one: two that are the same are told apart by nobody.

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
        payload(str(home))
    say(f"You are {harmless_name(found.name)} again: {contents_line(found)}.")
    if found.passed_over:
        say("A later p2pchat wrote some of it, which this one does not understand: that was left out.")
    say("Your contacts answer by themselves, each when both of you are there; compare safety numbers again.")
    say("Next:  p2pchat chat  (and then make a new backup)")
