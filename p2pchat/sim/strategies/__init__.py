"""The strategies a run can choose from: the one that ships, and two to measure it against.

Knows: their names. Does not know: how they work.
"""

from __future__ import annotations

from typing import Final

from p2pchat.core.broadcast.damping import Damping
from p2pchat.core.broadcast.plumtree import Plumtree
from p2pchat.core.broadcast.strategy import Strategy
from p2pchat.sim.strategies.flooding import Flooding
from p2pchat.sim.strategies.gossipsub import Gossipsub

STRATEGIES: Final = ("plumtree", "flooding", "gossipsub")


def strategy(name: str, damping: Damping) -> Strategy:
    """The one of that name; the constants are Plumtree's."""
    if name == "flooding":
        return Flooding
    if name == "gossipsub":
        return Gossipsub
    return lambda entropy, cells, counters: Plumtree(entropy, cells, counters, damping)
