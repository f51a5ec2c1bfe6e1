"""The memory of a caller that repeats a question until it is answered.

Knows: the remaining time, the states that were told, the messages that were shown. Does not know: nodes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import get_args

from p2pchat.control.events import Event, HindranceEvent, ReceiptEvent, State
from p2pchat.control.values import given


def remaining(timeout: float | None) -> Callable[[], float | None]:
    """Return a function that tells how much of ``timeout`` seconds is left."""
    loop = asyncio.get_running_loop()
    end = None if timeout is None else loop.time() + timeout
    return lambda: None if end is None else max(0.0, end - loop.time())


def report_once(
    on_state: Callable[[ReceiptEvent], None] | None, on_hindrance: Callable[[str], None] | None
) -> Callable[[Event], None]:
    """Return a function that reports each state once and in order, even if the question is repeated; in a
    room, also each number of members who have the message."""
    order = get_args(State)
    reached = (-1, -1)

    def report(event: Event) -> None:
        nonlocal reached
        if isinstance(event, HindranceEvent):
            if on_hindrance is not None:
                on_hindrance(event.why)
            return
        if not isinstance(event, ReceiptEvent):
            return
        place = order.index(event.state), given(event.reached) or -1
        if place > reached:
            reached = place
            if on_state is not None:
                on_state(event)

    return report


def remember(shown: dict[str, None], message: str, cap: int = 10_000) -> None:
    """Note that a message was shown, and let the oldest go."""
    shown[message] = None
    if len(shown) > cap:
        del shown[next(iter(shown))]
