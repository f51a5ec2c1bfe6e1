"""``p2pchat withdraw``: erase a message of ours, for both sides.

Knows: what is typed, and the question. Does not know: how a withdrawal travels.
"""

from __future__ import annotations

import click

from p2pchat.cli.ask import confirmed
from p2pchat.cli.referring import say_of_message
from p2pchat.cli.run import wait_for
from p2pchat.cli.sending import Goal, wait_options
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.errors import Ended


@click.command("withdraw", cls=Command)
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@wait_options
@pass_settings
def command(settings: CommonOptions, id: str, yes: bool, goal: Goal, timeout: float) -> None:
    """Withdraw a message of yours, for the contact as well. This cannot be undone.

    Both see that a message was withdrawn. Its text is erased on both sides, unless a reader keeps it
    ('keep-versions'), rewrites it, or has another program; an older program ignores the withdrawal. The
    contact may have read the message before. 'history forget' deletes your own copy alone. 'history NAME
    --ids' shows ids. Exit codes are those of 'send'.

    \b
    Example:
      p2pchat withdraw 9f86d081884c7d659a2feaa0c55ad015
    """
    question = "Withdraw this message, for both of you? It may have been read, and may be kept."
    if not wait_for(confirmed(question, yes), settings):
        raise Ended("nothing was withdrawn")
    say_of_message(
        settings,
        timeout,
        lambda node: node.withdraw_message(id, wait=goal.state, timeout=timeout, members=goal.members),
    )
