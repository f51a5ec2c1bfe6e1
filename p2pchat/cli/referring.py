"""What ``react``, ``correct`` and ``withdraw`` have in common: something is said of one message.

Knows: how it is told how far that has come. Does not know: what is said. Beside ``sending``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from p2pchat.cli.connection import hosting, open_node
from p2pchat.cli.output import say
from p2pchat.cli.run import wait_for
from p2pchat.cli.sending import record_state, say_what_waits
from p2pchat.cli.settings import CommonOptions

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.answers import DeliveryInfo


def say_of_message(
    settings: CommonOptions, timeout: float, does: Callable[[Node], Awaitable[DeliveryInfo]]
) -> None:
    """Have a node say it, and tell how far it has come."""

    async def run() -> None:
        async with open_node(settings, timeout) as node:
            result = await does(node)
            if settings.json:
                record_state(result)
            else:
                say(result.state)
            say_what_waits(node, result)

    wait_for(run(), settings, fast=hosting(settings))
