"""Keys of a room: pair keys of two members, and how a commit makes a new secret of the one before.

Knows: which keys are refused, what follows from what, what is a MAC of what. Does not know: the members,
which period follows which, cells.

::

    pair(a, b)    = derive(X25519(key a, key b), "room pair", room, ids, keys), the lower id first
    use           = derive(pair | ML-KEM share, use, sender, receiver, …): one for each use and direction

    branch        = derive(secret, "branch")
    mask(m)       = derive(pair | share, "share mask", author, m, X25519(new key, key m), parent, new key)
    rest          = derive("", "commit", room, parent, author, index, heads, new key, H(masked shares),
                           tag epoch, H(roster))
    secret        = derive(branch of the parent | share, "period", rest)
    confirmation  = derive(secret, "confirmation", rest)         period = H(rest | confirmation)

Nothing is signed: each key is known to both ends of a pair, or to all members, so that each checker of a
MAC can also make it. The mask needs the new key or the receiver's own: a thief of all that the author had
before learns nothing of the share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from functools import lru_cache
from hmac import compare_digest

from p2pchat.crypto.exchange import X25519_BYTES, public_point, shared_point
from p2pchat.crypto.kdf import KEY_BYTES, derive, digest
from p2pchat.data import dataclass
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import MemberId, RoomId
from p2pchat.wire.room_cells import MESSAGE_MAC_BYTES
from p2pchat.wire.room_commits import COMMIT_MAC_BYTES, CommitHead

NO_SHARE = bytes(KEY_BYTES)
"""In place of the ML-KEM share, until one was exchanged."""

_PRIME = 2**255 - 19
_ANY_SCALAR = b"\1" * X25519_BYTES
"""X25519 clamps it to a multiple of the cofactor: with a point of low order it gives zero, as any other."""


def check_member_key(key: bytes) -> None:
    """Raise Unreadable on what no honest member has: a key of low order, with which every agreement is known,
    or one of two encodings of a point, which would be one key under two names."""
    if len(key) != X25519_BYTES or int.from_bytes(key, "little") >= _PRIME:
        raise Unreadable("not the one encoding of an X25519 key")
    shared_point(_ANY_SCALAR, key)


@lru_cache(maxsize=1024)
def is_usable_key(key: bytes) -> bool:
    """Whether a key passes ``check_member_key``; each is looked at once."""
    try:
        check_member_key(key)
    except Unreadable:
        return False
    return True


class MemberKey:
    """A member's key pair in one room."""

    def __init__(self, scalar: bytes) -> None:
        self.scalar = scalar
        self.public = public_point(scalar)

    def __repr__(self) -> str:
        return "MemberKey(…)"

    @classmethod
    def generate(cls, entropy: Entropy) -> MemberKey:
        """Draw a new one."""
        return cls(entropy.draw_bytes(X25519_BYTES))

    def agree_with(self, other: bytes) -> bytes:
        """Return X25519 with another's key, 32 bytes. Raises Unreadable."""
        check_member_key(other)
        return shared_point(self.scalar, other)


def pair_base(room: RoomId, own: MemberId, key: MemberKey, other: MemberId, theirs: bytes) -> bytes:
    """Derive what two members have in common, 32 bytes, the same at both ends. Raises Unreadable."""
    (low, low_key), (high, high_key) = sorted([(own, key.public), (other, theirs)])
    return derive(key.agree_with(theirs), "room pair", room, low, high, low_key, high_key)


@dataclass(frozen=True, slots=True)
class PairKey:
    """What only two members know, in the periods in which they have these keys."""

    base: bytes = field(repr=False)
    share: bytes = field(default=NO_SHARE, repr=False)
    """Of ML-KEM."""

    def derive_for(
        self, use: str, sender: MemberId, receiver: MemberId, *parts: bytes, size: int = 32
    ) -> bytes:
        """Derive bytes for one use in one direction."""
        return derive(self.base + self.share, use, sender, receiver, *parts, size=size)

    def message_mac(self, sender: MemberId, receiver: MemberId, told: Iterable[bytes]) -> bytes:
        """MAC of a message, 8 bytes: an attacker has one guess for each message that is lost."""
        return self.derive_for("message mac", sender, receiver, *told, size=MESSAGE_MAC_BYTES)

    def entry_mac(self, sender: MemberId, receiver: MemberId, entry: bytes) -> bytes:
        """MAC of an entry of the membership log, by its id, 16 bytes."""
        return self.derive_for("entry mac", sender, receiver, entry, size=COMMIT_MAC_BYTES)

    def commit_mac(self, sender: MemberId, receiver: MemberId, period: bytes, masked: bytes) -> bytes:
        """MAC of a commit's head, which ``period`` is the hash of, and of the receiver's share, 16 bytes."""
        return self.derive_for("commit mac", sender, receiver, period, masked, size=COMMIT_MAC_BYTES)

    def share_mac(self, sender: MemberId, receiver: MemberId, ciphertext: bytes) -> bytes:
        """MAC of an ML-KEM ciphertext, 16 bytes."""
        return self.derive_for("share mac", sender, receiver, ciphertext, size=COMMIT_MAC_BYTES)

    def derive_mask(
        self, author: MemberId, receiver: MemberId, point: bytes, head: tuple[bytes, bytes]
    ) -> bytes:
        """Mask of a commit's share, 32 bytes; ``point``: X25519 of the new key and the receiver's; ``head``:
        the parent and the new key."""
        return self.derive_for("share mask", author, receiver, point, *head)


def are_equal(one: bytes, other: bytes) -> bool:
    """Compare MACs in a time that says nothing."""
    return compare_digest(one, other)


def mask_share(share: bytes, mask: bytes) -> bytes:
    """Mask a share, or take the mask off."""
    return bytes(a ^ b for a, b in zip(share, mask, strict=True))


def roster_digest(members: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Hash ids and keys of a period's members, in order of their ids."""
    return digest(b"".join(part for member in sorted(members) for part in member))


def rest_of_head(room: RoomId, head: CommitHead, roster: bytes) -> bytes:
    """Hash all of a commit's head but the confirmation, and the roster's digest: two members that see
    different rosters, or different keys in them, share no period."""
    place = head.index.to_bytes(2, "big")
    content = (head.heads, head.key, head.shares, head.tag_epoch.to_bytes(4, "big"))
    return derive(b"", "commit", room, head.parent, head.author, place, *content, roster)


def branch_key(secret: bytes) -> bytes:
    """Derive what a following secret is made of; it does not lead back to the chains."""
    return derive(secret, "branch")


def next_secret(branch: bytes, share: bytes, rest: bytes) -> bytes:
    """Derive the secret of the period that a commit begins."""
    return derive(branch + share, "period", rest)


def confirmation_of(secret: bytes, rest: bytes) -> bytes:
    """Derive what shows that a secret is the right one; no author can make two secrets that it fits."""
    return derive(secret, "confirmation", rest)


def period_id(rest: bytes, confirmation: bytes) -> bytes:
    """Name a period by its commit's whole head, 32 bytes."""
    return digest(rest + confirmation)


def founding_branch(room: RoomId) -> bytes:
    """What the first period's secret is made of, beside its author's share: there were no members before."""
    return derive(room, "founding")
