"""``p2pchat passphrase``: change the passphrase of this home.

Knows: the questions, and the keyring. Does not know: how a key is encrypted.
"""

from __future__ import annotations

from pathlib import Path

import click

from p2pchat.cli import ask, keyring
from p2pchat.cli.connection import home_of, passphrase, read_passphrase
from p2pchat.cli.output import record, say
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.errors import UsageError


@click.command("passphrase", cls=Command)
@click.option(
    "--new-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read the new passphrase from the first line of this file.",
)
@click.option("--remove", is_flag=True, help="Remove the passphrase: the key lies unencrypted on the disk.")
@click.option(
    "--keyring", "in_keyring", is_flag=True, help="Save the present passphrase in this desktop's keyring."
)
@click.option("--no-keyring", "not_in_keyring", is_flag=True, help="Delete it from the keyring.")
@pass_settings
def command(
    settings: CommonOptions, new_file: Path | None, remove: bool, in_keyring: bool, not_in_keyring: bool
) -> None:
    """Change the passphrase, or whether the desktop's keyring has it.

    The command asks for the old passphrase, or reads it from --passphrase-file, and asks for the new one
    twice. After an interruption the old one still holds. A running node goes on, and needs the new one at its
    next start. A copy of the old key file still opens with the old passphrase: if both were stolen, wipe this
    home and pair again.

    \b
    Example:
      p2pchat passphrase
      p2pchat passphrase --keyring
      p2pchat passphrase --remove
    """
    if sum((new_file is not None, remove, in_keyring, not_in_keyring)) > 1:
        raise UsageError("--new-file, --remove, --keyring and --no-keyring exclude each other; give one")
    home = home_of(settings)
    if not_in_keyring:
        keyring.forget(home)
        _told(settings, home, "The keyring has no passphrase of this home.")
    elif in_keyring:
        _remember(settings, home)
    else:
        _change(settings, home, new_file, remove)


def _remember(settings: CommonOptions, home: Path) -> None:
    from p2pchat.client import change_passphrase

    now = _present(settings, home)
    if now is None:
        raise UsageError("this home has no passphrase; give it one with 'p2pchat passphrase' first")
    change_passphrase(home, now, now)
    keyring.remember(home, now)
    _told(settings, home, "The keyring of this desktop opens this home from now on.")


def _change(settings: CommonOptions, home: Path, new_file: Path | None, remove: bool) -> None:
    from p2pchat.client import change_passphrase

    old = _present(settings, home)
    new = None if remove else read_passphrase(new_file) if new_file is not None else ask.new_passphrase()
    change_passphrase(home, old, new)
    keyring.forget(home)
    if new is None:
        _told(
            settings,
            home,
            "This home has no passphrase now: everyone with access to this disk can read everything.",
        )
    else:
        _told(settings, home, "The passphrase is changed. If you forget it, it cannot be restored.")


def _present(settings: CommonOptions, home: Path) -> str | None:
    from p2pchat.client import home_exists, needs_passphrase

    if not home_exists(home):
        raise UsageError(f"there is no identity in {home}; make one with 'p2pchat init'")
    return passphrase(settings) if needs_passphrase(home) else None


def _told(settings: CommonOptions, home: Path, what: str) -> None:
    if settings.json:
        record({"home": str(home)})
    say(what)
