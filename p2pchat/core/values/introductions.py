"""Introductions: how two become contacts without a code, through a room or by a friend.

Knows: what is kept of one, what the person wants, what people are told. Does not know: the words that nodes
exchange, or when anything follows.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from p2pchat.data import dataclass
from p2pchat.types import ContactId, ConversationId, IntroductionId, MemberId, MeshId


@dataclass(frozen=True, slots=True)
class MemberOf:
    """A member of a room in which we are."""

    room: ConversationId
    member: MemberId


@dataclass(frozen=True, slots=True)
class MemberPerson:
    """What is known here of another member of a room."""

    name: str
    """As it calls itself in the room."""
    own: MemberId
    """Who we are there."""
    room_name: str
    """As the room is called here."""
    by: str
    """Who let it in, as that one is called here; empty: it has founded the room, or we did."""
    mesh: MeshId
    contact: ContactId | None
    """Which contact it is, as far as that is known."""


Source = ContactId | MemberOf
"""With whom the words of an introduction are exchanged: the friend who introduces, or the other itself."""


class Stage(Enum):
    """How far an introduction has come at one of the two."""

    OPEN = "open"
    """The person here is asked."""
    WAITING = "waiting"
    """The person here agrees, as the guest: the host's keys are awaited."""
    KEYS_SENT = "keys sent"
    """The person here agrees, as the host: the guest's answer is awaited."""
    ANSWERED = "answered"
    """The host's welcome is awaited."""
    COMPLETE = "complete"
    """They are contacts; what the host said last is kept, to be said again."""
    OVER = "over"
    """The person here has declined: the same member is not heard again for a while."""
    WITHDRAWN = "withdrawn"
    """The question was taken back: the next one about the same person is not told as a new one."""

    @property
    def is_agreed(self) -> bool:
        """Whether the person here agrees, and it is under way."""
        return self in (Stage.WAITING, Stage.KEYS_SENT, Stage.ANSWERED)

    @property
    def is_final(self) -> bool:
        """Whether nothing more comes of it."""
        return self in (Stage.COMPLETE, Stage.OVER, Stage.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class IntroductionRecord:
    """An introduction of the person here to another."""

    id: IntroductionId
    source: Source
    name: str
    """The other's: in a room its own, else as the friend says."""
    at: float
    stage: Stage
    host: bool
    """Whether we give the first keys."""
    seed: bytes = field(repr=False)
    secrets: bytes = field(default=b"", repr=False)
    """What is needed until the session stands."""
    keys: bytes = field(default=b"", repr=False)
    """The host's word with its keys."""
    last_word: bytes = field(default=b"", repr=False)
    """Our last word: in a room it is said again until it is answered."""
    rivals: tuple[bytes, ...] = ()
    """Identities with which another introduction, of a lower id, was completed since this one began."""
    quiet: bool = False
    """A question after one that was taken back: it is listed, and people are told neither of it nor of its
    withdrawal."""


@dataclass(frozen=True, slots=True)
class MediationRecord:
    """An introduction of two contacts, which we have made."""

    id: IntroductionId
    host: ContactId
    guest: ContactId
    at: float
    agreed: bool = False
    """Whether the guest agrees."""
    keys: bytes = field(default=b"", repr=False)
    """The host's word with its keys: with it, it agrees."""
    answered: bool = False
    """Whether the guest's answer was passed on."""


# --- what the person wants


@dataclass(frozen=True, slots=True)
class ContactRequested:
    """Ask a member of a room whether we shall be contacts; or agree, where it has asked us."""

    room: ConversationId
    member: MemberId


@dataclass(frozen=True, slots=True)
class ContactsIntroduced:
    """Ask two contacts whether they shall be contacts of each other."""

    one: ContactId
    other: ContactId


@dataclass(frozen=True, slots=True)
class IntroductionAnswered:
    """Agree, or decline."""

    introduction: IntroductionId
    accept: bool


@dataclass(frozen=True, slots=True)
class IntroductionWithdrawn:
    """Take back what we have asked, agreed to, or proposed to two contacts."""

    introduction: IntroductionId


ForIntroductions = ContactRequested | ContactsIntroduced | IntroductionAnswered | IntroductionWithdrawn
"""What concerns introductions alone."""


# --- what people are told


class IntroductionTurn(Enum):
    """What became of an introduction."""

    REQUESTED = "requested"
    """The person here is asked."""
    MADE = "made"
    """The person here has asked a member, or two contacts."""
    AGREED = "agreed"
    """The person here agrees; or, ``by``, one of two contacts."""
    COMPLETED = "completed"
    """The two are contacts."""
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VOID = "void"
    """One of them is out of the room, or no contact of the friend's any more."""
    FULL = "full"
    """The other home has no place for another question."""
    FAILED = "failed"
    """What was said does not fit together."""


@dataclass(frozen=True, slots=True)
class IntroductionTurned:
    """Something became of an introduction; it is over but after ``REQUESTED``, ``MADE`` and ``AGREED``."""

    introduction: IntroductionRecord | MediationRecord
    turn: IntroductionTurn
    contact: ContactId | None = None
    """Who is a contact now; or which of two contacts has agreed or declined."""


# --- what is kept


@dataclass(frozen=True, slots=True)
class PutIntroduction:
    """Keep one, as its machine encodes it."""

    id: IntroductionId
    state: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DropIntroduction:
    id: IntroductionId


IntroductionChange = PutIntroduction | DropIntroduction
