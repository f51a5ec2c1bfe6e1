"""The questions that make an identity when the first command needs one.

Knows: what has to be decided at the start, and whether a terminal is there. Does not know: what an identity
consists of.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from p2pchat.cli import ask
from p2pchat.cli.connection import home_of, read_passphrase
from p2pchat.cli.output import bold, say
from p2pchat.cli.parameters import RENDEZVOUS
from p2pchat.cli.settings import CommonOptions


def have_identity(settings: CommonOptions, rendezvous: Sequence[str] = ()) -> None:
    """Make an identity that uses ``rendezvous``, where there is none and a person can be asked. Raises
    UsageError (invalid name), StoreError."""
    from p2pchat.client import create_home, home_exists

    home = home_of(settings)
    if home_exists(home) or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    say(f"You have no identity here yet, so this makes one, in {home}.")
    name = str(click.prompt("Which name shall your friends see", err=True)).strip()
    create_home(home, name, rendezvous, _passphrase(settings))
    say("")


def _passphrase(settings: CommonOptions) -> str | None:
    """The passphrase of the new home; this process does not ask for it again."""
    if settings.passphrase_file is not None:
        return read_passphrase(settings.passphrase_file)
    say("A passphrase encrypts all data here; if you forget it, the data is lost. Empty: no passphrase.")
    chosen = ask.new_passphrase(may_be_none=True)
    settings.passphrase = chosen
    if chosen is None:
        say(f"{bold('WARNING')}: no passphrase. Everyone with access to this disk (or a backup)")
        say("can read all your messages and act as you. To change that: p2pchat passphrase.")
    return chosen


def need_rendezvous(settings: CommonOptions, given: Sequence[str]) -> tuple[str, ...]:
    """The rendezvous of a new identity; the person is asked unless it was ``given``."""
    from p2pchat.client import home_exists

    if (
        given
        or settings.lan
        or home_exists(home_of(settings))
        or not (sys.stdin.isatty() and sys.stderr.isatty())
    ):
        return tuple(given)
    say("A rendezvous is a server of you or your friend, at which your programs find each other.")
    return (click.prompt("Its address, like wss://rendezvous.example.org", type=RENDEZVOUS, err=True),)
