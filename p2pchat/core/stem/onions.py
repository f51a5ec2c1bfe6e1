"""How onions of our own are made, and when what they carry should be back.

Knows: the delays of a profile. Does not know: which way an onion takes, or why.
"""

from __future__ import annotations

from collections.abc import Sequence

from p2pchat.core.stem.outputs import Relay
from p2pchat.core.stem.return_tracker import ReturnTracker
from p2pchat.core.values.profile import PROFILES, Profile
from p2pchat.crypto.onion import Hop, HopCommand, wrap
from p2pchat.ports import Entropy
from p2pchat.types import HopId, LinkId

RETURN_S = 2.0
RETURN_HOP_S = 0.3
"""A cell of ours is lost when it did not come back in so long, and so much more for each hop; the delays it
was given on the way count three times. That is some twice what 99 of 100 take in a mesh of a thousand."""

DELAYS = tuple(dict.fromkeys(profile.delay_s for profile in PROFILES.values()))
"""What a sender may ask of a hop, by the number that its slot bears."""


class Onions:
    """``returns`` is told what should come back."""

    def __init__(self, profile: Profile, entropy: Entropy, returns: ReturnTracker) -> None:
        self._delay_s = profile.delay_s
        self._entropy = entropy
        self._returns = returns

    def make_onion(
        self,
        link: LinkId,
        hops: Sequence[Hop],
        command: HopCommand,
        payload: bytes,
        parent: bytes | None = None,
    ) -> Relay:
        """Wrap a payload of ``GEOMETRY.cell`` bytes for a way that begins at the link."""
        delay = DELAYS.index(self._delay_s)
        return Relay(link, wrap(hops, command, payload, self._entropy, delay), None, parent)

    def expect_return(self, name: bytes, nodes: Sequence[HopId], now: float) -> None:
        """What bears this name goes over these nodes, and comes back if all do their work."""
        self._returns.expect_return(
            name, nodes, now, RETURN_S + len(nodes) * (RETURN_HOP_S + 3 * self._delay_s)
        )
