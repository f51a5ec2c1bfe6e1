"""A message's state says how far it came, and claims nothing beyond."""

from __future__ import annotations

import pytest

from p2pchat.types import MessageState

QUEUED, RELAYED, DELIVERED = MessageState.QUEUED, MessageState.RELAYED, MessageState.DELIVERED
EXPIRED, CANCELLED = MessageState.EXPIRED, MessageState.CANCELLED


@pytest.mark.parametrize("state", list(MessageState))
def test_nothing_follows_a_final_state(state: MessageState) -> None:
    assert state.final is (state in (DELIVERED, EXPIRED, CANCELLED))


@pytest.mark.parametrize(
    ("state", "wanted", "reached"),
    [
        (QUEUED, QUEUED, True),
        (QUEUED, RELAYED, False),
        (RELAYED, QUEUED, True),
        (DELIVERED, RELAYED, True),
        (RELAYED, DELIVERED, False),
        (EXPIRED, QUEUED, False),
        (CANCELLED, CANCELLED, False),
    ],
)
def test_a_state_reaches_those_before_it_on_the_way(
    state: MessageState, wanted: MessageState, reached: bool
) -> None:
    assert state.has_reached(wanted) is reached
