"""What ``react``, ``correct`` and ``withdraw`` have in common: something is said of one message.

Knows: which state is waited for, and how it is told. Does not know: what is said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from p2pchat.cli.connection import hosting, open_node
from p2pchat.cli.output import record, say
from p2pchat.cli.parameters import SECONDS
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import CommonOptions

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.answers import DeliveryInfo

F = TypeVar("F", bound=Callable[..., object])


def wait_options(function: F) -> F:
    """``--wait`` and ``--timeout``, as ``send`` has them."""
    wait = click.option(
        "--wait",
        type=click.Choice(["queued", "relayed", "delivered"]),
        default="delivered",
        help="Which state to wait for.",
    )
    timeout = click.option("--timeout", type=SECONDS, default=30.0, help="Seconds to wait for it.")
    return wait(timeout(function))


def say_of_message(
    settings: CommonOptions, timeout: float, does: Callable[[Node], Awaitable[DeliveryInfo]]
) -> None:
    """Have a node say it, and tell how far it has come."""

    async def run() -> None:
        async with open_node(settings, timeout) as node:
            result = await does(node)
            if settings.json:
                record({"type": "receipt", "id": result.id, "state": result.state, "at": result.at})
            else:
                say(result.state)
            if result.state == "queued" and node.embedded:
                say("It goes out while a node runs here: p2pchat node run")

    wait_for(run(), settings, fast=hosting(settings))
