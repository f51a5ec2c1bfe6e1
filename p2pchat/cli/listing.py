"""The shape of a noun whose things are listed: ``contacts``, ``mesh``, ``rendezvous``.

Knows: that such a noun alone lists, and what is said of nothing and of what is not known. Does not know: any
of the things.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from p2pchat.cli.connection import open_node
from p2pchat.cli.output import Recorded, payload, record, say
from p2pchat.cli.settings import CommonOptions, Group

if TYPE_CHECKING:
    from p2pchat.client import Node

Thing = TypeVar("Thing", bound=Recorded)

NO_NODE: Final = "No node runs here, so it is not known who is there. Start one:  p2pchat node run"


class Listing(Group):
    """A noun that lists its things when no command follows it."""

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
    unknown: Callable[[Thing], bool],
) -> None:
    """List things, each in its ``row``; or say that there is ``nothing``. Where some of them are ``unknown``
    because the node has only just begun, in this process, say so."""
    async with open_node(settings) as node:
        things = await ask(node)
        just_begun = node.embedded
    for each in things:
        record(each) if settings.json else payload(row(each))
    if not things:
        say(nothing)
    elif just_begun and not settings.json and any(map(unknown, things)):
        say(NO_NODE)
