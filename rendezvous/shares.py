"""What the clients of one address, site or network have together, and may still ask for.

Knows: counts and buckets. Does not know: which addresses belong together (``limits``), or what is asked for.
"""

from __future__ import annotations

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

    def find_shares(self, groups: tuple[ClientGroup, ...], now: float) -> tuple[Share, ...] | None:
        """The records of these groups; None when there are too many to remember one more."""
        new = sum(group.name not in self._groups for group in groups)
        if len(self._groups) + new > self._limits.addresses:
            return None
        return tuple(self._remembered(group, now) for group in groups)

    def forget_idle(self, now: float) -> None:
        """Forget the groups whose new record would be the same."""
        for name in [name for name, record in self._groups.items() if record.is_as_new(now)]:
            del self._groups[name]

    def _remembered(self, group: ClientGroup, now: float) -> Share:
        record = self._groups.get(group.name)
        if record is None:
            limits, worth = self._limits, group.worth
            record = self._groups[group.name] = Share(
                worth,
                Bucket(limits.connects_per_address, now, worth),
                Bucket(limits.takes_per_address, now, worth),
                Bucket(limits.passes_per_address, now, worth),
            )
        return record


def draw(buckets: list[Bucket], now: float) -> bool:
    """Take one token of each, or none of any."""
    if not buckets:
        return True
    return all(bucket.has_token(now) for bucket in buckets) and all(
        bucket.take_token(now) for bucket in buckets
    )
