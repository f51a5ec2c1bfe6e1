"""Onions: a cell on its way over a stem, which shows each hop the next one and nothing else.

Knows: our suite for ``sphinx``, what a slot says, the layers over the payload. Does not know: how a path is
chosen, or what happens to what comes out.

::

    version 1 | alpha 32 | beta 5 × 26 | gamma 16 | delta 941                                    1120 bytes
    slot      command 1 | delay 1 | next hop 8 | gamma 16
    delta     LIONESS, a layer for each hop, over 16 zero bytes and the cell
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from enum import IntEnum
from hashlib import blake2b

from p2pchat.crypto import lioness, sphinx
from p2pchat.crypto.exchange import public_point, shared_point
from p2pchat.data import dataclass
from p2pchat.errors import Malformed, Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import HopId
from p2pchat.wire.geometry import GEOMETRY

ID_BYTES = 8
VERSION = b"\1"

_G = GEOMETRY
_ALPHA = slice(_G.onion_ad, _G.onion_ad + _G.alpha)
_BETA = slice(_ALPHA.stop, _ALPHA.stop + _G.beta)
_GAMMA = slice(_BETA.stop, _BETA.stop + _G.gamma)
_DELTA = slice(_GAMMA.stop, _G.onion)
_NEXT = slice(2, 2 + ID_BYTES)
_NEXT_GAMMA = slice(_NEXT.stop, _NEXT.stop + _G.gamma)
_ZEROS = bytes(_G.zero)
_NO_HOP = HopId(b"")
_BLOCKS = tuple(bytes([at]) for at in range(-(-(_G.beta + _G.slot) // 64)))
_PARTS = tuple(bytes([at]) for at in range(lioness.KEY_BYTES // 64))

assert _NEXT_GAMMA.stop == _G.slot


class HopCommand(IntEnum):
    """What a hop does with the packet."""

    FORWARD = 1
    BROADCAST = 2
    LOOP = 3
    """The packet is our own and has come back."""
    DROP = 4


@dataclass(frozen=True, slots=True)
class Hop:
    id: HopId
    key: bytes
    """Its onion key, 32 bytes."""


@dataclass(frozen=True, slots=True)
class Peeled:
    """What a hop finds under its layer."""

    command: HopCommand
    delay: int
    """The delay that the sender chose, 0 to 255; the core knows its unit."""
    replay: bytes
    """Identifies the packet at this hop, 16 bytes: a second one with it is a replay."""
    next: HopId = _NO_HOP
    """FORWARD: the next hop."""
    packet: bytes = field(default=b"", repr=False)
    """FORWARD: what it gets, ``GEOMETRY.onion`` bytes."""
    payload: bytes = field(default=b"", repr=False)
    """BROADCAST and LOOP: the cell, ``GEOMETRY.cell`` bytes."""


class OnionKey:
    """A hop's short-lived key."""

    def __init__(self, scalar: bytes) -> None:
        """``scalar``: 32 random bytes."""
        self.scalar = scalar
        self.public = public_point(scalar)

    @classmethod
    def generate(cls, entropy: Entropy) -> OnionKey:
        """Draw a new one."""
        return cls(entropy.draw_bytes(32))


class _Suite:
    """X25519 and BLAKE2b."""

    beta = _G.beta
    slot_max = _G.slot

    def multiply_point(self, scalar: bytes, point: bytes) -> bytes:
        return shared_point(scalar, point)

    def public_point(self, scalar: bytes) -> bytes:
        return public_point(scalar)

    def shared_secret(self, point: bytes) -> bytes:
        return point

    def blinding_factor(self, alpha: bytes, secret: bytes) -> bytes:
        return blake2b(alpha, key=secret, digest_size=32, person=b"sphinx-blind").digest()

    def derive_keys(self, secret: bytes) -> tuple[bytes, bytes]:
        both = blake2b(key=secret, person=b"sphinx-header").digest()
        return both[:32], both[32:]

    def xor_stream(self, key: bytes, data: bytes) -> bytes:
        """The stream is BLAKE2b-512 of a counter: for so few bytes twice as quick as to set ChaCha20 up."""
        size = len(data)
        stream = b"".join([blake2b(at, key=key, person=b"sphinx-stream").digest() for at in _BLOCKS])[:size]
        return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")

    def compute_mac(self, key: bytes, alpha: bytes, beta: bytes, associated: bytes) -> bytes:
        return blake2b(associated + alpha + beta, key=key, digest_size=_G.gamma).digest()


SUITE = _Suite()


def wrap(path: Sequence[Hop], command: HopCommand, payload: bytes, entropy: Entropy, delay: int = 0) -> bytes:
    """Make an onion of ``GEOMETRY.onion`` bytes for the first of 1 to ``GEOMETRY.slots`` hops; the last one
    finds ``command`` and ``payload`` (``GEOMETRY.cell`` bytes). Raises Unreadable on a bad key of a hop.

    What no hop needs is random: zeros behind the last slot would tell it how long the path is (Kuhn, Beck,
    Strufe 2020, "Breaking and (partially) fixing provably secure onion routing").
    """
    if not 1 <= len(path) <= _G.slots or len(payload) != _G.cell:
        raise ValueError(f"a path of {len(path)} hops, or a payload of {len(payload)} bytes")
    steps = list(sphinx.steps(SUITE, entropy.draw_bytes(32), [hop.key for hop in path]))
    contents = [bytes([HopCommand.FORWARD, delay]) + hop.id for hop in path[1:]]
    contents.append(bytes([command, delay]) + entropy.draw_bytes(ID_BYTES))
    last, padding = entropy.draw_bytes(_G.gamma), entropy.draw_bytes(_G.beta)
    header = sphinx.build(SUITE, steps, contents, last, padding, VERSION)
    delta = _ZEROS + payload
    for step in reversed(steps):
        delta = lioness.encipher(_payload_key(step.secret), delta)
    return VERSION + header.alpha + header.beta + header.gamma + delta


def peel(key: OnionKey, packet: bytes) -> Peeled:
    """Remove our layer. Raises Malformed (another size or version), Unreadable (not for this key, altered,
    or with an altered payload)."""
    if len(packet) != _G.onion or packet[: _G.onion_ad] != VERSION:
        raise Malformed("not an onion")
    header = sphinx.Header(packet[_ALPHA], packet[_BETA], packet[_GAMMA])
    secret, slots = sphinx.open_slot(SUITE, key.scalar, header, VERSION)
    try:
        command = HopCommand(slots[0])
    except ValueError:
        raise Malformed("an onion with an unknown command") from None
    delay, replay = slots[1], blake2b(key=secret, digest_size=16, person=b"sphinx-replay").digest()
    if command is HopCommand.DROP:
        return Peeled(command, delay, replay)
    delta = lioness.decipher(_payload_key(secret), packet[_DELTA])
    if command is HopCommand.FORWARD:
        alpha = sphinx.blinded(SUITE, header.alpha, secret)
        onward = VERSION + alpha + slots[_G.slot :] + slots[_NEXT_GAMMA] + delta
        return Peeled(command, delay, replay, next=HopId(slots[_NEXT]), packet=onward)
    if delta[: _G.zero] != _ZEROS:
        raise Unreadable("an onion whose payload was altered")
    return Peeled(command, delay, replay, payload=delta[_G.zero :])


def _payload_key(secret: bytes) -> bytes:
    return b"".join([blake2b(part, key=secret, person=b"sphinx-payload").digest() for part in _PARTS])
