"""Events that the model of a chat reports to its display.

Knows: the kinds of events. Does not know: their causes, or how they are shown.
"""

from __future__ import annotations

from p2pchat.chat.lines import ChatLine, Stage
from p2pchat.data import dataclass


@dataclass(frozen=True, slots=True)
class LineAdded:
    """A message came, or a message of ours was queued by this or another program."""

    message: ChatLine


@dataclass(frozen=True, slots=True)
class LineRewritten:
    """The text of a line has changed."""

    message: ChatLine


@dataclass(frozen=True, slots=True)
class ReferenceAdded:
    """A reference to a line came; ``line`` is its new state."""

    message: ChatLine
    line: str
    outgoing: bool
    """Whether the reference is ours."""


@dataclass(frozen=True, slots=True)
class LineForgotten:
    """A line was deleted; without an id, all lines of a conversation."""

    name: str
    id: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """The delivery state of a message of ours has advanced."""

    id: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class ReachedMembers:
    """So many of the members of a room have a message of ours."""

    id: str
    reached: int
    of: int


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """Something changed in a room, as a line of its conversation."""

    notice: ChatLine
    urgent: bool
    """Whether a person who looks elsewhere is told, too."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A message of ours cannot be sent."""

    id: str
    to: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class NodeLost:
    """The node is gone or silent, or sent messages wait for it."""

    line: str


@dataclass(frozen=True, slots=True)
class NodeFound:
    """The node is back."""

    line: str


@dataclass(frozen=True, slots=True)
class Hindered:
    """What is in the way of messages of the open conversation has changed; an empty line: nothing is any
    more."""

    line: str


@dataclass(frozen=True, slots=True)
class Decided:
    """The time of disappearing messages was changed."""

    line: str


@dataclass(frozen=True, slots=True)
class Reminded:
    """A reminder for the person."""

    line: str


@dataclass(frozen=True, slots=True)
class Altered:
    """A contact has changed: the list of contacts shows it, and a line tells it."""

    line: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The list of contacts or the line about the node has changed."""


@dataclass(frozen=True, slots=True)
class Preferred:
    """A setting was changed that may concern chats."""


Happening = (
    LineAdded
    | LineRewritten
    | ReferenceAdded
    | LineForgotten
    | Moved
    | ReachedMembers
    | RoomChanged
    | Refused
    | NodeLost
    | NodeFound
    | Hindered
    | Decided
    | Reminded
    | Altered
    | Changed
    | Preferred
)
