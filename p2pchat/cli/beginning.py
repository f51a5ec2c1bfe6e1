"""The first command of somebody who has no identity yet: asked for at the terminal, where it is needed.

Knows: what has to be decided at the start, and who can be asked. Does not know: what an identity consists of.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from p2pchat.cli import ask
from p2pchat.cli.connection import home_of, read_passphrase
from p2pchat.cli.output import bold, say
from p2pchat.cli.settings import CommonOptions
from p2pchat.errors import UsageError


def have_identity(settings: CommonOptions, rendezvous: Sequence[str] = ()) -> None:
    """Make an identity where there is none and somebody sits at a terminal; it meets others at
    ``rendezvous``. Raises UsageError (a name that cannot be), StoreError."""
    from p2pchat.client import create_home, home_exists

    home = home_of(settings)
    if home_exists(home) or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    say(f"You have no identity here yet, so this makes one, in {home}.")
    name = str(click.prompt("What shall your friends see as your name", err=True)).strip()
    create_home(home, name, rendezvous, _passphrase(settings))
    say("")


def _passphrase(settings: CommonOptions) -> str | None:
    """The one that opens the new home; it is not asked for a second time."""
    if settings.passphrase_file is not None:
        return read_passphrase(settings.passphrase_file)
    say("A passphrase locks all that is kept here; nobody can restore it. Empty: none.")
    chosen = ask.new_passphrase(may_be_none=True)
    settings.passphrase = chosen
    if chosen is None:
        say(f"{bold('WARNING')}: no passphrase. Whoever reads this disk (or a backup of it) reads all your")
        say("messages and can be you. To change that: p2pchat passphrase.")
    return chosen


def need_rendezvous(settings: CommonOptions, given: Sequence[str]) -> tuple[str, ...]:
    """Where somebody without an identity will meet others, asked for if it was not ``given``."""
    from p2pchat.client import home_exists

    if (
        given
        or settings.lan
        or home_exists(home_of(settings))
        or not (sys.stdin.isatty() and sys.stderr.isatty())
    ):
        return tuple(given)
    say("A rendezvous is where you and your friend find each other: a server of one of you.")
    url = str(click.prompt("Its address, like wss://rendezvous.example.org", err=True)).strip()
    if not url:
        raise UsageError("an invite needs a rendezvous; p2pchat-rendezvous is one")
    return (url,)
