"""When a node makes a new descriptor of itself, and which.

Knows: the pace of changes, the serial number of the last descriptor. Does not know: links, or others'
descriptors.
"""

from __future__ import annotations

from collections.abc import Iterable

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.pace import Pace
from p2pchat.crypto.descriptor import DescriptorKey
from p2pchat.ports import Entropy
from p2pchat.types import Epoch, HopId
from p2pchat.wire.topology import LINKS_MAX, NodeDescriptor

PUBLISH_SOON_S = 0.1
"""After its first link a node tells of itself at once: in a mesh of two, cells wait for that."""

PUBLISH_FIRST_S = 4.0
PUBLISH_LAST_S = 60.0
"""Gaps between a node's later descriptors while its links change: it gets five in some ten seconds, and a
mesh in which nodes come and go all the time is not to be drowned in descriptors."""

QUIET_S = 300.0
"""After so long without a change the next one is told at once again."""


class Origination:
    """Makes our descriptors of one epoch. ``publish_at``: when this node first tells of itself."""

    def __init__(
        self, key: DescriptorKey, onion_key: bytes, epoch: Epoch, entropy: Entropy, publish_at: float
    ) -> None:
        self._key = key
        self._onion_key = onion_key
        self._epoch = epoch
        self._pace = Pace(entropy, PUBLISH_FIRST_S, PUBLISH_LAST_S)
        self._serial = 0
        self._published_at = publish_at
        self.due_at = publish_at
        """When to tell of ourselves next."""
        self.descriptor = b""
        """What is told, signed."""

    @property
    def is_due(self) -> bool:
        """Whether a change is still to be told."""
        return self.due_at < NEVER

    def sign_descriptor(self, nodes: Iterable[HopId]) -> bytes:
        """Say that these are our neighbours."""
        self._serial += 1
        ids = tuple(nodes)[:LINKS_MAX]
        self.descriptor = self._key.sign(
            NodeDescriptor(self._key.public, self._onion_key, self._epoch, self._serial, ids)
        )
        return self.descriptor

    def on_change(self, known: int, now: float) -> None:
        """Our links are others now, of which so many are known by name: tell it, at the pace of changes."""
        if self.is_due:
            return
        if now >= self._published_at + QUIET_S:
            self._pace.on_success()
        if known == 1:
            self.due_at = now + PUBLISH_SOON_S
        else:
            self._pace.on_attempt(now)
            self.due_at = self._pace.at

    def publish_by(self, by: float) -> None:
        """Tell it by then."""
        self.due_at = min(self.due_at, by)

    def note_published(self, now: float) -> None:
        """All neighbours are told now."""
        self.due_at, self._published_at = NEVER, now
