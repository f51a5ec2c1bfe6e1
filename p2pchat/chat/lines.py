"""A line of a conversation: in the history, just come, or not sent yet.

Knows: what is known of it. Does not know: where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from p2pchat.control.events import State

if TYPE_CHECKING:
    from p2pchat.control.events import HistoryLine

Stage = Literal["sending", "queued", "relayed", "delivered", "expired", "cancelled"]
"""How far a line of ours has come: what the node says of it, and before that, that no node has it."""

STAGES: Final[tuple[Stage, ...]] = ("sending", *get_args(State))

FINAL: Final[tuple[Stage, ...]] = ("delivered", "expired", "cancelled")
"""Nothing more becomes of such a line."""


def is_further(stage: Stage, than: Stage) -> bool:
    """Whether a line has come further; a stage that was reached is never left for an earlier one."""
    return STAGES.index(stage) > STAGES.index(than)


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One line, with whom it was exchanged and who wrote it."""

    id: str
    contact: str
    sender: str
    at: str
    text: str
    outgoing: bool
    stage: Stage
    expires_at: str | None = None
    rewritten: bool = False


def line_of(message: HistoryLine) -> ChatLine:
    """A message of the node's as a line."""
    return ChatLine(
        message.id,
        message.contact,
        message.sender,
        message.at,
        message.text,
        message.outgoing,
        message.state,
        message.expires_at,
        message.rewritten,
    )


def lines_of(messages: Iterable[HistoryLine]) -> list[ChatLine]:
    """Messages as lines, in the same order."""
    return [line_of(message) for message in messages]
