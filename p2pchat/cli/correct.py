"""``p2pchat correct``: a new text for a message of ours, for both sides.

Knows: what is typed. Does not know: how a correction travels.
"""

from __future__ import annotations

import click

from p2pchat.cli.referring import say_of_message
from p2pchat.cli.send import message_text
from p2pchat.cli.sending import Goal, wait_options
from p2pchat.cli.settings import Command, CommonOptions, pass_settings


@click.command("correct", cls=Command)
@click.argument("id")
@click.argument("text", nargs=-1, required=True)
@wait_options
@pass_settings
def command(settings: CommonOptions, id: str, text: tuple[str, ...], goal: Goal, timeout: float) -> None:
    """Correct a message of yours, for the contact as well; '-' reads the text from stdin.

    Both see that it was corrected. The old text is erased on both sides, unless a reader keeps it
    ('keep-versions'), rewrites it, or has another program; an older program ignores the correction. 'history
    edit' changes your own copy alone. 'history NAME --ids' shows ids. Exit codes are those of 'send'.

    \b
    Example:
      p2pchat correct 9f86d081884c7d659a2feaa0c55ad015 at nine, not at eight
    """
    new = message_text(text)
    say_of_message(
        settings,
        timeout,
        lambda node: node.correct_message(id, new, wait=goal.state, timeout=timeout, members=goal.members),
    )
