"""What is kept of commits for absent members: they open one after the other when they are back.

Knows: which members have not been heard since which commit. Does not know: keys, or how it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Final

from p2pchat.core.kit.moments import LATEST
from p2pchat.core.room.pairs import KEPT_S
from p2pchat.data import dataclass
from p2pchat.types import MemberId
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_cells import MEMBER_BYTES, MEMBERS_MAX, PERIOD_NAME_BYTES
from p2pchat.wire.room_commits import DEPTH_MAX, KeptShare, RoomCommit, decode_kept, encode_kept

KEPT_MAX: Final = 512
"""Commits that are kept: thirty days of seventeen. With a slot for each of 49 they would take 0.25 MB of
records a day; members that are heard need none."""

_LIMIT: Final = 32 << 10
"""Bytes of a stored commit; one with all its slots has 24 kB."""


@dataclass(slots=True)
class _Kept:
    depth: int
    at: float
    slots: dict[MemberId, KeptShare] = field(repr=False)


class KeptCommits:
    """One room's, by the period that each began."""

    def __init__(self) -> None:
        self._all: dict[bytes, _Kept] = {}
        self.changed: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._all)

    def keep_commit(
        self, id: bytes, commit: RoomCommit, depth: int, others: Iterable[MemberId], now: float
    ) -> None:
        """Keep the slots of ``others``; in the commit they stand in order of the ids of the whole roster but
        its author."""
        self._all[id] = _Kept(depth, now, {})
        for member, mac, masked in zip(others, commit.macs, commit.masked, strict=True):
            self._all[id].slots[member] = KeptShare(commit.head, mac, masked)
        self.changed.add(id)
        while len(self._all) > KEPT_MAX:
            self._erase(min(self._all, key=lambda id: self._all[id].at))

    def note_reached(self, member: MemberId, periods: Iterable[bytes]) -> None:
        """A member was heard in the last of these, which lead to each other: it has opened them. It may lack
        the commits of another branch."""
        for id in periods:
            kept = self._all.get(id)
            if kept is not None and kept.slots.pop(member, None) is not None:
                self.changed.add(id)
                if not kept.slots:
                    self._erase(id)

    def shares_for(self, member: MemberId, names: Iterable[bytes], most: int) -> dict[bytes, KeptShare]:
        """What is kept for a member that has the periods of these names, in the order in which it opens: by
        the period that it then has, too."""
        kept = [(id, one) for id, one in self._all.items() if member in one.slots]
        reached, found = set(names), dict[bytes, KeptShare]()
        for id, one in sorted(kept, key=lambda pair: pair[1].depth):
            share, name = one.slots[member], id[:PERIOD_NAME_BYTES]
            if share.head.parent[:PERIOD_NAME_BYTES] in reached and name not in reached and len(found) < most:
                reached.add(name)
                found[id] = share
        return found

    def forget_old(self, now: float) -> None:
        """Forget what no member waits for any longer."""
        for id, kept in list(self._all.items()):
            kept.at = min(kept.at, now)
            if now - kept.at >= KEPT_S:
                self._erase(id)

    def as_record(self, id: bytes) -> bytes | None:
        """Return what is kept of one commit, or None: nothing."""
        kept = self._all.get(id)
        if kept is None:
            return None
        slots = [[member, encode_kept(share)] for member, share in kept.slots.items()]
        return codec.pack({"depth": kept.depth, "at": min(kept.at, LATEST), "slots": slots})

    def read_record(self, id: bytes, record: bytes) -> None:
        """Undo ``as_record``. Raises Malformed."""
        reader = Reader(codec.unpack(record, _LIMIT))
        slots = reader.get_list("slots", MEMBERS_MAX)
        self._all[id] = _Kept(
            reader.get_integer("depth", 0, DEPTH_MAX),
            reader.get_float("at", 0.0, LATEST),
            {MemberId(member): decode_kept(share) for member, share in slots if len(member) == MEMBER_BYTES},
        )

    def _erase(self, id: bytes) -> None:
        del self._all[id]
        self.changed.add(id)
