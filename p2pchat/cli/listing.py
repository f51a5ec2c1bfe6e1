"""Commands about things of one kind: ``contacts``, ``files``, ``mesh``, ``rendezvous``, ``room``.

Knows: that such a command lists without a subcommand, the lines for an empty list and unknown states, and
that one thing is recorded or told. Does not know: any of the things.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from p2pchat.cli.connection import open_node
from p2pchat.cli.output import Recorded, print_line, record, say
from p2pchat.cli.settings import CommonOptions, Group

if TYPE_CHECKING:
    from p2pchat.client import Node

Thing = TypeVar("Thing", bound=Recorded)

NO_NODE: Final = "No node runs here, so {} is not known yet. Start one:  p2pchat node run"


class Listing(Group):
    """A command that lists its things when no subcommand follows."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        attributes |= {"callback": self._list_alone, "invoke_without_command": True}
        super().__init__(*args, **attributes)

    def _list_alone(self) -> None:
        context = click.get_current_context()
        if context.invoked_subcommand is None:
            context.invoke(self.commands["list"])


async def listed(
    settings: CommonOptions,
    ask: Callable[[Node], Awaitable[Sequence[Thing]]],
    row: Callable[[Thing], str],
    nothing: str,
    unknown: Callable[[Thing], bool] = lambda thing: False,
    lacking: str = "",
) -> None:
    """Print each thing as its ``row``, or the line ``nothing``. Say what is ``lacking`` if some states are
    ``unknown`` because the node has only just started in this process."""
    async with open_node(settings) as node:
        things = await ask(node)
        just_begun = node.embedded
    for thing in things:
        record(thing) if settings.json else print_line(row(thing))
    if not things:
        say(nothing)
    elif just_begun and not settings.json and any(map(unknown, things)):
        say(NO_NODE.format(lacking))


async def told(
    settings: CommonOptions, ask: Callable[[Node], Awaitable[Thing]], tell: Callable[[Thing], None]
) -> None:
    """Ask for one thing, or have it changed, and ``tell`` a person of it, or record it with ``--json``."""
    async with open_node(settings) as node:
        thing = await ask(node)
    record(thing) if settings.json else tell(thing)
