"""Totals since the start, without names or addresses.

Knows: numbers. Does not know: the clients behind them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Totals:
    """Counts up, and never down. The keys of a Counter come from the server's own words."""

    let_in: int = 0
    """Connections."""
    turned_away: Counter[str] = field(default_factory=Counter)
    """Connections, by why."""
    hung_up_on: Counter[str] = field(default_factory=Counter)
    """Clients that broke the protocol, by how."""
    taken: Counter[str] = field(default_factory=Counter)
    """Seats, by mode."""
    refused: Counter[str] = field(default_factory=Counter)
    """Takes and passes, by why."""
    passed: int = 0
    """Blobs."""
    gone: int = 0
    """Blobs for seats that were not taken any more."""
