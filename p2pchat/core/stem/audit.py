"""Which neighbours do not stand by their link with us.

Knows: for how long each neighbour's own descriptor has omitted us, and which neighbours did before. Does not
know: descriptors, or how a link ends.

A descriptor has room for as many links as a node may have, and of a node one descriptor holds, everywhere. So
a node that has more links than others must leave some of them out, and those at whose expense it does see it:
each counts the time in which the newest descriptor that it knows of a neighbour does not list it. If a node
lists its neighbours in turns, each of them counts more time against it than it forgives. This is how many
links a node may have that others give to it (after Singh, Ngan, Druschel, Wallach, "Eclipse Attacks on
Overlay Networks", INFOCOM 2006, where degrees are asked for; here they are published and signed).
"""

from __future__ import annotations

from collections.abc import Mapping

from p2pchat.core.kit.table import Table
from p2pchat.data import dataclass
from p2pchat.types import HopId, LinkId

LOOK_S = 10.0
"""How often the node looks, also after a stem that is not in use."""

UNLISTED_S = 150.0
"""So long it may leave us out: a node whose links change all the time tells of them about once a minute."""

FORGIVE = 0.25
"""Of the time in which it lists us, so much makes up for time in which it did not: all neighbours keep a
node that lists each of them four fifths of the time, so it has a quarter more links than a descriptor
holds."""

BARRED_CAP = 4096
"""Names that are not taken again; beyond it the first may come again, in an epoch that is over long since."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of a neighbour: its name of the epoch, once it was told, and whether it lists us."""

    name: HopId | None
    lists_us: bool
    lies: bool = False
    """Whether it signed two lists under one serial, which no honest node does."""


class Audit:
    """``examine_links`` every ``LOOK_S``."""

    def __init__(self) -> None:
        self._unlisted: dict[LinkId, float] = {}
        self._barred = Table[HopId, None](BARRED_CAP)
        self._looked_at = float("-inf")

    def examine_links(self, sights: Mapping[LinkId, Sight], now: float) -> list[LinkId]:
        """Note what is known of each link that counts. Return the links to be ended."""
        passed, self._looked_at = min(now - self._looked_at, LOOK_S), now
        before, self._unlisted = self._unlisted, {}
        gone = []
        for link, sight in sights.items():
            more = -FORGIVE * passed if sight.lists_us else passed
            self._unlisted[link] = max(0.0, before.get(link, 0.0) + more)
            if sight.lies or self._unlisted[link] >= UNLISTED_S:
                gone.append(link)
                self._bar(sight.name)
        return gone

    def is_barred(self, name: HopId | None) -> bool:
        """Whether that neighbour was let go before: by the end of the epoch it has another name."""
        return name in self._barred

    def _bar(self, name: HopId | None) -> None:
        if name is not None:
            self._barred.put(name, None)
