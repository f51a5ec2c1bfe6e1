"""The common part of commands that send something and wait for its delivery.

Knows: the state to wait for, and how it is told. Does not know: what is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from p2pchat.cli.output import record, say
from p2pchat.cli.parameters import SECONDS

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.answers import DeliveryInfo
    from p2pchat.control.events import ReceiptEvent

F = TypeVar("F", bound=Callable[..., object])


def wait_options(function: F) -> F:
    """``--wait`` and ``--timeout``."""
    wait = click.option(
        "--wait",
        type=click.Choice(["queued", "relayed", "delivered"]),
        default="delivered",
        help="The state to wait for.",
    )
    timeout = click.option("--timeout", type=SECONDS, default=30.0, help="Seconds to wait for that state.")
    return wait(timeout(function))


def record_state(reached: ReceiptEvent | DeliveryInfo) -> None:
    """Print the delivery state as JSON."""
    record({"type": "receipt", "id": reached.id, "state": reached.state, "at": reached.at})


def say_what_waits(node: Node, reached: DeliveryInfo) -> None:
    """Print a hint for a message that waits for a node to run."""
    if reached.state == "queued" and node.embedded:
        say("It goes out while a node runs here: p2pchat node run")
