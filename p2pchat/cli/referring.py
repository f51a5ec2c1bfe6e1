"""The common part of ``react``, ``correct`` and ``withdraw``, which refer to one message.

Knows: how the delivery state is told. Does not know: what is sent. Beside ``sending``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from p2pchat.cli.connection import hosting, open_node
from p2pchat.cli.run import wait_for
from p2pchat.cli.sending import record_state, say_state, say_what_waits
from p2pchat.cli.settings import CommonOptions

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.answers import DeliveryInfo


def say_of_message(
    settings: CommonOptions, timeout: float, does: Callable[[Node], Awaitable[DeliveryInfo]]
) -> None:
    """Have a node send the reference, and print its delivery state."""

    async def run() -> None:
        async with open_node(settings, timeout) as node:
            result = await does(node)
            if settings.json:
                record_state(result)
            else:
                say_state(result)
            say_what_waits(node, result)

    wait_for(run(), settings, fast=hosting(settings))
