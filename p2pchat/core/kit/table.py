"""A table that another cannot make grow."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Table(dict[K, V]):
    """At most ``capacity`` entries: the oldest goes when a new one would be too many. Entries are written by
    ``put`` alone; reading and removing is as with any dict."""

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.capacity = capacity

    def put(self, key: K, value: V) -> K | None:
        """Write an entry as the newest one. Returns the key of the entry that went for it, if one did."""
        self.pop(key, None)
        self[key] = value
        if len(self) <= self.capacity:
            return None
        oldest = next(iter(self))
        del self[oldest]
        return oldest
