"""``p2pchat wipe``: the end of an identity.

Knows: the question. Does not know: how keys are destroyed.
"""

from __future__ import annotations

import click

from p2pchat.cli.ask import confirmed
from p2pchat.cli.connection import home_of
from p2pchat.cli.output import record, say
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.errors import Ended, UsageError


@click.command("wipe", cls=Command)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_settings
def command(settings: CommonOptions, yes: bool) -> None:
    """Destroy this identity: first its keys, then all its data.

    Your contacts are not told. Copies in a backup, or made by the disk itself, are not deleted; without the
    key they cannot be read, unless there was no passphrase.

    \b
    Example:
      p2pchat wipe
      p2pchat --home /tmp/try wipe --yes
    """
    from p2pchat.client import home_exists, wipe_home

    home = home_of(settings)
    if not home_exists(home):
        raise UsageError(f"there is no identity in {home}")
    question = f"Destroy the identity in {home}, with all contacts and messages, for ever?"
    if not wait_for(confirmed(question, yes), settings):
        raise Ended(f"nothing was touched; the identity in {home} stays")
    wipe_home(home)
    if settings.json:
        record({"home": str(home), "wiped": True})
    say(f"The identity in {home} is gone.")
