"""What the clients of one address, site or network have together, and may still ask for.

Knows: counts and buckets. Does not know: which addresses belong together (``limits``), or what is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rendezvous.bucket import Bucket
from rendezvous.limits import ClientGroup, Limits


@dataclass(slots=True)
class Share:
    """The limits of one group of clients."""

    worth: int
    connects: Bucket
    takes: Bucket
    passes: Bucket
    connections: int = 0
    seats: int = 0

    def is_as_new(self, now: float) -> bool:
        """Whether a new record would be the same."""
        return not self.connections and all(b.is_full(now) for b in (self.connects, self.takes, self.passes))


class Shares:
    """All groups that are remembered."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._groups: dict[str, Share] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def find_shares(
        self, groups: tuple[ClientGroup, ...], now: float, allows: Callable[[Share], bool]
    ) -> tuple[Share, ...] | None:
        """The records of these groups; None if one does not allow what is asked, or there are too many to
        remember one more. What is refused is not remembered: a /48 that has used up its share could fill the
        table with its 65536 /64 and keep others out."""
        shares = {group.name: self._groups.get(group.name) or self._new(group, now) for group in groups}
        new = shares.keys() - self._groups.keys()
        if len(self._groups) + len(new) > self._limits.addresses or not all(map(allows, shares.values())):
            return None
        self._groups.update(shares)
        return tuple(shares.values())

    def forget_idle(self, now: float) -> None:
        """Forget the groups whose new record would be the same."""
        for name in [name for name, record in self._groups.items() if record.is_as_new(now)]:
            del self._groups[name]

    def _new(self, group: ClientGroup, now: float) -> Share:
        limits, worth = self._limits, group.worth
        return Share(
            worth,
            Bucket(limits.connects_per_address, now, worth),
            Bucket(limits.takes_per_address, now, worth),
            Bucket(limits.passes_per_address, now, worth),
        )


def draw(buckets: list[Bucket], now: float) -> bool:
    """Take one token of each, or none of any."""
    if not buckets:
        return True
    return all(bucket.has_token(now) for bucket in buckets) and all(
        bucket.take_token(now) for bucket in buckets
    )
