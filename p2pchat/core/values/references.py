"""What refers to a line of a conversation and has no line of its own, as values.

Knows: reactions, corrections, withdrawals, and the versions of a text. Does not know: lines, or what follows
from any of these for one (``messaging.referring``).
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from p2pchat.data import dataclass
from p2pchat.types import ContactId, ConversationId, MessageId, MessageName, MessageState


class ReferenceKind(Enum):
    """What a reference does to its line."""

    REACTION = "reaction"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class Reference:
    """One person's word about one line."""

    id: MessageId
    conversation: ConversationId
    author: ContactId | None
    """Its author; None: the person here."""
    kind: ReferenceKind
    target: MessageName
    turn: int
    """Of several of one kind, author and line the one with the highest counts; a withdrawal has 0."""
    at: float
    text: str = field(repr=False)
    """A reaction's sign, empty where it was taken back; what a correction says, until the line has it."""
    state: MessageState
    """For incoming ones always ``DELIVERED``."""
    mentions: bool = False
    expires_at: float | None = None
    """When it is to be forgotten; a correction takes its line along."""

    @property
    def order(self) -> tuple[int, str]:
        """The key that decides which one counts, in any order of arrival."""
        return self.turn, self.id


@dataclass(frozen=True, slots=True)
class Version:
    """What a line said at one time."""

    id: MessageId
    turn: int
    """0: as it was first written."""
    at: float
    text: str = field(repr=False)
    mentions: bool = False

    @property
    def order(self) -> tuple[int, str]:
        """In which they were written."""
        return self.turn, self.id


@dataclass(frozen=True, slots=True)
class Referred:
    """All that refers to one line."""

    correction: Reference | None = None
    """The one that the line's text is from."""
    withdrawal: Reference | None = None
    """With it the line has no text, and no other reference counts."""
    reactions: tuple[Reference, ...] = ()
    """One of each person, by author; those that were taken back are among them."""
    earlier: tuple[Version, ...] = ()
    """What the line said before, in order, where that is kept."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The beginning of the line that another one answers."""

    id: MessageId
    outgoing: bool
    text: str = field(repr=False)
    withdrawn: bool = False
    author: ContactId | None = None
    """In a room, the member that wrote it; None: we, or the contact."""
