"""A knocker with the contact's keys must prove that it is there now.

Knows: which knocks were challenged, and how often that is done. Does not know: what follows when a challenge
is met.

Knocks are not kept on disk: nothing that was said before a challenge opens under it.
"""

from __future__ import annotations

from collections import Counter

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table
from p2pchat.core.session.halves import OwnKeys, TheirKeys
from p2pchat.core.session.rivals import Knocked
from p2pchat.crypto.recovery import PublicKey, proved, seal_under, secret_for
from p2pchat.wire.recovery import Challenge, Knock

KNOCKS_MAX = 4
"""Knocks that are remembered; the oldest goes first, and its sender knocks again."""

REPEAT_S = 5.0
"""Another knock is challenged, and what was said already is said again, at most so often."""


class Challenges:
    """The challenges of one contact."""

    def __init__(self, counters: Counter[str]) -> None:
        self.passed_at = -NEVER
        """When a knock was passed over because another was challenged just before."""
        self._counters = counters
        self._knocks = Table[bytes, Knocked](KNOCKS_MAX)
        self._challenged_at = -NEVER

    def find_knock(self, name: bytes) -> Knocked | None:
        """Return what is known of a knock that was challenged."""
        return self._knocks.get(name)

    def take_knock(
        self, name: bytes, knock: Knock, own: OwnKeys, theirs: TheirKeys, now: float
    ) -> Knocked | None:
        """Challenge a knock that is new; None if it is under no good key, or passed over. Raises
        Unreadable."""
        opener, key = own.find_key(knock.key), theirs.choose_key(knock.own, now)
        if opener is None or key is None:
            self._counters["knocks under a key that is not good"] += 1
            return None
        if now < self._challenged_at + REPEAT_S:
            self.passed_at = now
            return None  # it knocks again
        self._challenged_at = now
        known = challenge_knock(name, opener.decapsulate(knock.ciphertext), key, now)
        self._knocks.put(name, known)
        return known

    def forget_knock(self, name: bytes) -> None:
        """Forget a knock whose sender was told the outcome."""
        self._knocks.pop(name, None)

    def forget_all(self) -> None:
        """Forget all challenges: there is no session to renew."""
        self._knocks.clear()


def challenge_knock(name: bytes, secret: bytes, key: PublicKey, now: float) -> Knocked:
    """Challenge the sender of the knock of that name, with that ``secret`` in it, to prove that it has the
    private half of ``key`` now."""
    shared, ciphertext = secret_for(key)
    challenge = Challenge(name, seal_under(secret, "challenge", key.name + ciphertext))
    return Knocked(secret, proved(secret, shared), key, challenge, now)
