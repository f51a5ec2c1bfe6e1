"""Recovery keys: how two ends find and know each other when their session no longer works.

Knows: the key pairs, the tags and keys that follow from them, the roots of a new session. Does
not know: when that happens, or what passes in between.

Each end tells its public half to the other inside their session only. An observer that lacks both, today or
with a later quantum computer, can neither write to that end nor read it.

::

    point                 X25519 of one's own recovery key and the other's
    path(sender)        = derive(point, "recovery", sender's X25519)
    tag(e, slot, index) = derive(path, "tag", e, slot, index), 16 bytes
    box                   AES-256-SIV(derive(path, "box", e, slot, index, size 64), aad tag | e)
"""

from __future__ import annotations

from dataclasses import field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from p2pchat.crypto.envelope import roots
from p2pchat.crypto.exchange import SEED_BYTES, X25519_BYTES, KemKey, encapsulate, public_point, shared_point
from p2pchat.crypto.kdf import derive, digest
from p2pchat.data import dataclass
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import Epoch, Tag
from p2pchat.wire.cell import Cell, encode_cell
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.recovery import KEY_NAME_BYTES

SLOTS = 12
"""Messages of one sender in one epoch that share no tag."""

HIDDEN_BYTES = 32
"""Random bytes that the answer's Olm message hides: only the identity key that is known opens it, so only its
owner can know the roots."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One end's public half, for the other end alone."""

    x25519: bytes
    encapsulation_key: bytes
    """ML-KEM-768."""

    @property
    def name(self) -> bytes:
        """Return the name that both ends have for this key."""
        return digest(self.encapsulation_key, KEY_NAME_BYTES)


class RecoveryKey:
    """One end's key pair for one contact: X25519, the same for as long as they are paired, and ML-KEM-768,
    of which there may be others since."""

    def __init__(self, secret: bytes) -> None:
        """``secret``: ``X25519_BYTES`` and ``SEED_BYTES``."""
        self.secret = secret
        self._scalar = secret[:X25519_BYTES]
        self._kem = KemKey.from_seed(secret[X25519_BYTES:])

    def __repr__(self) -> str:
        return "RecoveryKey(…)"

    @classmethod
    def generate(cls, entropy: Entropy) -> RecoveryKey:
        """Draw a new one."""
        return cls(entropy.draw_bytes(X25519_BYTES + SEED_BYTES))

    def draw_next(self, entropy: Entropy) -> RecoveryKey:
        """Another ML-KEM key on the same line."""
        return RecoveryKey(self._scalar + entropy.draw_bytes(SEED_BYTES))

    def of_seed(self, seed: bytes) -> RecoveryKey:
        """The one on the same line with that seed."""
        return RecoveryKey(self._scalar + seed)

    @property
    def seed(self) -> bytes:
        """Return the seed of the ML-KEM half."""
        return self.secret[X25519_BYTES:]

    @property
    def public(self) -> PublicKey:
        """The half that the other end is told."""
        return PublicKey(public_point(self._scalar), self._kem.encapsulation_key)

    def derive_paths(self, theirs: PublicKey) -> tuple[RecoveryPath, RecoveryPath]:
        """Derive the path to the other end and the path from it. Raises Unreadable on a bad point."""
        point = shared_point(self._scalar, theirs.x25519)
        return RecoveryPath(point, self.public.x25519), RecoveryPath(point, theirs.x25519)

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """Return the secret of a ciphertext that was made for this key. Raises Unreadable."""
        return self._kem.decapsulate(ciphertext)


def secret_for(theirs: PublicKey) -> tuple[bytes, bytes]:
    """Draw a new secret for the owner of the key; return it with its ciphertext. Raises Unreadable."""
    return encapsulate(theirs.encapsulation_key)


def proved(knocked: bytes, challenged: bytes) -> bytes:
    """Derive what only the two ends know, if both hold their recovery keys and are there now."""
    return derive(knocked, "proved", challenged)


class RecoveryPath:
    """Cells from one end to the other that need no session: their tags and keys follow from the epoch."""

    def __init__(self, point: bytes, sender: bytes) -> None:
        self._key = derive(point, "recovery", sender)

    def __repr__(self) -> str:
        return "RecoveryPath(…)"

    def derive_tag(self, epoch: Epoch, slot: int, index: int) -> Tag:
        """Derive the tag of the cell with that ``index`` in a message."""
        return Tag(derive(self._key, "tag", _place(epoch, slot, index), size=GEOMETRY.cell_tag))

    def seal_cell(self, plain: bytes, epoch: Epoch, slot: int, index: int) -> bytes:
        """Seal ``GEOMETRY.plain`` bytes into a cell of ``GEOMETRY.cell``."""
        tag = self.derive_tag(epoch, slot, index)
        box = self._cipher(epoch, slot, index).encrypt(plain, [_bound(tag, epoch)])
        return encode_cell(Cell(tag, epoch, bytes(GEOMETRY.stamp), box))

    def open_cell(self, cell: Cell, slot: int, index: int) -> bytes:
        """``GEOMETRY.plain`` bytes. Raises Unreadable."""
        try:
            return self._cipher(cell.epoch, slot, index).decrypt(cell.box, [_bound(cell.tag, cell.epoch)])
        except InvalidTag as error:
            raise Unreadable("the cell does not open") from error

    def _cipher(self, epoch: Epoch, slot: int, index: int) -> AESSIV:
        """Several messages may use one slot, or two copies of a home: SIV bears that."""
        return AESSIV(derive(self._key, "box", _place(epoch, slot, index), size=64))


def seal_under(secret: bytes, label: str, plain: bytes) -> bytes:
    """Seal bytes for the two ends that know the secret of an ask."""
    return AESSIV(derive(secret, label, size=64)).encrypt(plain, None)


def open_under(secret: bytes, label: str, box: bytes) -> bytes:
    """Undo ``seal_under``. Raises Unreadable."""
    try:
        return AESSIV(derive(secret, label, size=64)).decrypt(box, None)
    except (InvalidTag, ValueError) as error:
        raise Unreadable("not sealed by the other end") from error


@dataclass(frozen=True, slots=True)
class RecoveryRoots:
    """The roots of a new session."""

    initiator: bytes = field(repr=False)
    """The root of what the end that asked sends, 32 bytes."""
    responder: bytes = field(repr=False)
    renewal_key: bytes = field(repr=False)
    transcript: bytes
    """A hash of all that was exchanged, 32 bytes: the same at both ends and nowhere else."""


def derive_roots(kem_secret: bytes, hidden: bytes, *exchanged: bytes) -> RecoveryRoots:
    """Derive the roots from the secret of the initiator's new ML-KEM key and what the Olm message hid."""
    secret = derive(kem_secret, "recovery roots", hidden)
    initiator, responder = roots(secret, *exchanged)
    return RecoveryRoots(
        initiator, responder, derive(secret, "renewal key"), derive(secret, "transcript", *exchanged)
    )


def _place(epoch: Epoch, slot: int, index: int) -> bytes:
    return epoch.to_bytes(GEOMETRY.epoch, "big") + bytes([slot, index])


def _bound(tag: Tag, epoch: Epoch) -> bytes:
    return tag + epoch.to_bytes(GEOMETRY.epoch, "big")
