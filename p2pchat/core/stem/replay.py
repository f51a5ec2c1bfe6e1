"""Which onions were here before.

Knows: the tags of one epoch's onions. Does not know: keys, or what an onion is for.

Tags need not outlive a run: a node that starts anew has new keys, under which nothing that was sent before
opens. Within an epoch none is forgotten, so that nobody can send an onion again later and see where it goes.
"""

from __future__ import annotations

BUCKETS = 4096
BUCKET_CAP = 512
"""Tags in each of the buckets they fall into by their first bytes: two million in all, 16 MB. That is ninety
onions a second for an epoch and its overlap, where a mesh of nobody but strong nodes brings thirty-six.
Beyond it the oldest quarter of the bucket is forgotten; a cell repeated after that is known all the same."""

KEPT_BYTES = 8
"""Of each tag, besides the bytes that chose its bucket: two of two million are alike once in ten million
epochs."""


class Replay:
    """Tags of 16 random bytes. Kept one behind another, they take a tenth of what a set of them would."""

    def __init__(self, buckets: int = BUCKETS, cap: int = BUCKET_CAP) -> None:
        self._cap = cap * KEPT_BYTES
        self._buckets = [bytearray() for _ in range(buckets)]

    def first(self, tag: bytes) -> bool:
        """Remember a tag; True when it was not known."""
        bucket = self._buckets[int.from_bytes(tag[:4], "big") % len(self._buckets)]
        kept = tag[-KEPT_BYTES:]
        at = bucket.find(kept)
        while at >= 0 and at % KEPT_BYTES:  # the end of one and the beginning of the next look like it
            at = bucket.find(kept, at + 1)
        if at >= 0:
            return False
        bucket += kept
        if len(bucket) > self._cap:
            del bucket[: self._cap // 4]
        return True
