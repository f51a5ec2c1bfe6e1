"""Which onions were here before.

Knows: the tags of one epoch's onions. Does not know: keys, or what an onion is for.

Tags need not outlive a run: a node that starts anew has new keys, under which nothing that was sent before
opens.
"""

from __future__ import annotations

from itertools import islice

TAGS_CAP = 262_144
"""Tags of one epoch, about 25 MB: twelve onions a second for six hours, where a mesh of a thousand strong
nodes brings five. Beyond it the oldest quarter is forgotten; a cell repeated after that is known all the
same."""


class Replay:
    """Tags of 16 bytes."""

    def __init__(self, cap: int = TAGS_CAP) -> None:
        self._cap = cap
        self._tags: dict[bytes, None] = {}

    def first(self, tag: bytes) -> bool:
        """Remember a tag; True when it was not known."""
        if tag in self._tags:
            return False
        self._tags[tag] = None
        if len(self._tags) > self._cap:
            self._tags = dict.fromkeys(islice(self._tags, self._cap // 4, None))
        return True
