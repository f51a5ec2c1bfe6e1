"""What a node remembers across restarts, as values.

Knows: the shape of what is kept. Does not know: when it changes (``changes``); SQL, files or encryption
(``store`` does).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from enum import Enum

from p2pchat.core.values.files import FileRecord
from p2pchat.core.values.references import Answered, Referred
from p2pchat.core.values.room_records import LinePlace, RoomOfferRecord, RoomState
from p2pchat.data import dataclass
from p2pchat.types import (
    CellKey,
    ContactId,
    ConversationId,
    Epoch,
    MeshId,
    MessageId,
    MessageName,
    MessageState,
)
from p2pchat.wire.places import grown


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of this home."""

    name: str
    """The nickname offered to new contacts."""
    account: bytes = field(repr=False)
    """Olm account, pickled under ``pickle_key``."""
    pickle_key: bytes = field(repr=False)
    """32 random bytes under which Olm states are pickled inside the (encrypted) store."""
    identity_key: bytes
    """Curve25519 public identity key, 32 bytes."""
    rendezvous: tuple[str, ...]
    """Rendezvous URLs given at ``init``."""
    created_at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class MeshRecord:
    """A mesh this node takes part in."""

    id: MeshId
    secret: bytes = field(repr=False)
    """32 bytes shared by every member; the pre-shared key of offers, answers and links."""
    rendezvous: tuple[str, ...]
    """Where its members are met: no other mesh's members are, and no invite into another mesh names them."""
    joined_at: float
    theirs: tuple[str, ...] = ()
    """Those of ``rendezvous`` that others named and the person only agreed to: they are met at public
    addresses alone."""

    generation: int = 0
    """How many meshes it follows, each left because a contact was removed."""
    begins_at: float = 0.0
    """When we came from the one before, or, while ``replaces`` says which, will go."""
    replaces: MeshId | None = None
    """Not joined yet: the mesh that we are in until ``begins_at``."""
    successor: MeshId | None = None
    """The mesh that has followed this one; it is left soon."""
    replaced_at: float = 0.0

    def with_rendezvous(self, urls: Iterable[str], theirs: bool) -> MeshRecord:
        """The same, met at ``urls`` too, as far as a list may grow. A typed one is no longer theirs."""
        more = tuple(urls)
        rendezvous = grown(self.rendezvous, more)
        if theirs:
            named = (*self.theirs, *(url for url in rendezvous if url not in self.rendezvous))
        else:
            named = tuple(url for url in self.theirs if url not in more)
        return replace(self, rendezvous=rendezvous, theirs=named)

    def without_rendezvous(self, url: str) -> MeshRecord:
        """The same, without ``url``."""
        rendezvous, theirs = (
            tuple(known for known in urls if known != url) for urls in (self.rendezvous, self.theirs)
        )
        return replace(self, rendezvous=rendezvous, theirs=theirs)


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known of whether a contact's keys are that person's, and theirs alone."""

    verified: bool = False
    """Whether the safety number was compared."""
    verified_before: bool = False
    """The safety number was compared before the present session, and not since."""
    renewed_at: float = 0.0
    """When we last made a new session because one of the two homes went back, or was copied; 0: never."""
    renewal: bytes = b""
    """A hash of what was exchanged then, the same at both ends; safety numbers take it in."""


@dataclass(frozen=True, slots=True)
class ConversationPreferences:
    """The settings of a conversation, by the person here or by both."""

    muted: bool = False
    """Whether what they write makes no noise here."""
    retention_s: float = 0.0
    """What is said is forgotten, by both, so many seconds after it was written; 0: never."""
    retention_turn: int = 0
    """The number of that decision; 0: none was made yet."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Someone we paired with."""

    id: ContactId
    name: str
    """Our name for them; unique in this home."""
    identity_key: bytes
    mesh: MeshId
    how: str
    """How they were paired: ``words`` or ``link``; or met: ``room``, ``friend``."""
    added_at: float
    trust: Trust = Trust()
    preferences: ConversationPreferences = ConversationPreferences()
    blocked: bool = False
    standing: str = ""
    """What is wrong with the session, as in ``core.session.turns.Turn``; empty: nothing."""
    through_room: str = ""
    """In which room we met, as it was called here then; empty: in none."""
    introduced_by: str = ""
    """Who had brought them into that room, or has introduced us, as they were called here then."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """One contact's session, as its machine snapshots it."""

    contact: ContactId
    olm: bytes = field(repr=False)
    """Olm session, pickled."""
    chains: bytes = field(repr=False)
    """Envelope chains and counters, encoded."""


@dataclass(frozen=True, slots=True)
class RecoveryState:
    """What is known of one contact for the time when the session is of no use."""

    contact: ContactId
    state: bytes = field(repr=False)
    """Recovery keys and what is under way, as their machine snapshots it."""


