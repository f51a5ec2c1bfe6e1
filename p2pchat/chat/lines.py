"""A line of a conversation: from the history, just received, or not sent yet.

Knows: the fields of a line. Does not know: where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal, get_args

from p2pchat.control.events import AnsweredInfo, State
from p2pchat.data import dataclass
from p2pchat.wording.references import answered_beginning, chat_marks, room_oddities

if TYPE_CHECKING:
    from p2pchat.control.events import HistoryLine

Stage = Literal["sending", "queued", "relayed", "delivered", "expired", "cancelled"]
"""The stages of a line of ours: the node's states, and before them that no node has the line."""

STAGES: Final[tuple[Stage, ...]] = ("sending", *get_args(State))

NOT_HERE: Final = answered_beginning(AnsweredInfo(id=None, sender=None, text=None))
"""The words of a reply for a message that is not here."""

FINAL: Final[tuple[Stage, ...]] = ("delivered", "expired", "cancelled")
"""Final stages."""


def is_further(stage: Stage, than: Stage) -> bool:
    """Whether a stage is later than another; a line never goes back to an earlier stage."""
    return STAGES.index(stage) > STAGES.index(than)


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One line, its conversation and its author."""

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
    """The message that it answers, in words; empty: none."""
    answers_id: str | None = None
    """The id of the message that it answers, if that is here."""
    marks: tuple[str, ...] = ()
    """Further facts about it, in words."""
    withdrawn: bool = False
    for_us: bool = False
    """Whether it mentions us."""
    in_room: bool = False
    oddities: tuple[str, ...] = ()
    """What is odd about it, in words."""
    reached: int = 0
    """How many members of a room have it, of a message of ours."""
    of: int = 0
    """How many were to have it."""
    notice: bool = False
    """It tells what changed in a room, and is no message."""


def line_of(message: HistoryLine) -> ChatLine:
    """Convert a message of the node to a line."""
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
        bool(message.mentions) and not message.outgoing,
        message.room is not None,
        room_oddities(message),
        message.reached or 0,
        message.of or 0,
    )


def notice_of(room: str, id: str, at: str, text: str) -> ChatLine:
    """A change of a room as a line."""
    return ChatLine(id, room, "", at, text, outgoing=False, stage="delivered", in_room=True, notice=True)


def has_reached_all(line: ChatLine) -> bool:
    """Whether nothing more is to come of a message of ours to a room."""
    return line.of > 0 and line.reached >= line.of


def lines_of(messages: Iterable[HistoryLine]) -> list[ChatLine]:
    """Convert messages to lines, in the same order."""
    return [line_of(message) for message in messages]


def beginning_of(line: ChatLine) -> str:
    """The beginning of a line, as a reply to it shows it."""
    answered = AnsweredInfo(id=line.id, sender=line.sender, text=line.text, withdrawn=line.withdrawn)
    return answered_beginning(answered)
