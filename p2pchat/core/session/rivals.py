"""Which of several homes that ask for a new session are there. All have the contact's keys; nothing tells a
home from its copy.

Knows: which homes to challenge again, which have asked since. Does not know: what follows from it.

A home that was put back, or restarted without its ask, leaves an ask behind without a sender.
So all askers are challenged once more, at the same time: an asker that asks under that challenge is there
now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.inquiry import LISTEN_S, Inquiry
from p2pchat.crypto.kdf import KEY_BYTES
from p2pchat.crypto.recovery import PublicKey, seal_under
from p2pchat.data import dataclass
from p2pchat.ports import Entropy
from p2pchat.wire.codec import Reader
from p2pchat.wire.recovery import (
    ASK_BYTES,
    KEY_NAME_BYTES,
    AskKeys,
    Challenge,
    Living,
    decode_ask_keys,
    encode_ask_keys,
)


@dataclass(slots=True)
class Knocked:
    """A knocker that must meet a challenge."""

    secret: bytes = field(repr=False)
    """The one in its knock."""
    proved: bytes = field(repr=False)
    """Only the sender that met the challenge knows it."""
    key: PublicKey
    """Of the contact's keys, the one that it was made for."""
    challenge: Challenge
    since: float
    repeat_at: float = 0.0


@dataclass(slots=True)
class Claimant:
    """A present home with the contact's keys asks."""

    name: bytes
    knock: bytes
    knocked: bytes = field(repr=False)
    """The secret in its knock."""
    secret: bytes = field(repr=False)
    """``Knocked.proved``."""
    keys: AskKeys
    inquiry: Inquiry
    """Whether another home lives in the session."""
    key: bytes
    """The name of the recovery key that it has shown to have."""
    since: float = 0.0

    @classmethod
    def read_kept(cls, kept: object, entropy: Entropy) -> Claimant:
        """Undo ``as_values``. Raises Malformed."""
        reader = Reader(kept)
        return cls(
            reader.get_bytes("name", ASK_BYTES),
            reader.get_bytes("knock", ASK_BYTES),
            read_knock_secret(reader),
            reader.get_bytes("secret", KEY_BYTES),
            decode_ask_keys(reader.get_bytes("keys")),
            Inquiry.restore(entropy, reader, LISTEN_S),
            read_key_name(reader),
        )

    def as_values(self) -> dict[str, Any]:
        """Return all that must outlive a crash."""
        return {
            "name": self.name,
            "knock": self.knock,
            "knocked": self.knocked,
            "secret": self.secret,
            "keys": encode_ask_keys(self.keys),
            "key": self.key,
            **self.inquiry.snapshot(),
        }


class Rivals:
    """``knocks``: by name, of the askers, all with a challenge made just now; ``inquiry``: whether
    another home lives in the session."""

    def __init__(self, knocks: dict[bytes, Knocked], inquiry: Inquiry, now: float) -> None:
        self.inquiry = inquiry
        self.since = now
        self._knocks = knocks
        self._claimants: dict[bytes, Claimant] = {}

    def challenge_of(self, knock: bytes) -> Knocked | None:
        """Return the new challenge of the knock with that name, or None."""
        return self._knocks.get(knock)

    def note_ask(self, claimant: Claimant, known: Knocked) -> None:
        """Note that a home asks, unless it met an earlier challenge: such a home may be gone."""
        if known.since >= self.since:
            self._claimants[claimant.knock] = claimant

    @property
    def there(self) -> list[Claimant]:
        """The homes that have asked since the challenges were made."""
        return list(self._claimants.values())

    def due_challenges(self, now: float, gap_s: float) -> list[Challenge]:
        """Return the challenges to repeat, for homes that were not heard yet."""
        due = [known for known in self._missing() if now >= known.repeat_at]
        for known in due:
            known.repeat_at = now + gap_s
        return [known.challenge for known in due]

    def next_wakeup(self) -> float:
        """When the next challenge is due."""
        return min((known.repeat_at for known in self._missing()), default=NEVER)

    def _missing(self) -> Iterable[Knocked]:
        return (known for name, known in self._knocks.items() if name not in self._claimants)


def living_word(name: bytes, secret: bytes) -> Living:
    """Return the word which tells the sender of the ask ``name`` that another home lives."""
    return Living(name, seal_under(secret, "living", b""))


def read_knock_secret(reader: Reader) -> bytes:
    """Homes of before kept none: no challenge under this one is met."""
    return reader.get_bytes("knocked", KEY_BYTES) if "knocked" in reader else bytes(KEY_BYTES)


def read_key_name(reader: Reader) -> bytes:
    """Homes of before kept none, and keep an empty one since: the newest stands for it."""
    return reader.get_bytes("key", limit=KEY_NAME_BYTES) if "key" in reader else b""
