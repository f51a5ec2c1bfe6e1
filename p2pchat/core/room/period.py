"""One period of a room: the life of one secret.

Knows: its members and their keys, its chains, what is left of it as it grows old. Does not know: which
periods there are besides, or when one is to be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Final

from p2pchat.core.kit.moments import LATEST, NEVER
from p2pchat.crypto.kdf import KEY_BYTES
from p2pchat.crypto.room_chains import MemberChain
from p2pchat.crypto.room_keys import branch_key
from p2pchat.data import dataclass
from p2pchat.types import MemberId
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_cells import (
    CHAIN_CELLS,
    MEMBER_BYTES,
    MEMBERS_MAX,
    PERIOD_BYTES,
    PERIOD_NAME_BYTES,
)
from p2pchat.wire.room_commits import DEPTH_MAX, CommitHead, decode_commit_head, encode_commit_head

SKIPPED_MAX: Final = 4096
"""Keys of cells that did not come, in one period: 128 kB. Beyond it the oldest of the longest chain go."""

RECORD_LIMIT: Final = 1 << 20
"""Bytes of a stored period that we are ready to read back; one with all that it can have has 0.2 MB."""

_WORDS: Final = ("own", "secret", "branch", "tags_of")


@dataclass(slots=True)
class Period:
    """One period. What is secret is emptied when it is forgotten."""

    id: bytes
    head: CommitHead
    """Of its commit."""
    depth: int
    """How many commits lead to it from the room's first period."""
    keys: dict[MemberId, bytes]
    """The roster, with each member's X25519 key, in order of the ids."""
    own: bytes
    """Our own key in it: the public half."""
    tags_of: bytes
    """The period that began with its tag key."""
    opened_at: float
    secret: bytes = field(default=b"", repr=False)
    branch: bytes = field(default=b"", repr=False)
    """What is needed of it to open a commit upon it."""
    bases: dict[MemberId, bytes] = field(default_factory=dict, repr=False)
    """Of the pair with each other member."""
    chains: dict[MemberId, MemberChain] = field(default_factory=dict)
    sending: MemberChain | None = None
    """Our own."""
    index: int = 0
    """Of our next cell."""
    passed_at: float = NEVER
    """Since when another is written under here."""
    superseded_at: float = NEVER
    """Since when another member is known to be further."""
    doubtful: bool = False
    """Its author has made another commit upon the same parent, which came before."""
    count: int = 0
    """Messages in it, ours and others'."""
    members: tuple[MemberId, ...] = ()
    places: dict[MemberId, int] = field(default_factory=dict, repr=False)
    """Where each member stands among them."""

    def __post_init__(self) -> None:
        self.members = tuple(sorted(self.keys))
        self.places = {member: at for at, member in enumerate(self.members)}

    @property
    def parent(self) -> bytes:
        """The period upon which its commit was made."""
        return self.head.parent

    @property
    def author(self) -> MemberId:
        """Whose commit began it."""
        return MemberId(self.head.author)

    @property
    def heads(self) -> bytes:
        """The log's heads that its commit names."""
        return self.head.heads

    @property
    def name(self) -> bytes:
        """By which cells call it."""
        return self.id[:PERIOD_NAME_BYTES]

    def derive_chains(self, secret: bytes, own: MemberId) -> None:
        """Derive all that follows from its secret."""
        self.secret, self.branch = secret, branch_key(secret)
        self.chains = {
            member: MemberChain.from_secret(secret, member) for member in self.members if member != own
        }
        self.sending = MemberChain.from_secret(secret, own)

    def place_among_others(self, member: MemberId, than: MemberId) -> int:
        """Where a member stands among all but one."""
        at = self.places[member]
        return at - (at > self.places[than])

    def list_others(self, than: MemberId) -> tuple[MemberId, ...]:
        """All members but one, in order of their ids."""
        return tuple(member for member in self.members if member != than)

    # --- forgetting

    def forget_secret(self) -> None:
        """Forget what gives the whole of it; commits upon it can be opened still."""
        self.secret = b""

    def forget_all_but(self, absent: Iterable[MemberId]) -> None:
        """Forget all but the chains of members that may have heard of no later period, and what is needed to
        check their MACs."""
        kept = set(absent)
        self.secret = self.branch = b""
        self.sending = None
        self.chains = {member: chain for member, chain in self.chains.items() if member in kept}
        self.bases = {member: base for member, base in self.bases.items() if member in kept}

    def bound_skipped(self) -> None:
        """Forget the oldest skipped keys beyond the cap."""
        over = sum(len(chain.skipped) for chain in self.chains.values()) - SKIPPED_MAX
        if over > 0:
            max(self.chains.values(), key=lambda chain: len(chain.skipped)).forget_oldest(over)

    # --- keeping

    def as_record(self) -> bytes:
        """Return all that must outlive a crash."""
        places = self.places
        value: dict[str, Any] = {word: getattr(self, word) for word in _WORDS}
        value |= {
            "head": encode_commit_head(self.head),
            "depth": self.depth,
            "ids": b"".join(self.members),
            "keys": b"".join(self.keys[member] for member in self.members),
            "opened": self.opened_at,
            "passed": min(self.passed_at, LATEST),
            "superseded": min(self.superseded_at, LATEST),
            "bases": [[places[member], base] for member, base in self.bases.items()],
            "chains": [[places[member], *chain.to_fields()] for member, chain in self.chains.items()],
            "sending": self.sending.chain if self.sending is not None else b"",
            "index": self.index,
            "doubtful": self.doubtful,
            "count": self.count,
        }
        return codec.pack(value)

    @classmethod
    def from_record(cls, id: bytes, record: bytes) -> Period:
        """Undo ``as_record``. Raises Malformed."""
        reader = Reader(codec.unpack(record, RECORD_LIMIT))
        members = _cut(reader.get_bytes("ids", limit=MEMBERS_MAX * MEMBER_BYTES), MEMBER_BYTES)
        keys = _cut(reader.get_bytes("keys", len(members) * KEY_BYTES), KEY_BYTES)
        passed, superseded = (reader.get_float(key, 0.0, LATEST) for key in ("passed", "superseded"))
        sending = reader.get_bytes("sending")
        period = cls(
            id,
            decode_commit_head(reader.get_bytes("head"))[0],
            reader.get_integer("depth", 0, DEPTH_MAX),
            dict(zip(map(MemberId, members), keys, strict=True)),
            reader.get_bytes("own", KEY_BYTES),
            reader.get_bytes("tags_of", PERIOD_BYTES),
            reader.get_float("opened", 0.0, LATEST),
            reader.get_bytes("secret", limit=KEY_BYTES),
            reader.get_bytes("branch", limit=KEY_BYTES),
            passed_at=passed if passed < LATEST else NEVER,
            superseded_at=superseded if superseded < LATEST else NEVER,
            index=reader.get_integer("index", 0, CHAIN_CELLS),
            doubtful=reader.get_flag("doubtful"),
            count=reader.get_integer("count", 0, 2**32),
        )
        of = period.members
        period.bases = {of[at]: base for at, base in reader.get_list("bases", MEMBERS_MAX)}
        period.chains = {
            of[at]: MemberChain.from_fields(*rest) for at, *rest in reader.get_list("chains", MEMBERS_MAX)
        }
        period.sending = MemberChain(sending, period.index) if sending else None
        return period


def roster_keys(
    parent: Mapping[MemberId, bytes], entries: Mapping[MemberId, bytes], author: MemberId, key: bytes
) -> dict[MemberId, bytes]:
    """The keys in a period whose roster is that of ``entries`` (with the key of each member's entry): those
    of the parent, where a member was in it, and the author's new one."""
    keys = {member: parent.get(member, entry) for member, entry in sorted(entries.items())}
    return {**keys, author: key}


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]
