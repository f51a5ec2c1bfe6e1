"""What we have in common with each other member of a room: our member keys, pair bases, ML-KEM shares.

Knows: which share a pair's key rests upon, and since when both ends know it. Does not know: periods, or what
the keys are used for.

Each earlier member sends a newcomer an ML-KEM ciphertext. The newcomer uses its secret at once; the
sender does once the newcomer has. Both accept the keys of before for as long as anything that was made with
them is taken in. If two have sent each other one, that of the lower id counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Any, Final

from p2pchat.core.kit.moments import LATEST, NEVER
from p2pchat.core.kit.table import Table
from p2pchat.crypto.exchange import KemKey, encapsulate
from p2pchat.crypto.kdf import derive, digest
from p2pchat.crypto.room_keys import NO_SHARE, MemberKey, PairKey, are_equal, check_member_key, pair_base
from p2pchat.data import dataclass
from p2pchat.errors import Unreadable
from p2pchat.types import MemberId, RoomId
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_cells import MEMBERS_MAX
from p2pchat.wire.room_commits import COMMIT_MAC_BYTES, KemShare

KEPT_S: Final = 30 * 86_400.0
"""So long what was made for an absent member is kept, and accepted of one."""

SEEN_CAP: Final = 8192
"""Member keys that are known to have been used, by 16 bytes of their hash: 128 kB, some ten months of a room
of 50 in constant use."""

OWN_MAX: Final = 256
"""Own member keys whose periods still live: thirty days of eight commits."""

SHARES_MAX: Final = 4 * MEMBERS_MAX
"""Members with which an ML-KEM share was exchanged, removed ones among them."""


@dataclass(slots=True)
class PairShare:
    """The ML-KEM secret that we share with one member."""

    secret: bytes = field(repr=False)
    """What we send under."""
    coming: bytes = field(default=b"", repr=False)
    """What we have sent the other, which has not used it yet; empty: nothing."""
    before: bytes = field(default=b"", repr=False)
    """What was in use before ``secret``."""
    until: float = NEVER
    """So long what came under ``before`` is accepted."""
    ciphertext: bytes = field(default=b"", repr=False)
    """Of ``coming``: it is sent again as it was."""


class MemberPairs:
    """One room's."""

    def __init__(self, room: RoomId, own: MemberId, kem: KemKey) -> None:
        """``kem``: ours, of the entry that let us in."""
        self.room = room
        self.own = own
        self.moved = False
        self._kem = kem
        self._keys: dict[bytes, MemberKey] = {}
        self._shares: Table[MemberId, PairShare] = Table(SHARES_MAX)
        self._seen: Table[bytes, None] = Table(SEEN_CAP)

    @classmethod
    def read_kept(cls, room: RoomId, own: MemberId, reader: Reader) -> MemberPairs:
        """Undo ``as_values``. Raises Malformed."""
        pairs = cls(room, own, KemKey.from_seed(reader.get_bytes("kem", 64)))
        for scalar in _cut(reader.get_bytes("own", limit=OWN_MAX * 32), 32):
            pairs._keep(MemberKey(scalar))
        for name in _cut(reader.get_bytes("seen", limit=SEEN_CAP * 16), 16):
            pairs._seen.put(name, None)
        for member, *fields in reader.get_list("shares", SHARES_MAX):
            pairs._shares.put(MemberId(member), PairShare(*fields))
        return pairs

    def as_values(self) -> dict[str, Any]:
        """All of it, as plain values."""
        shares = [
            [member, one.secret, one.coming, one.before, min(one.until, LATEST), one.ciphertext]
            for member, one in self._shares.items()
        ]
        return {
            "kem": self._kem.seed,
            "own": b"".join(key.scalar for key in self._keys.values()),
            "seen": b"".join(self._seen),
            "shares": shares,
        }

    # --- member keys

    def add_own(self, key: MemberKey) -> None:
        """Have another member key of our own."""
        self._keep(key)
        self.moved = True

    def find_own(self, public: bytes) -> MemberKey | None:
        """Our own key with that public half, unless it is forgotten."""
        return self._keys.get(public)

    def keep_only(self, publics: set[bytes]) -> None:
        """Forget our own keys but these."""
        gone = [public for public in self._keys if public not in publics]
        for public in gone:
            del self._keys[public]
        self.moved |= bool(gone)

    def check_new(self, key: bytes) -> None:
        """Raise Unreadable on a key that is refused, or was used in this room before."""
        check_member_key(key)
        if _name(key) in self._seen:
            raise Unreadable("a member key that was used before")

    def note_used(self, key: bytes) -> None:
        """A member has this key, and no other may have it after."""
        self._seen.put(_name(key), None)
        self.moved = True

    def forget_used(self) -> None:
        """Count used keys from zero again: a transcript is looked at from its beginning."""
        self._seen.clear()

    def make_base(self, own: bytes, other: MemberId, theirs: bytes) -> bytes:
        """Derive what our key ``own`` and another's have in common. Raises Unreadable."""
        key = self._keys.get(own)
        if key is None:
            raise Unreadable("our own key of then is forgotten")
        return pair_base(self.room, self.own, key, other, theirs)

    # --- pair keys

    def sending_key(self, base: bytes, other: MemberId) -> PairKey:
        """The key for what we make for a member."""
        share = self._shares.get(other)
        return PairKey(base, share.secret if share is not None else NO_SHARE)

    def possible_keys(self, base: bytes, other: MemberId, now: float) -> Iterator[PairKey]:
        """The keys under which a member may have made something for us, the likeliest first."""
        share = self._shares.get(other)
        if share is None:
            yield PairKey(base)
            return
        yield PairKey(base, share.secret)
        if share.coming:
            yield PairKey(base, share.coming)
        if share.before and now < share.until:
            yield PairKey(base, share.before)

    def on_key_used(self, other: MemberId, key: PairKey, now: float) -> None:
        """A member has made something right under this key: if it has our share by that, we use it, too."""
        share = self._shares.get(other)
        if share is not None and share.coming and key.share == share.coming:
            self._replace(share, share.coming, now)

    def own_mac(self, entry: bytes) -> bytes:
        """Return a MAC of 16 bytes by which we know an entry as ours. A home that was put back to an older
        copy recognizes by it the entries that it wrote after the copy was made."""
        return derive(self._kem.seed, "own entry", self.room, self.own, entry, size=COMMIT_MAC_BYTES)

    # --- ML-KEM shares

    def lacks_share(self, other: MemberId) -> bool:
        """Whether a member is not known to have a share in common with us."""
        share = self._shares.get(other)
        return share is None or bool(share.coming)

    def make_share(self, base: bytes, other: MemberId, encapsulation_key: bytes) -> KemShare:
        """Make a share for a member, or the same one again while the member has not used it. Raises
        Unreadable on a bad key."""
        share = self._shares.get(other) or PairShare(NO_SHARE)
        if not share.ciphertext:
            share.coming, share.ciphertext = encapsulate(encapsulation_key)
            self._shares.put(other, share)
            self.moved = True
        mac = self.sending_key(base, other).share_mac(self.own, other, share.ciphertext)
        return KemShare(other, share.ciphertext, mac)

    def take_share(self, base: bytes, sender: MemberId, taken: KemShare, now: float) -> None:
        """Take a member's share for us. Raises Unreadable, and then has changed nothing."""
        if taken.receiver != self.own or not self.made_by(base, sender, taken, now):
            raise Unreadable("a share for another, or with a wrong MAC")
        share = self._shares.get(sender)
        if share is not None and (self.own < sender or not share.coming):
            raise Unreadable("a share where one was exchanged")
        share = share or PairShare(NO_SHARE)
        self._shares.put(sender, share)
        self._replace(share, self._kem.decapsulate(taken.ciphertext), now)

    def made_by(self, base: bytes, sender: MemberId, taken: KemShare, now: float) -> bool:
        """Whether a member has made that share for us."""
        macs = [
            key.share_mac(sender, self.own, taken.ciphertext) for key in self.possible_keys(base, sender, now)
        ]
        return any(are_equal(mac, taken.mac) for mac in macs)

    def _replace(self, share: PairShare, secret: bytes, now: float) -> None:
        share.before, share.until = share.secret, now + KEPT_S
        share.secret, share.coming, share.ciphertext = secret, b"", b""
        self.moved = True

    def _keep(self, key: MemberKey) -> None:
        self._keys[key.public] = key
        while len(self._keys) > OWN_MAX:
            del self._keys[next(iter(self._keys))]


def _name(key: bytes) -> bytes:
    return digest(key, 16)


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]
