"""The size of everything that travels, in one value from which all else is derived.

Knows: how the layers fit into each other to the byte. Does not know: what is in them.
"""

from __future__ import annotations

from typing import Final

from p2pchat.data import dataclass

ENCAPSULATION_KEY_BYTES: Final = 1184
CIPHERTEXT_BYTES: Final = 1088
"""Of ML-KEM-768 (FIPS 203, table 3)."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes in bytes. Raises ValueError when the layers do not fit into each other exactly."""

    frame: int = 1152
    """One SCTP chunk in aiortc (its limit is 1160) and one datagram of 1217 B; 1164 makes two (measured)."""
    link_tag: int = 16
    """Poly1305 tag of the link's own sealing."""
    frame_header: int = 16

    onion_ad: int = 1
    alpha: int = 32
    """X25519 public value of a Sphinx packet."""
    slots: int = 5
    """Hops a stem can have; always all sent, so that its length does not show."""
    slot: int = 26
    """Command 1, delay 1, next hop's id 8, next gamma 16."""
    gamma: int = 16
    zero: int = 16
    """Zero bytes in front of the onion's payload; they come back only when nothing was altered."""

    cell: int = 925
    cell_tag: int = 16
    epoch: int = 4
    stamp: int = 8
    """Proof of work, for meshes that are open to strangers."""
    mac: int = 16
    """Poly1305 tag of a box or a blob."""
    fragment_header: int = 21

    blob: int = 2048
    """Sealed blob that a rendezvous passes on: room for an ML-KEM-768 key and a compact SDP."""
    nonce: int = 24
    """XChaCha20 nonce in front of a blob."""

    def __post_init__(self) -> None:
        if self.onion != self.body:
            raise ValueError(
                f"an onion of {self.onion} bytes does not fill a frame's body of {self.body} bytes"
            )
        if self.data <= 0 or self.blob_plain <= 0:
            raise ValueError("nothing is left for data")

    @property
    def frame_plain(self) -> int:
        """Header and body of a frame, before it is sealed."""
        return self.frame - self.link_tag

    @property
    def body(self) -> int:
        """What a frame carries."""
        return self.frame_plain - self.frame_header

    @property
    def beta(self) -> int:
        """The onion's routing slots."""
        return self.slots * self.slot

    @property
    def delta(self) -> int:
        """The onion's payload: the zero bytes and a cell."""
        return self.zero + self.cell

    @property
    def onion(self) -> int:
        """A whole onion."""
        return self.onion_ad + self.alpha + self.beta + self.gamma + self.delta

    @property
    def box(self) -> int:
        """The sealed part of a cell."""
        return self.cell - self.cell_tag - self.epoch - self.stamp

    @property
    def plain(self) -> int:
        """The plaintext of a box."""
        return self.box - self.mac

    @property
    def data(self) -> int:
        """What one fragment carries."""
        return self.plain - self.fragment_header

    @property
    def blob_plain(self) -> int:
        """The plaintext of a blob."""
        return self.blob - self.nonce - self.mac


GEOMETRY: Final = Geometry()
"""The one geometry every node speaks. To move a size is to start a new protocol version."""
