"""The header of a Sphinx packet (Danezis and Goldberg 2009): a way that each hop learns one step of.

Knows: blinding, the routing slots, their filler and their MACs, for any suite of primitives. Does not know:
which primitives, what a slot says, or the payload that goes with the header.

::

    alpha                beta                              gamma
    a point for this hop every hop's slot, the first open  MAC of alpha and beta
                         to this hop, then a fixed size
                         of what the others have or had

A slot is its content and the gamma for the next hop. Each hop takes its slot from the front, and the same
stream that opens it puts as many bytes behind: a header never shows how far it has come.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from p2pchat.errors import Unreadable


class Suite(Protocol):
    """The primitives and sizes."""

    beta: int
    """Bytes of all slots together."""
    slot_max: int
    """Bytes of the longest slot."""

    def multiply(self, scalar: bytes, point: bytes) -> bytes:
        """A point times a scalar. Raises Unreadable where that gives nothing away."""
        ...

    def public(self, scalar: bytes) -> bytes:
        """The base point times a scalar."""
        ...

    def shared(self, point: bytes) -> bytes:
        """The secret that a common point stands for."""
        ...

    def blind(self, alpha: bytes, secret: bytes) -> bytes:
        """The scalar that makes the next hop's point of this one's."""
        ...

    def keys(self, secret: bytes) -> tuple[bytes, bytes]:
        """For the stream and for the MAC."""
        ...

    def xor(self, key: bytes, data: bytes) -> bytes:
        """``data`` XOR the key's stream."""
        ...

    def mac(self, key: bytes, alpha: bytes, beta: bytes, associated: bytes) -> bytes:
        """The gamma of a header."""
        ...


@dataclass(frozen=True, slots=True)
class Header:
    alpha: bytes
    beta: bytes = field(repr=False)
    gamma: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """What the sender has in common with one hop."""

    alpha: bytes
    secret: bytes = field(repr=False)


def steps(suite: Suite, scalar: bytes, keys: Sequence[bytes]) -> Iterator[Step]:
    """The points and secrets along hops with these public keys. Raises Unreadable on a key that is none.

    Each hop's secret takes all blinding so far, one multiplication after the other: X25519 clamps every
    scalar, so their product would be another.
    """
    scalars, alpha = [scalar], suite.public(scalar)
    for key in keys:
        point = key
        for each in scalars:
            point = suite.multiply(each, point)
        secret = suite.shared(point)
        yield Step(alpha, secret)
        blind = suite.blind(alpha, secret)
        scalars.append(blind)
        alpha = suite.multiply(blind, alpha)


def build(
    suite: Suite, way: Sequence[Step], contents: Sequence[bytes], last: bytes, noise: bytes, associated: bytes
) -> Header:
    """The header for the first hop. ``contents``: what each hop's slot says; ``last``: what stands for a
    gamma in the last; ``noise``: ``suite.beta`` bytes, of which those behind the last slot remain."""
    filler = _filler(suite, way, [len(content) + len(last) for content in contents])
    beta, gamma = noise, last
    for at in reversed(range(len(way))):
        stream, key = suite.keys(way[at].secret)
        beta = suite.xor(stream, (contents[at] + gamma + beta)[: suite.beta])
        if at == len(way) - 1 and filler:
            beta = beta[: -len(filler)] + filler
        gamma = suite.mac(key, way[at].alpha, beta, associated)
    return Header(way[0].alpha, beta, gamma)


def open_slot(suite: Suite, scalar: bytes, header: Header, associated: bytes) -> tuple[bytes, bytes]:
    """Return the secret, and all slots with the first one open and zero bytes behind them turned to filler:
    ``suite.beta + suite.slot_max`` bytes. Raises Unreadable unless the header was made for this hop."""
    secret = suite.shared(suite.multiply(scalar, header.alpha))
    stream, key = suite.keys(secret)
    if not hmac.compare_digest(suite.mac(key, header.alpha, header.beta, associated), header.gamma):
        raise Unreadable("an onion for somebody else, or altered")
    return secret, suite.xor(stream, header.beta + bytes(suite.slot_max))


def blinded(suite: Suite, alpha: bytes, secret: bytes) -> bytes:
    """The next hop's point."""
    return suite.multiply(suite.blind(alpha, secret), alpha)


def _filler(suite: Suite, way: Sequence[Step], sizes: Sequence[int]) -> bytes:
    """What the hops before the last will have put behind the slots: the sender must know it for the last
    MAC."""
    filler = b""
    for step, size in zip(way[:-1], sizes, strict=False):
        stream, _ = suite.keys(step.secret)
        start = suite.beta - len(filler)
        filler = suite.xor(stream, bytes(start) + filler + bytes(size))[start:]
    return filler
