"""How a commit is made upon a period, and how a member opens one.

Knows: shares, masks, MACs, the confirmation. Does not know: which periods are kept, or when to commit.

A share is the same for all members, and a member with a right MAC whose own share does not give the
confirmation knows that the author made it so: the MAC is over that very share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from p2pchat.core.room.pairs import MemberPairs
from p2pchat.core.room.period import Period, roster_keys
from p2pchat.crypto.kdf import digest
from p2pchat.crypto.room_keys import (
    MemberKey,
    PairKey,
    are_equal,
    check_member_key,
    confirmation_of,
    mask_share,
    next_secret,
    period_id,
    rest_of_head,
    roster_digest,
)
from p2pchat.data import dataclass
from p2pchat.errors import Malformed, Unreadable
from p2pchat.types import MemberId
from p2pchat.wire.room_commits import CommitHead, KeptShare, RoomCommit

Entries = Mapping[MemberId, bytes]
"""A roster: each member, with the X25519 key of the entry that let it in."""


@dataclass(frozen=True, slots=True)
class CheckedHead:
    """A commit's head whose MAC is right for us, and what follows from it."""

    head: CommitHead
    id: bytes
    """Of the period that it begins."""
    rest: bytes
    keys: dict[MemberId, bytes]

    def fits_secret(self, secret: bytes) -> bool:
        """Whether a secret is that of the period."""
        return are_equal(confirmation_of(secret, self.rest), self.head.confirmation)


class UnevenShare(Unreadable):
    """The author has given us another share than it confirms."""

    kind = "uneven"

    def __init__(self, checked: CheckedHead) -> None:
        super().__init__("a share that does not give the confirmation")
        self.checked = checked


@dataclass(frozen=True, slots=True)
class MadeCommit:
    """A commit of our own, and the period that it begins."""

    commit: RoomCommit
    checked: CheckedHead
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CommitPlan:
    """What a new commit is to say."""

    index: int
    heads: bytes
    entries: Entries
    tag_epoch: int


def make_commit(
    parent: Period, pairs: MemberPairs, new: MemberKey, share: bytes, plan: CommitPlan
) -> MadeCommit:
    """Make a commit upon a period with a new key and 32 random bytes. Raises Unreadable on a member's key
    that is refused."""
    keys = roster_keys(parent.keys, plan.entries, pairs.own, new.public)
    others = [member for member in keys if member != pairs.own]
    bases = {member: parent_base(parent, pairs, member, keys[member]) for member in others}
    sending = {member: pairs.sending_key(bases[member], member) for member in others}
    masked = tuple(
        mask_share(
            share,
            _mask(sending[member], pairs.own, member, new.agree_with(keys[member]), (parent.id, new.public)),
        )
        for member in others
    )
    hashes = digest(b"".join(masked))
    head = CommitHead(
        parent.id, pairs.own, plan.index, plan.heads, new.public, hashes, bytes(32), plan.tag_epoch
    )
    rest = rest_of_head(pairs.room, head, roster_digest(keys.items()))
    secret = next_secret(parent.branch, share, rest)
    head = replace(head, confirmation=confirmation_of(secret, rest))
    id = period_id(rest, head.confirmation)
    macs = tuple(
        sending[member].commit_mac(pairs.own, member, id, hidden)
        for member, hidden in zip(others, masked, strict=True)
    )
    return MadeCommit(RoomCommit(head, macs, masked), CheckedHead(head, id, rest, keys), secret)


def open_commit(
    parent: Period, pairs: MemberPairs, commit: RoomCommit, entries: Entries, now: float
) -> tuple[CheckedHead, bytes, PairKey]:
    """Open a whole commit of another member: its head, the new secret, and the key of its MAC. Raises
    Malformed, Unreadable, UnevenShare; changes nothing."""
    others = [member for member in sorted(entries) if member != commit.head.author]
    if len(commit.masked) != len(others):
        raise Malformed("a commit for another roster")
    if digest(b"".join(commit.masked)) != commit.head.shares:
        raise Malformed("a commit with other shares than it says")
    if pairs.own not in others:
        raise Unreadable("a commit without us")
    at = others.index(pairs.own)
    return open_share(parent, pairs, KeptShare(commit.head, commit.macs[at], commit.masked[at]), entries, now)


def open_share(
    parent: Period, pairs: MemberPairs, kept: KeptShare, entries: Entries, now: float
) -> tuple[CheckedHead, bytes, PairKey]:
    """The same, of what a member has kept for us."""
    head = kept.head
    author = MemberId(head.author)
    if author not in parent.keys or author not in entries:
        raise Unreadable("a commit by somebody who is not in, or is removed by it")
    if not head.tag_epoch and not set(parent.keys) <= set(entries):
        raise Malformed("a removal that leaves the tag key")
    checked = _check(parent, pairs, head, entries)
    key = _right_key(parent, pairs, kept, checked, now)
    own = pairs.find_own(parent.own)
    if own is None:
        raise Unreadable("our own key of then is forgotten")
    mask = _mask(key, author, pairs.own, own.agree_with(head.key), (parent.id, head.key))
    secret = next_secret(parent.branch, mask_share(kept.masked, mask), checked.rest)
    if not checked.fits_secret(secret):
        raise UnevenShare(checked)
    return checked, secret, key


def parent_base(parent: Period, pairs: MemberPairs, member: MemberId, key: bytes) -> bytes:
    """What we have in common with a member under our key of the parent, newcomers too."""
    return parent.bases.get(member) or pairs.make_base(parent.own, member, key)


def _check(parent: Period, pairs: MemberPairs, head: CommitHead, entries: Entries) -> CheckedHead:
    pairs.check_new(head.key)
    keys = roster_keys(parent.keys, entries, MemberId(head.author), head.key)
    for member, key in keys.items():
        if member not in parent.keys:
            check_member_key(key)
    rest = rest_of_head(pairs.room, head, roster_digest(keys.items()))
    return CheckedHead(head, period_id(rest, head.confirmation), rest, keys)


def _right_key(
    parent: Period, pairs: MemberPairs, kept: KeptShare, checked: CheckedHead, now: float
) -> PairKey:
    author = MemberId(kept.head.author)
    base = parent_base(parent, pairs, author, parent.keys[author])
    for key in pairs.possible_keys(base, author, now):
        if are_equal(key.commit_mac(author, pairs.own, checked.id, kept.masked), kept.mac):
            return key
    raise Unreadable("a commit with a wrong MAC")


def _mask(
    key: PairKey, author: MemberId, receiver: MemberId, point: bytes, head: tuple[bytes, bytes]
) -> bytes:
    return key.derive_mask(author, receiver, point, head)
