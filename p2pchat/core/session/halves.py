"""Recovery keys of the two ends of one session: which are ours, which of the contact's are good.

Knows: that each backup draws another of ours, and how long one of before is accepted. Does not know: what is
said under them, or what a backup is.

Our own older keys are kept: a contact's backup may know no newer one. Of the contact's, the newest is good,
and for a week the one that was good before it, so that a backup of before is of use until the contact's
person has seen that the new one is. An older or revoked key belongs to no home.
"""

from __future__ import annotations

from typing import Any, Final

from p2pchat.core.kit.moments import LATEST
from p2pchat.crypto.exchange import SEED_BYTES, X25519_BYTES
from p2pchat.crypto.recovery import PublicKey, RecoveryKey, secret_for
from p2pchat.ports import Entropy
from p2pchat.wire.codec import Reader
from p2pchat.wire.geometry import ENCAPSULATION_KEY_BYTES
from p2pchat.wire.payload import RecoveryOffer
from p2pchat.wire.recovery import KEY_NAME_BYTES, KEYS_NAMED_MAX

OLDER_MAX: Final = 64
"""Keys of before that are kept, 4 kB for each contact: more than a year of weekly backups."""

BEFORE_S: Final = 7 * 86_400.0
"""The key that a newer one has replaced is good for so long."""


class OwnKeys:
    """Our recovery keys for one contact."""

    def __init__(self, newest: RecoveryKey) -> None:
        self.newest = newest
        """What the contact has been told, or is to be told next."""
        self._older: list[bytes] = []
        """Seeds, the newest first."""
        self._drawn: bytes = b""
        """The seed of one that no contact is told before the backup is made that has it."""
        self._known: bytes = b""
        """The name of the one that the contact is known to have; empty: not known."""
        self._named: dict[bytes, RecoveryKey] = {}

    @classmethod
    def draw_first(cls, entropy: Entropy) -> OwnKeys:
        """Make recovery keys, with a fresh first one."""
        return cls(RecoveryKey.generate(entropy))

    @classmethod
    def read_kept(cls, read: Reader) -> OwnKeys:
        """Undo ``as_values``; homes of before had one key. Raises Malformed."""
        keys = cls(RecoveryKey(read.get_bytes("own", X25519_BYTES + SEED_BYTES)))
        if "older" in read:
            seeds = read.get_bytes("older", limit=OLDER_MAX * SEED_BYTES)
            keys._older = [seeds[at : at + SEED_BYTES] for at in range(0, len(seeds), SEED_BYTES)]
            keys._drawn = read.get_bytes("drawn", limit=SEED_BYTES)
            keys._known = read.get_bytes("known", limit=KEY_NAME_BYTES)
        return keys

    def as_values(self) -> dict[str, Any]:
        """All of them, as plain values."""
        older = b"".join(self._older)
        return {"own": self.newest.secret, "older": older, "drawn": self._drawn, "known": self._known}

    def draw_next(self, entropy: Entropy) -> None:
        """Draw a new half for the backup that is about to be made."""
        self._drawn = self.newest.draw_next(entropy).seed
        self._named = {}

    def use_drawn(self) -> None:
        """The backup is made: its key is the one to tell."""
        if self._drawn:
            self._older = [self.newest.seed, *self._older][:OLDER_MAX]
            self.newest, self._drawn, self._named = self.newest.of_seed(self._drawn), b"", {}

    def note_known(self, encapsulation_key: bytes) -> None:
        """Note that the contact has this key."""
        self._known = PublicKey(b"", encapsulation_key).name

    def find_key(self, name: bytes) -> RecoveryKey | None:
        """Return the key of that name, or None."""
        if not self._named:
            self._named = {key.public.name: key for key in self._all()}
        return self._named.get(name)

    def list_names(self) -> bytes:
        """Return the names of the halves of which the contact accepts one, the newest first: all since the
        one that it is known to have."""
        names = [key.public.name for key in self._all()]
        if self._known in names:
            names = names[: names.index(self._known) + 1]
        if len(names) > KEYS_NAMED_MAX:
            names = [*names[: KEYS_NAMED_MAX - 1], names[-1]]
        return b"".join(names)

    def _all(self) -> list[RecoveryKey]:
        drawn = [self.newest.of_seed(self._drawn)] if self._drawn else []
        return [*drawn, self.newest, *(self.newest.of_seed(seed) for seed in self._older)]


class TheirKeys:
    """The recovery keys of one contact."""

    def __init__(self, newest: PublicKey) -> None:
        """Raises Unreadable on a key that cannot be used."""
        secret_for(newest)
        self.newest = newest
        self._before: PublicKey | None = None
        self._until = 0.0

    @classmethod
    def read_kept(cls, read: Reader) -> TheirKeys | None:
        """Undo ``as_values``; None where nothing was told yet. Raises Malformed, Unreadable."""
        told = read.get_bytes("theirs", limit=X25519_BYTES + ENCAPSULATION_KEY_BYTES)
        if not told:
            return None
        keys = cls(PublicKey(told[:X25519_BYTES], told[X25519_BYTES:]))
        before = read.get_bytes("before", limit=ENCAPSULATION_KEY_BYTES) if "before" in read else b""
        if before:
            keys._before = PublicKey(keys.newest.x25519, before)
            keys._until = read.get_float("until", 0.0, LATEST)
        return keys

    def as_values(self) -> dict[str, Any]:
        """Return plain values for the store."""
        before = self._before.encapsulation_key if self._before is not None else b""
        return {
            "theirs": self.newest.x25519 + self.newest.encapsulation_key,
            "before": before,
            "until": self._until,
        }

    def take_offer(self, offer: RecoveryOffer, now: float) -> bool:
        """The contact has another; whether that changes anything. Of several in one week the first one that
        was replaced stays good, as its file may be all that is left. Raises Unreadable."""
        key = PublicKey(offer.x25519, offer.encapsulation_key)
        if key.x25519 != self.newest.x25519 or (key == self.newest and not offer.alone):
            return False  # the line is drawn once for each pairing
        secret_for(key)
        if offer.alone or key == self._before:
            self._before = None
        elif self._accepted_before(now) is None:
            self._before, self._until = self.newest, now + BEFORE_S
        self.newest = key
        return True

    def choose_key(self, names: bytes, now: float) -> PublicKey | None:
        """The newest good one of those that are named."""
        named = {names[at : at + KEY_NAME_BYTES] for at in range(0, len(names), KEY_NAME_BYTES)}
        good = [self.newest, self._accepted_before(now)]
        return next((key for key in good if key is not None and key.name in named), None)

    def _accepted_before(self, now: float) -> PublicKey | None:
        """A clock that was ahead when it was replaced does not make it good for longer."""
        return self._before if now < self._until <= now + BEFORE_S else None


def both_as_values(own: OwnKeys, theirs: TheirKeys | None) -> dict[str, Any]:
    """What ``read_kept`` reads of the two; None where the contact told nothing yet."""
    return {**own.as_values(), **(theirs.as_values() if theirs is not None else {"theirs": b""})}
