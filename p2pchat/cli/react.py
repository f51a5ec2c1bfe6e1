"""``p2pchat react``: one sign for a message.

Knows: what is typed. Does not know: how a reaction travels.
"""

from __future__ import annotations

import click

from p2pchat.cli.referring import say_of_message
from p2pchat.cli.sending import Goal, wait_options
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.errors import UsageError


@click.command("react", cls=Command)
@click.argument("id")
@click.argument("sign", required=False)
@click.option("--take-back", is_flag=True, help="Take back your reaction.")
@wait_options
@pass_settings
def command(
    settings: CommonOptions, id: str, sign: str | None, take_back: bool, goal: Goal, timeout: float
) -> None:
    """React to a message, of theirs or of yours, with one sign such as an emoji.

    It replaces your earlier reaction. Both of you see it beside the message; an older program ignores it.
    'history NAME --ids' shows ids. Exit codes are those of 'send'.

    \b
    Example:
      p2pchat react 9f86d081884c7d659a2feaa0c55ad015 👍
      p2pchat react 9f86d081884c7d659a2feaa0c55ad015 --take-back
    """
    if (sign is None) != take_back:
        raise UsageError("give a sign, like 👍, or --take-back")
    say_of_message(
        settings,
        timeout,
        lambda node: node.react_to(id, sign or "", wait=goal.state, timeout=timeout, members=goal.members),
    )
