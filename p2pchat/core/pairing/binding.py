"""What ties a session to the pairing it came of, and to no other.

Knows: what each side has seen of a pairing, and what is derived from that. Does not know: the order of
messages.

CPace's key is known to two, but an attacker with two such keys, as the guest of one and the host of
another, could pass the bundles of one pairing on in the other: both victims would end in one session, each
taking the other for the one in the middle (an unknown key share). So the guest's first Olm message and the
host's carry a hash of CPace's key and of all that was said, byte for byte: versions, shares, names, keys,
the mesh. The roots of the envelope and the renewal key depend on the same.
"""

from __future__ import annotations

from dataclasses import replace

from p2pchat.crypto.envelope import roots
from p2pchat.crypto.kdf import derive
from p2pchat.types import Topic
from p2pchat.wire.pairing import GuestBundle, encode_pairing

HELLO = "pairing hello"
WELCOME = "pairing welcome"
AGREED = "pairing secret"
RENEWAL = "renewal key"


class Transcript:
    """All that was said in one pairing, in order, the same at both ends."""

    def __init__(self, topic: Topic) -> None:
        self._parts: list[bytes] = [topic]

    def add(self, role: str, plain: bytes) -> None:
        """``role`` said this: the plaintext of a blob, as it was sent."""
        self._parts += [role.encode(), plain]

    def guest_confirmation(self, isk: bytes, answer: GuestBundle) -> bytes:
        """What the guest's Olm message must say, 32 bytes: all so far, and the bundle that it is part of."""
        return derive(isk, HELLO, *self._parts, encode_pairing(replace(answer, olm=b"")))

    def host_confirmation(self, isk: bytes) -> bytes:
        """What the host's Olm message must say, 32 bytes: all, the guest's bundle included."""
        return derive(isk, WELCOME, *self._parts)

    def derive_keys(self, isk: bytes, shared: bytes) -> tuple[bytes, bytes, bytes]:
        """The envelope's two roots, host's sending one first, and the renewal key, 32 bytes each. They are
        secret as long as ``shared``, of ML-KEM, or ``isk`` is."""
        secret = derive(shared, AGREED, isk, *self._parts)
        return *roots(secret), derive(secret, RENEWAL)
