"""A line of a conversation: in the history, just come, or not sent yet.

Knows: what is known of it. Does not know: where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from p2pchat.control.events import AnsweredInfo, State
from p2pchat.wording.references import answered_beginning, chat_marks

if TYPE_CHECKING:
    from p2pchat.control.events import HistoryLine

Stage = Literal["sending", "queued", "relayed", "delivered", "expired", "cancelled"]
"""How far a line of ours has come: what the node says of it, and before that, that no node has it."""

STAGES: Final[tuple[Stage, ...]] = ("sending", *get_args(State))

NOT_HERE: Final = answered_beginning(AnsweredInfo(id=None, sender=None, text=None))
"""What a reply says of a message that is not here."""

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
    answers: str = ""
    """Whom and what it answers, in words; empty: nothing."""
    answers_id: str | None = None
    """The message that it answers, if that is here."""
    marks: tuple[str, ...] = ()
    """What else is known of it, in words."""
    withdrawn: bool = False


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
        answered_beginning(message.reply_to) if message.reply_to is not None else "",
        message.reply_to.id if message.reply_to is not None else None,
        chat_marks(message),
        message.withdrawn is not None,
    )


def lines_of(messages: Iterable[HistoryLine]) -> list[ChatLine]:
    """Messages as lines, in the same order."""
    return [line_of(message) for message in messages]


def beginning_of(line: ChatLine) -> str:
    """How a reply to it says what it answers."""
    return answered_beginning(AnsweredInfo(id=line.id, sender=line.sender, text=line.text))
