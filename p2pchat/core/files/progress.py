"""How fast a file comes further.

Knows: how much was there when. Does not know: files.
"""

from __future__ import annotations

from collections import deque

LATELY_S = 60.0
"""Over how long a rate is measured: a piece takes two minutes with ``balanced``."""

SAMPLES_MAX = 64


class TransferProgress:
    """One file's. Amounts only grow."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=SAMPLES_MAX)

    def note_amount(self, amount: int, now: float) -> float:
        """So many bytes are there now; return how many came in a second lately, or 0 where that is not
        known."""
        while self._samples and self._samples[0][0] < now - LATELY_S:
            self._samples.popleft()
        self._samples.append((now, amount))
        since, before = self._samples[0]
        return max(0.0, (amount - before) / (now - since)) if now > since else 0.0
