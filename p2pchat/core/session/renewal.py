"""When the envelope's roots are renewed, and from what.

Knows: the generation, the chained renewal key, the ML-KEM exchange that replaces it. Does not know: how its
two messages travel, or the chains made from the roots.

A thief of one day's keys can follow the hash ratchets forward; a renewal that the thief does not see locks
the thief out again (docs/protocol/README.md#8-sessions). Only the side that made the invite begins, so that
two renewals never cross.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from p2pchat.core.kit.moments import LATEST
from p2pchat.crypto.envelope import roots
from p2pchat.crypto.exchange import KemKey, encapsulate
from p2pchat.crypto.kdf import derive
from p2pchat.data import dataclass
from p2pchat.ports import Entropy
from p2pchat.types import Epoch
from p2pchat.wire.codec import Reader
from p2pchat.wire.payload import RekeyAnswer, RekeyOffer

MESSAGES = 50
AGE_S = 86_400.0
"""Whichever comes first since the last renewal (docs/protocol/README.md#8-sessions)."""

_FIRST = Epoch(0)
Roots = tuple[bytes, bytes]
"""The sending and the receiving root, 32 bytes each."""


@dataclass(slots=True)
class Renewal:
    """One session's renewals. ``key`` is replaced at each, so earlier roots cannot be derived again."""

    leads: bool
    key: bytes = field(repr=False)
    since: float
    generation: int = 0
    count: int = 0
    """Ordered payloads, both ways, since the last renewal."""
    seed: bytes = field(default=b"", repr=False)
    """Our ML-KEM key while an offer is out (64 bytes), else empty."""
    epoch: Epoch = _FIRST
    """The epoch named in that offer."""

    def is_due(self, now: float) -> bool:
        """Tell whether to start a renewal. A clock that was ahead at the last one does not delay the next."""
        self.since = min(self.since, now)
        if not self.leads or self.seed or not self.count:
            return False
        return self.count >= MESSAGES or now >= self.since + AGE_S

    def make_offer(self, entropy: Entropy, epoch: Epoch) -> RekeyOffer:
        """Start a renewal; the new roots will be those of ``epoch``."""
        kem = KemKey.generate(entropy)
        self.seed, self.epoch = kem.seed, epoch
        return RekeyOffer(self.generation + 1, epoch, kem.encapsulation_key)

    def answer_offer(self, offer: RekeyOffer, now: float) -> tuple[RekeyAnswer, Roots] | None:
        """Agree to an offer of the very next generation. Raises Unreadable on a bad key."""
        if self.leads or offer.generation != self.generation + 1:
            return None
        secret, ciphertext = encapsulate(offer.encapsulation_key)
        leader, follower = self._advance(secret, offer.encapsulation_key, ciphertext, now)
        return RekeyAnswer(offer.generation, ciphertext), (follower, leader)

    def complete_renewal(self, answer: RekeyAnswer, now: float) -> Roots | None:
        """Our offer was agreed to. Raises Unreadable on a bad ciphertext."""
        if not self.seed or answer.generation != self.generation + 1:
            return None
        kem = KemKey.from_seed(self.seed)
        secret = kem.decapsulate(answer.ciphertext)
        self.seed = b""
        return self._advance(secret, kem.encapsulation_key, answer.ciphertext, now)

    def snapshot(self) -> dict[str, Any]:
        """Return plain values for the store."""
        names = ("leads", "key", "since", "generation", "count", "seed", "epoch")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def restore(cls, value: object) -> Renewal:
        """Undo ``snapshot``."""
        reader = Reader(value)
        return cls(
            reader.get_flag("leads"),
            reader.get_bytes("key", 32),
            reader.get_float("since", 0.0, LATEST),
            reader.get_integer("generation", 0, 2**32),
            reader.get_integer("count", 0, 2**32),
            reader.get_bytes("seed", limit=64),
            Epoch(reader.get_integer("epoch", 0, 2**32)),
        )

    def _advance(self, secret: bytes, encapsulation_key: bytes, ciphertext: bytes, now: float) -> Roots:
        made = roots(derive(self.key, "renewed roots", secret), encapsulation_key, ciphertext)
        self.key = derive(self.key, "renewed key", secret)
        self.generation += 1
        self.since, self.count = now, 0
        return made
