"""Tags of a room's cells: computed by each member, and in no list.

Knows: the tag key of each epoch, tags, what they mask. Does not know: what is in a cell, or when the key is
replaced.

::

    tag key(e+1) = derive(tag key(e), "epoch")
    tag          = r | derive(tag key(e), "tag", r, size 8)
    masked place = place XOR derive(tag key(e), "mask", r, size 11)

A pair's tags are looked up in a table (``crypto.envelope``). A room has as many writers as members, so a node
computes one hash of each cell that comes by. A cell that is none of the room's seems to be one with a chance
of 2⁻⁶⁴, and does not open then.
"""

from __future__ import annotations

from typing import Final

from p2pchat.crypto.envelope import FUTURE_EPOCHS, PAST_EPOCHS
from p2pchat.crypto.kdf import derive
from p2pchat.types import Tag
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.room_cells import NONCE_BYTES, PLACE_BYTES

LEAP_EPOCHS: Final = 28
"""A week: so long the keys of before stay when the clock goes on and no member confirms it. If a clock was
further ahead, the room's keys are given again."""


class RoomTagKey:
    """The tag keys that follow from one period's secret."""

    def __init__(self, key: bytes, epoch: int) -> None:
        """``key`` (32 bytes) is that of ``epoch``; there are none of before."""
        self.key = key
        self.epoch = epoch
        self._made: dict[int, bytes] = {}

    def __repr__(self) -> str:
        return f"RoomTagKey(epoch={self.epoch})"

    @classmethod
    def from_secret(cls, secret: bytes, epoch: int) -> RoomTagKey:
        """Derive the first one. Members' clocks may be an epoch behind the author's, and what was written
        before is under another key."""
        return cls(derive(secret, "tags"), epoch)

    def make_tag(self, epoch: int, nonce: bytes) -> Tag:
        """Make the tag of ``nonce`` (``NONCE_BYTES``)."""
        return Tag(nonce + derive(self._key_of(epoch), "tag", nonce, size=GEOMETRY.cell_tag - NONCE_BYTES))

    def has_made(self, tag: bytes, epoch: int, now: int) -> bool:
        """Whether a member has made a tag; ``now``: the present epoch."""
        if not max(self.epoch, now - PAST_EPOCHS) <= epoch <= now + FUTURE_EPOCHS:
            return False
        nonce = tag[:NONCE_BYTES]
        return (
            derive(self._key_of(epoch), "tag", nonce, size=GEOMETRY.cell_tag - NONCE_BYTES)
            == tag[NONCE_BYTES:]
        )

    def mask_place(self, epoch: int, nonce: bytes, place: bytes) -> bytes:
        """Mask a place, or take the mask off."""
        mask = derive(self._key_of(epoch), "mask", nonce, size=PLACE_BYTES)
        return (int.from_bytes(mask, "big") ^ int.from_bytes(place, "big")).to_bytes(PLACE_BYTES, "big")

    def advance_to(self, epoch: int, confirmed: int) -> bool:
        """Forget keys of epochs without live cells; ``confirmed``: the latest epoch of a cell
        that another member has written. Returns whether that changed anything."""
        first = max(min(epoch, confirmed) - PAST_EPOCHS, epoch - PAST_EPOCHS - LEAP_EPOCHS)
        if first <= self.epoch:
            return False
        self.key, self.epoch = self._key_of(first), first
        self._made = {epoch: key for epoch, key in self._made.items() if epoch >= first}
        return True

    def _key_of(self, epoch: int) -> bytes:
        if epoch < self.epoch:
            raise ValueError(f"the tag key of epoch {epoch} is forgotten")
        made = self._made.get(epoch)
        if made is None:
            made = self.key
            for _ in range(epoch - self.epoch):
                made = derive(made, "epoch")
            self._made[epoch] = made
            if len(self._made) > PAST_EPOCHS + FUTURE_EPOCHS + 2:
                del self._made[min(self._made)]
        return made
