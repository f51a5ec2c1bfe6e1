"""Which onions were here before.

Knows: the replay ids of one epoch's onions. Does not know: keys, or what an onion is for.

Replay ids need not outlive a run: a restarted node has new keys, and earlier onions do not open under them.
Within an epoch none is forgotten, so that an onion that is sent again leads nowhere.
"""

from __future__ import annotations

BUCKETS = 4096
BUCKET_CAP = 512
"""Replay ids in each of the buckets that they fall into by their first bytes: two million in all, 16 MB. That
is ninety onions a second for an epoch and its overlap; a mesh of strong nodes alone brings thirty-six. Beyond
it the oldest quarter of the bucket is forgotten; a cell that is repeated after that is known all the same."""

KEPT_BYTES = 8
"""Of each replay id, besides the bytes that chose its bucket: two of two million are alike once in ten
million epochs."""


class Replay:
    """Replay ids of 16 random bytes. Kept one after another, they take a tenth of what a set would."""

    def __init__(self, buckets: int = BUCKETS, cap: int = BUCKET_CAP) -> None:
        self._cap = cap * KEPT_BYTES
        self._buckets = [bytearray() for _ in range(buckets)]

    def add_new(self, id: bytes) -> bool:
        """Remember a replay id; True when it was not known."""
        bucket = self._buckets[int.from_bytes(id[:4], "big") % len(self._buckets)]
        kept = id[-KEPT_BYTES:]
        at = bucket.find(kept)
        while at >= 0 and at % KEPT_BYTES:  # the end of one and the beginning of the next look like it
            at = bucket.find(kept, at + 1)
        if at >= 0:
            return False
        bucket += kept
        if len(bucket) > self._cap:
            del bucket[: self._cap // 4]
        return True
