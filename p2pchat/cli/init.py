"""``p2pchat init``: a new identity.

Knows: what has to be decided at the start. Does not know: what an identity consists of.
"""

from __future__ import annotations

import click

from p2pchat.cli import ask
from p2pchat.cli.connection import home_of, read_passphrase
from p2pchat.cli.output import bold, print_line, record, say
from p2pchat.cli.parameters import RENDEZVOUS
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.errors import UsageError


@click.command("init", cls=Command)
@click.option("--name", required=True, metavar="NICK", help="The name that new contacts will see.")
@click.option(
    "--rendezvous",
    type=RENDEZVOUS,
    multiple=True,
    metavar="URL",
    help="A server at which nodes find each other (repeatable).",
)
@click.option("--no-passphrase", is_flag=True, help="Leave the key open on the disk.")
@pass_settings
def command(settings: CommonOptions, name: str, rendezvous: tuple[str, ...], no_passphrase: bool) -> None:
    """Make an identity and its encrypted store.

    The command asks for the passphrase twice, or reads it from --passphrase-file. With --no-passphrase it
    does not ask, and everyone with access to the disk can read everything.

    \b
    Example:
      p2pchat init --name ana --rendezvous wss://meet.example.org
      p2pchat --home /tmp/try init --name ana --no-passphrase
    """
    from p2pchat.client import create_home, home_exists

    home = home_of(settings)
    if home_exists(home):
        raise UsageError(
            f"there is an identity in {home} already; choose another --home, or 'p2pchat wipe' it"
        )
    create_home(home, name, rendezvous, chosen_passphrase(settings, no_passphrase))
    if settings.json:
        record(
            {"name": name, "home": str(home), "rendezvous": list(rendezvous), "passphrase": not no_passphrase}
        )
    else:
        print_line(str(home))
    _advise(rendezvous, no_passphrase)


def chosen_passphrase(settings: CommonOptions, none: bool) -> str | None:
    """The passphrase of a new home; None for none. Raises UsageError."""
    if none and settings.passphrase_file is not None:
        raise UsageError("--passphrase-file and --no-passphrase exclude each other; give one of them")
    if none:
        return None
    if settings.passphrase_file is not None:
        return read_passphrase(settings.passphrase_file)
    return ask.new_passphrase()


def _advise(rendezvous: tuple[str, ...], no_passphrase: bool) -> None:
    if no_passphrase:
        say(f"{bold('WARNING')}: no passphrase. Everyone with access to this disk (or a backup)")
        say("can read all your messages and act as you. To change that: p2pchat passphrase.")
    else:
        say("A forgotten passphrase cannot be restored.")
    if not rendezvous:
        say("No rendezvous yet: name one with 'invite --rendezvous URL' or 'join --rendezvous URL', or use")
        say("your own network, with --lan on both machines.")
    say("Next:  p2pchat invite  (or  p2pchat join CODE)")
