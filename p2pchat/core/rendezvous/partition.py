"""Whether the mesh may have come apart.

Knows: when links broke, and for how long that is a reason to look. Does not know: which nodes are sought.
"""

from __future__ import annotations

WOUND_S = 10.0
"""Two links that broke within this time may mean that the mesh came apart."""

TORN_FOR_S = 3600.0
BROKEN_FOR_S = 900.0
"""For so long after several links broke at once, or after one did, the mesh may be in pieces. Nodes at a
rendezvous often lose only one link when a mesh comes apart."""


class PartitionSuspicion:
    """The signs that one mesh has come apart."""

    def __init__(self) -> None:
        self._torn_at = self._broke_at = float("-inf")

    def note_broken(self, now: float) -> bool:
        """A link of our own making broke; whether another did just before."""
        before, self._broke_at = self._broke_at, now
        return now < before + WOUND_S

    def note_mass_loss(self, now: float) -> None:
        """Several links broke at once."""
        self._torn_at = now

    def is_possible(self, now: float) -> bool:
        """Whether the mesh may have come apart not long ago."""
        return now < max(self._torn_at + TORN_FOR_S, self._broke_at + BROKEN_FOR_S)
