"""The common part of commands that send something and wait for its delivery.

Knows: the state to wait for, and how it is told. Does not know: what is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, get_args

import click
from click.shell_completion import CompletionItem

from p2pchat.cli.output import record, say
from p2pchat.cli.parameters import SECONDS
from p2pchat.control.parameters import Wait
from p2pchat.control.values import given
from p2pchat.wording.references import reached_words

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.answers import DeliveryInfo
    from p2pchat.control.events import ReceiptEvent

STATES: Final[dict[str, Wait]] = {state: state for state in get_args(Wait)}

F = TypeVar("F", bound=Callable[..., object])


class Goal(NamedTuple):
    """What is waited for."""

    state: Wait
    members: int | None = None
    """So many members of a room; None: all who were heard within the last day."""


class GoalType(click.ParamType[Goal]):
    """``queued``, ``relayed``, ``delivered`` or ``delivered:K``."""

    name = "queued|relayed|delivered[:K]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Goal:
        """Raises BadParameter."""
        state, colon, number = str(value).partition(":")
        if state in STATES and not colon:
            return Goal(STATES[state])
        if state != "delivered" or not re.fullmatch(r"[1-9]|[1-4][0-9]", number):
            self.fail(
                f"{value!r} is not queued, relayed, delivered, or delivered:K with a number of members",
                param,
                ctx,
            )
        return Goal("delivered", int(number))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        """Offer the states."""
        return [CompletionItem(state) for state in STATES if state.startswith(incomplete)]


def wait_options(function: F) -> F:
    """``--wait`` and ``--timeout``."""
    wait = click.option(
        "--wait",
        "goal",
        type=GoalType(),
        default="delivered",
        help="The state to wait for; in a room delivered:K waits for K members.",
    )
    timeout = click.option("--timeout", type=SECONDS, default=30.0, help="Seconds to wait for that state.")
    return wait(timeout(function))


def record_state(reached: ReceiptEvent | DeliveryInfo) -> None:
    """Print the delivery state as JSON."""
    shown: Mapping[str, object] = reached.as_record()
    kept = {name: shown[name] for name in ("id", "state", "at", "reached", "of") if name in shown}
    record({"type": "receipt", **kept})


def say_state(reached: ReceiptEvent | DeliveryInfo) -> None:
    """Print the delivery state in words: ``relayed``, or in a room ``delivered to 2 of 5``."""
    members = given(reached.reached)
    say(reached.state if not members else reached_words(members, given(reached.of) or members))


def say_what_waits(node: Node, reached: DeliveryInfo) -> None:
    """Print a hint for a message that waits for a node to run."""
    if reached.state == "queued" and node.embedded:
        say("It goes out while a node runs here: p2pchat node run")
