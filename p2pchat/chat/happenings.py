"""What a chat tells whatever shows it.

Knows: what may happen. Does not know: what makes it happen, or what is shown of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from p2pchat.chat.lines import ChatLine, Stage


@dataclass(frozen=True, slots=True)
class LineAdded:
    """A message came, or one of ours was queued here or elsewhere."""

    message: ChatLine


@dataclass(frozen=True, slots=True)
class LineRewritten:
    """A line says something else now."""

    message: ChatLine


@dataclass(frozen=True, slots=True)
class ReferenceAdded:
    """Something was said of a line, which is so now; ``line`` says what."""

    message: ChatLine
    line: str
    outgoing: bool
    """Whether it was said here."""


@dataclass(frozen=True, slots=True)
class LineForgotten:
    """A line is no more; without an id, all that was said with somebody."""

    name: str
    id: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """One of our messages has come further."""

    id: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class Refused:
    """One of our messages cannot be sent at all."""

    id: str
    to: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class NodeLost:
    """The node is gone or silent; or what was sent waits for it."""

    line: str


@dataclass(frozen=True, slots=True)
class NodeFound:
    """It is there again."""

    line: str


@dataclass(frozen=True, slots=True)
class Hindered:
    """What keeps us from everybody is another; an empty line: nothing does any more."""

    line: str


@dataclass(frozen=True, slots=True)
class Decided:
    """Somebody decided how long what is said lasts."""

    line: str


@dataclass(frozen=True, slots=True)
class Reminded:
    """Something should be done that nobody asked about."""

    line: str


@dataclass(frozen=True, slots=True)
class Altered:
    """Something about a contact is another: it shows in a list of people, and lines tell it."""

    line: str


@dataclass(frozen=True, slots=True)
class Changed:
    """Something in the list of people, or in the line about the node."""


@dataclass(frozen=True, slots=True)
class Preferred:
    """Something was set that may concern chats."""


Happened = (
    LineAdded
    | LineRewritten
    | ReferenceAdded
    | LineForgotten
    | Moved
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
