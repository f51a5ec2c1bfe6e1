"""The ordered payloads of a session, both ways: their numbers, their ciphertexts, and what receipts say.

Knows: the Olm ratchet, which payload follows which. Does not know: cells, or when anything is sent.

A payload goes through Olm once, and keeps its number and its ciphertext through all repeats.
"""

from __future__ import annotations

from typing import Any

from p2pchat.crypto.kdf import derive
from p2pchat.crypto.olm import Ratchet
from p2pchat.errors import Unreadable
from p2pchat.wire import payload as wire
from p2pchat.wire.codec import Reader
from p2pchat.wire.payload import NAMES_MAX, DeliveryReceipt, names

SALT_BYTES = 16
"""Random bytes in front of what Olm encrypts: one block of its AES-CBC, whose IV follows from the message
key. If a copy of this home uses the same key again, the two ciphertexts have nothing in common."""

LINK_BYTES = 6
"""In front of an ordered payload's Olm message: which one went before it. Of two copies of a home that give
the same numbers, what the one sent is never taken for what follows the other's."""


class OrderedPayloads:
    """The numbered payloads of one session."""

    def __init__(self, ratchet: Ratchet) -> None:
        self.ratchet = ratchet
        """An Olm session, or another state of it, to retrace what was sent."""
        self.next_number = 0
        """The number the next payload of ours gets."""
        self.expected = 0
        """The number of the next payload to be delivered here."""
        self.told = 0
        """The highest number below which the contact said it had counted all of ours."""
        self._sent = self._taken = bytes(LINK_BYTES)
        """Links of the payload that was encrypted last, and of the one that was taken last."""
        self._taken_at = -1
        """The number of that one."""
        self._opened: list[bytes] = []
        """Names of the payloads opened last, for receipts."""

    @classmethod
    def read_kept(cls, ratchet: Ratchet, reader: Reader) -> OrderedPayloads:
        """Undo ``as_values``."""
        kept = cls(ratchet)
        kept.next_number = reader.get_integer("next_number", 0, 2**32)
        kept.expected = reader.get_integer("expected", 0, 2**32)
        kept._opened = names(reader.get_bytes("opened", limit=NAMES_MAX * wire.NAME_BYTES))
        kept.told = reader.get_integer("told", 0, 2**32)
        if "sent" in reader:  # homes of before had no links
            kept._sent = reader.get_bytes("sent", LINK_BYTES)
            kept._taken = reader.get_bytes("taken", LINK_BYTES)
            kept._taken_at = reader.get_integer("taken_count", 0, 2**32) - 1
        return kept

    def as_values(self) -> dict[str, Any]:
        """Return all but the ratchet, as plain values."""
        return {
            "next_number": self.next_number,
            "expected": self.expected,
            "told": self.told,
            "sent": self._sent,
            "taken": self._taken,
            "taken_count": self._taken_at + 1,
            "opened": b"".join(self._opened),
        }

    # --- theirs

    def follows_last(self, ciphertext: bytes) -> bool:
        """Whether the payload ``expected`` was sent after the one that was taken last, as far as the two are
        neighbours: else another copy of the contact's home has sent it."""
        return self._taken_at != self.expected - 1 or ciphertext[:LINK_BYTES] == self._taken

    def decrypt_next(self, ciphertext: bytes) -> bytes:
        """Decrypt the payload ``expected``. Raises Unreadable and then has changed nothing."""
        salted = self.ratchet.decrypt(ciphertext[LINK_BYTES:])
        if len(salted) < SALT_BYTES:
            raise Unreadable("a payload without its salt")
        return salted[SALT_BYTES:]

    def count_taken(self, ciphertext: bytes, kept: bool) -> None:
        """Count the payload ``expected``, which was decrypted; a receipt says whether it was ``kept``, or
        refused as nonsense."""
        self._opened = [*self._opened, opened_name(self.expected, ciphertext, kept)][-NAMES_MAX:]
        self._taken_at, self._taken = self.expected, _link(self.expected, ciphertext)
        self.expected += 1

    def make_receipt(self, partial: bytes) -> DeliveryReceipt:
        """Tell what became of the contact's payloads; ``partial``: the fragments held of ``expected``."""
        return DeliveryReceipt(self.expected, partial, b"".join(self._opened))

    def skip_to(self, floor: int) -> None:
        """Expect nothing below ``floor``: the contact will no longer send it."""
        self.expected = max(self.expected, floor)

    # --- ours

    def encrypt_next(self, payload: bytes, salt: bytes) -> tuple[int, bytes]:
        """Give a payload its number and its ciphertext, a link and an Olm message; ``salt`` is ``SALT_BYTES``
        random bytes."""
        number = self.next_number
        self.next_number += 1
        ciphertext = self._sent + self.ratchet.encrypt(salt + payload)
        self._sent = _link(number, ciphertext)
        return number, ciphertext


def opened_name(number: int, ciphertext: bytes, kept: bool) -> bytes:
    """What a receipt calls an ordered payload by: which one, and what became of it."""
    return derive(
        b"", "kept" if kept else "refused", number.to_bytes(4, "big"), ciphertext, size=wire.NAME_BYTES
    )


def _link(number: int, ciphertext: bytes) -> bytes:
    return derive(b"", "sent", number.to_bytes(4, "big"), ciphertext, size=LINK_BYTES)
