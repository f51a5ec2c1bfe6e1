"""The messages of a room, invented by one member alone, and a judge that cannot tell them apart.

Knows: what a member has at the end of a day, and what it can make of that and the others' public keys. Does
not know: how any of it is shown.

A judge is shown a period, cells, and all that the member has of its pairs. It finds each MAC for that member
right: so could the member have made it, for a pair's key is the same at both ends. The MACs for others are
random here; only these could tell, and their author may as well have given them wrong ones. A commit is made
up likewise: its author's new key is one that the forger has drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from p2pchat.core.room.assembly import cut_payload
from p2pchat.core.room.commit_times import CommitTimes
from p2pchat.core.room.commits import CheckedHead
from p2pchat.core.room.key_state import RoomKeyState, RoomSelf
from p2pchat.core.room.messages import NO_PARENTS, NewMessage, write_message
from p2pchat.core.room.pairs import MemberPairs
from p2pchat.core.room.period import Period
from p2pchat.core.room.reading import MessageOpened, RoomReading
from p2pchat.core.room.tag_keys import BEFORE_EPOCHS
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.kdf import digest
from p2pchat.crypto.room_chains import MemberChain, seal_room_cell
from p2pchat.crypto.room_keys import (
    MemberKey,
    PairKey,
    confirmation_of,
    mask_share,
    next_secret,
    period_id,
    rest_of_head,
    roster_digest,
)
from p2pchat.data import dataclass
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import MemberId
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_cells import NONCE_BYTES, RoomKind, RoomPlace
from p2pchat.wire.room_commits import (
    COMMIT_MAC_BYTES,
    SHARE_BYTES,
    CommitHead,
    PeriodGrant,
    RoomCommit,
    encode_commit,
)

COMMIT = None
"""In place of a text: that member commits."""

Written = tuple[MemberId, bytes | None]
"""Who, and what."""


@dataclass(frozen=True, slots=True)
class RoomTranscript:
    """What a judge is shown, beside what the member has of its pairs."""

    grant: PeriodGrant
    cells: tuple[bytes, ...] = field(repr=False)


def verify_transcript(
    transcript: RoomTranscript, pairs: MemberPairs, now: float
) -> list[tuple[MemberId, bytes]]:
    """List what others wrote, as the member's own node would find it. Raises Unreadable if an entry or cell
    is not by its stated author."""
    state = _state_of(pairs, transcript.grant, _Nothing(), now)
    reading = RoomReading(state)
    events = [event for cell in transcript.cells for event in reading.open_cell(decode_cell(cell), now)]
    if sum(reading.counters.values()) or reading.waiting:
        raise Unreadable("a cell that is not by whom it says")
    messages = [event.message for event in events if isinstance(event, MessageOpened)]
    return [(message.sender, message.payload) for message in messages]


def forge_transcript(
    pairs: MemberPairs,
    roster: Mapping[MemberId, bytes],
    written: Sequence[Written],
    entropy: Entropy,
    now: float,
) -> RoomTranscript:
    """Make up what others wrote in a room with this roster: id and X25519 key of each. Of the others only
    these public keys are used."""
    forger = _Forger(pairs, roster, entropy, now)
    for author, text in written:
        if text is None:
            forger.commit_as(author)
        else:
            forger.write_as(author, text)
    return RoomTranscript(forger.grant, tuple(forger.cells))


class _Forger:
    def __init__(
        self, pairs: MemberPairs, roster: Mapping[MemberId, bytes], entropy: Entropy, now: float
    ) -> None:
        self._entropy = entropy
        self._now = now
        self.grant = self._make_grant(pairs, roster)
        self._state = _state_of(pairs, self.grant, entropy, now)
        self._indices: dict[tuple[bytes, MemberId], int] = {}
        self._numbers: dict[MemberId, int] = {}
        self.cells: list[bytes] = []

    def write_as(self, author: MemberId, text: bytes) -> None:
        """Write in another member's name."""
        period = self._period
        self._numbers[author] = self._numbers.get(author, 0) + 1
        new = NewMessage(RoomKind.MESSAGE, self._numbers[author], period.heads, NO_PARENTS, text)
        index = self._indices.get((period.id, author), 0)
        place = replace(period, index=index)
        _, plains = write_message(
            self._state.who.room, place, author, new, lambda other: self._key_for(author, other)
        )
        self._seal(period, author, plains)

    def commit_as(self, author: MemberId) -> None:
        """Commit in another member's name, with a key that the forger has drawn."""
        parent, new, own = self._period, MemberKey.generate(self._entropy), self._state.who.member
        share = self._entropy.draw_bytes(SHARE_BYTES)
        others, key = parent.list_others(author), self._key_for(author, own)
        scalar = self._state.pairs.find_own(parent.own)
        assert scalar is not None, "our own key"
        mask = key.derive_mask(author, own, scalar.agree_with(new.public), (parent.id, new.public))
        masked = tuple(
            mask_share(share, mask) if other == own else self._entropy.draw_bytes(SHARE_BYTES)
            for other in others
        )
        index = self._indices.get((parent.id, author), 0)
        head = CommitHead(
            parent.id, author, index, parent.heads, new.public, digest(b"".join(masked)), bytes(32)
        )
        checked, secret = self._confirm(head, {**parent.keys, author: new.public}, parent.branch, share)
        macs = tuple(
            key.commit_mac(author, own, checked.id, hidden)
            if other == own
            else self._entropy.draw_bytes(COMMIT_MAC_BYTES)
            for other, hidden in zip(others, masked, strict=True)
        )
        commit = RoomCommit(checked.head, macs, masked)
        self._seal(parent, author, cut_payload(RoomKind.COMMIT, encode_commit(commit)))
        self._state.begin_period(checked, secret, self._now)

    @property
    def _period(self) -> Period:
        period = self._state.periods.choose_period()
        assert period is not None, "there is always one"
        return period

    def _make_grant(self, pairs: MemberPairs, roster: Mapping[MemberId, bytes]) -> PeriodGrant:
        draw = self._entropy.draw_bytes
        author, own, epoch = min(roster), pairs.own, epoch_at(self._now) - BEFORE_EPOCHS
        head = CommitHead(draw(32), author, 0, draw(32), roster[author], draw(32), bytes(32), epoch)
        self._room = pairs.room
        checked, secret = self._confirm(head, dict(roster), draw(32), draw(32))
        assert own in roster, "a room that we are in"
        members = tuple((bytes(member), key) for member, key in sorted(roster.items()))
        return PeriodGrant(checked.head, 7, secret, draw(32), epoch, checked.id, members)

    def _confirm(
        self, head: CommitHead, keys: dict[MemberId, bytes], branch: bytes, share: bytes
    ) -> tuple[CheckedHead, bytes]:
        rest = rest_of_head(self._room, head, roster_digest(keys.items()))
        secret = next_secret(branch, share, rest)
        confirmed = replace(head, confirmation=confirmation_of(secret, rest))
        return CheckedHead(confirmed, period_id(rest, confirmed.confirmation), rest, keys), secret

    def _key_for(self, author: MemberId, other: MemberId) -> PairKey:
        """The pair's key where we are one of the two, else any."""
        own = self._state.who.member
        if own not in (author, other):
            return PairKey(self._entropy.draw_bytes(32))
        third = other if author == own else author
        return self._state.pairs.sending_key(self._period.bases[third], third)

    def _seal(self, period: Period, author: MemberId, plains: list[bytes]) -> None:
        first = self._indices.get((period.id, author), 0)
        tags, chain = (
            self._state.tags.find_key(period.tags_of),
            MemberChain.from_secret(period.secret, author),
        )
        assert tags is not None, "the one of the grant"
        for index, plain in enumerate(plains, first):
            key, place = chain.find_key(index), RoomPlace(period.name, period.members.index(author), index)
            assert key is not None, "few cells"
            nonce = self._entropy.draw_bytes(NONCE_BYTES)
            self.cells.append(seal_room_cell(key, nonce, tags, epoch_at(self._now), place, plain))
        self._indices[period.id, author] = first + len(plains)


class _Nothing:
    """No entropy: a judge draws nothing."""

    def draw_bytes(self, size: int) -> bytes:
        return bytes(size)

    def make_child(self, label: str) -> _Nothing:
        return self


def _state_of(pairs: MemberPairs, grant: PeriodGrant, entropy: Entropy, now: float) -> RoomKeyState:
    """The member's node with this period and no other; the member's own is not touched."""
    keys = {MemberId(member): key for member, key in grant.members}
    own = MemberPairs.read_kept(pairs.room, pairs.own, Reader(pairs.as_values()))
    own.forget_used()
    who = RoomSelf(pairs.room, pairs.own, lambda _: [keys])
    state = RoomKeyState(who, entropy, own, CommitTimes(entropy, now, len(keys)))
    state.take_grant(grant, now)
    return state