class OutboxKind(Enum):
    """What an entry of the outbox says."""

    TEXT = "text"
    """What a person wrote: it has a line in history."""
    REFERENCE = "reference"
    """What a person said of a line."""
    REKEY = "rekey"
    RECOVERY = "recovery"
    """The public half of a recovery key."""
    RETENTION = "retention"
    """How long what is said lasts."""
    MESH = "mesh"
    """In which mesh we are: true in any session."""
    ROOM = "room"
    """About letting somebody into a room: true in any session, too."""
    INTRODUCTION = "introduction"
    """A word of an introduction: it concerns other people than this contact, and is true in any session."""
    FILE = "file"
    """An offer of a file, or what became of one: true in any session, too."""

    @property
    def personal(self) -> bool:
        """Whether a person said it: that has a state, expires, goes over into another session, and is
        cancelled when the contact is blocked."""
        return self in (OutboxKind.TEXT, OutboxKind.REFERENCE)

    @property
    def outlives_session(self) -> bool:
        """Whether it goes over into another session."""
        true_in_any = (OutboxKind.MESH, OutboxKind.ROOM, OutboxKind.INTRODUCTION, OutboxKind.FILE)
        return self.personal or self in true_in_any


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A payload accepted for sending and not yet acknowledged."""

    id: MessageId
    conversation: ConversationId
    payload: bytes = field(repr=False)
    """Encoded application payload."""
    order: int
    """Position in this home's outbox; messages leave in this order."""
    expires_at: float
    number: int | None = None
    """The session's number for it, once sealed."""
    ciphertext: bytes | None = field(default=None, repr=False)
    """Olm message type (1 byte) and body, once sealed; repeats reuse it."""
    kind: OutboxKind = OutboxKind.TEXT
    held: bool = False
    """Waits until the person says that it may go to a home that was restored."""


@dataclass(frozen=True, slots=True)
class Message:
    """One line of history."""

    id: MessageId
    conversation: ConversationId
    author: ContactId | None
    """Its author, in a room a member (``types.person_of``); None: the person here."""
    at: float
    """When it was written, by its writer's clock; Unix seconds."""
    text: str = field(repr=False)
    state: MessageState
    """For incoming messages always ``DELIVERED``."""
    expires_at: float | None = None
    """When it is to be forgotten, by our clock; None: never."""
    rewritten: bool = False
    """Whether its text here is another by now than what was sent."""
    answers: MessageName | None = None
    """Which line it is a reply to."""
    mentions: bool = False
    """Whether it mentions its reader."""
    unknown: int = 0
    """The type of a payload that this version does not know, and of which nothing else is kept; 0: a text."""
    referred: Referred | None = None
    """What refers to it, if anything does."""
    answered: Answered | None = None
    """The line that it answers, if that is here: found when it is read, and kept nowhere."""
    room: LinePlace | None = None
    """Of a line of a room."""

    @property
    def outgoing(self) -> bool:
        """Whether it was written here."""
        return self.author is None


@dataclass(frozen=True, slots=True)
class HeldCell:
    """A cell kept for absent members: other people's ciphertext."""

    number: int
    """In which order this mesh's cells came to be kept, from 1."""
    key: CellKey
    epoch: Epoch
    slot: int
    """The minute in which it was first seen; Unix seconds // 60."""
    body: bytes = field(default=b"", repr=False)
    """``GEOMETRY.cell`` bytes; none in an index."""


@dataclass(frozen=True, slots=True)
class Tried:
    """An invite's code at which a guess was made, by us or by a guest: never open again."""

    mark: bytes
    """What it is known by, 16 bytes; not the code."""
    at: float
    contact: ContactId | None = None
    """The resulting contact."""


@dataclass(frozen=True, slots=True)
class PatienceState:
    """How long messages have waited (``core.messaging.patience``), when the machine's clock said ``now``."""

    at: float
    now: float


@dataclass(frozen=True, slots=True)
class Memory:
    """All that a node needs to resume."""

    identity: Identity
    meshes: tuple[MeshRecord, ...] = ()
    contacts: tuple[Contact, ...] = ()
    sessions: tuple[SessionState, ...] = ()
    outbox: tuple[OutboxEntry, ...] = ()
    """Ordered by ``order``."""
    held: Mapping[MeshId, tuple[HeldCell, ...]] = field(default_factory=dict)
    """The index of each mesh's hold, ordered by ``number``."""
    lines_expire: bool = False
    """Whether any line of history is to be forgotten some day."""
    tried: tuple[Tried, ...] = ()
    """Ordered by ``at``."""
    patience: PatienceState | None = None
    """None: a home that never ran."""
    recoveries: tuple[RecoveryState, ...] = ()
    listeners: Mapping[MeshId, tuple[str, ...]] = field(default_factory=dict)
    """Where members of each mesh listen."""
    has_versions: bool = False
    """Whether there is something that a line said before."""
    set_back: str = ""
    """What tells that the store, or a part of it, is older than it should be: a sentence for its owner."""
    rooms: tuple[RoomState, ...] = ()
    """Ordered by ``joined_at``."""
    room_offers: tuple[RoomOfferRecord, ...] = ()
    """Ordered by ``at``."""
    files: tuple[FileRecord, ...] = ()
    """Ordered by ``at``."""
    introductions: tuple[bytes, ...] = ()
    """As ``core.introductions`` encodes them."""
