"""Putting the fragments of a room's cells together, though any member may have made any of them.

Knows: what follows what, by its hash; how many candidates wait. Does not know: keys, MACs, or what is said.

A fragment has 16 bytes of the hash of the next. So once the first one is known to be right, there is one
right second, in any order of arrival. Until then up to four wait for one place: a fifth takes the place of
the oldest, for a forger can come before the writer, and seldom just after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Final

from p2pchat.crypto.kdf import digest
from p2pchat.data import dataclass
from p2pchat.types import MemberId
from p2pchat.wire.room_cells import (
    LINK_BYTES,
    NO_LINK,
    RoomFragment,
    RoomKind,
    decode_room_fragment,
    encode_room_fragment,
    pieces_of,
)

CANDIDATES_MAX: Final = 4
"""Fragments that wait for one place, and beginnings for one message."""

WAITING_MAX: Final = 512
"""Fragments that wait under one member's name, 0.5 MB: four of the longest messages."""

Start = tuple[bytes, MemberId, int]
"""Period, sender, and the index of a message's first cell."""


def cut_payload(kind: RoomKind, data: bytes) -> list[bytes]:
    """Make the fragments of what is said, in order, each with the hash of the next."""
    pieces = pieces_of(data)
    plains: list[bytes] = []
    link = NO_LINK
    for at in range(len(pieces) - 1, -1, -1):
        plains.append(encode_room_fragment(RoomFragment(kind, at, len(pieces), link, pieces[at])))
        link = link_of(plains[-1])
    return plains[::-1]


def link_of(plain: bytes) -> bytes:
    """What the fragment before says of this one."""
    return digest(plain, LINK_BYTES)


@dataclass(slots=True)
class WholePayload:
    """All fragments of one message."""

    kind: RoomKind
    start: Start
    count: int
    first: RoomFragment
    data: bytes = field(repr=False)
    proof: object = None
    """What showed that the first fragment is by its sender, if anything has."""


@dataclass(slots=True)
class _Incomplete:
    """What came of the message that begins at one place."""

    begun: list[list[RoomFragment]] = field(default_factory=list)
    """Beginnings, each of fragments that follow each other."""
    proof: object = None
    """What shows that the one beginning is right, if anything does."""
    waiting: dict[int, list[bytes]] = field(default_factory=dict)
    """Plaintexts whose predecessor is not here."""

    @property
    def sure(self) -> bool:
        return self.proof is not None

    @property
    def size(self) -> int:
        return sum(map(len, self.begun)) + sum(map(len, self.waiting.values()))


class Assembly:
    """One room's."""

    def __init__(self) -> None:
        self._starts: dict[MemberId, dict[Start, _Incomplete]] = {}

    def __len__(self) -> int:
        return sum(start.size for table in self._starts.values() for start in table.values())

    def put_fragment(
        self,
        start: Start,
        fragment: RoomFragment,
        plain: bytes,
        prove: Callable[[RoomFragment], object],
    ) -> list[WholePayload]:
        """Put in what opened; return what is whole by it. ``prove``: what shows that a first fragment is by
        its sender; None if it does not tell, and False if it is not."""
        proof = prove(fragment) if fragment.at == 0 else None
        if proof is False:
            return []
        if proof is not None and fragment.count == 1:
            return [WholePayload(fragment.kind, start, 1, fragment, fragment.data, proof)]
        table = self._starts.setdefault(start[1], {})
        one = table.get(start) or _Incomplete()
        if fragment.at == 0:
            if not self._begin(one, fragment, proof):
                return []
        elif one.sure and not self._follows_any(one, fragment.at, plain):
            return []
        else:
            self._wait(one.waiting.setdefault(fragment.at, []), plain)
        table.pop(start, None)
        table[start] = one  # as the newest
        whole = self._grow(one, start)
        if not one.size:
            self.forget_start(start)
        self._bound(start[1], start)
        return whole

    def forget_start(self, start: Start) -> None:
        """The message that begins there was taken."""
        table = self._starts.get(start[1])
        if table is not None:
            table.pop(start, None)
            if not table:
                del self._starts[start[1]]

    def forget_period(self, period: bytes) -> None:
        """Cells of a period can no longer be opened."""
        for sender in list(self._starts):
            for start in [place for place in self._starts[sender] if place[0] == period]:
                self.forget_start(start)

    def _begin(self, one: _Incomplete, first: RoomFragment, proof: object) -> bool:
        if (one.sure and proof is None) or [first] in (begun[:1] for begun in one.begun):
            return False
        if proof is not None:
            one.begun, one.proof = [[first]], proof
        else:
            one.begun = [*one.begun, [first]][-CANDIDATES_MAX:]
        return True

    def _follows_any(self, one: _Incomplete, at: int, plain: bytes) -> bool:
        """Whether a fragment is the next of a beginning, or comes too early to tell."""
        return any(
            len(begun) < at or (len(begun) == at and begun[-1].link == link_of(plain)) for begun in one.begun
        )

    def _wait(self, candidates: list[bytes], plain: bytes) -> None:
        if plain not in candidates:
            candidates.append(plain)
            del candidates[:-CANDIDATES_MAX]

    def _grow(self, one: _Incomplete, start: Start) -> list[WholePayload]:
        """Put what waits behind what it follows; what is whole is handed on once."""
        whole = []
        for begun in list(one.begun):
            while len(begun) < begun[0].count and (following := self._next_of(one, begun)) is not None:
                begun.append(following)
                if one.sure:
                    one.waiting.pop(following.at)
            if len(begun) == begun[0].count:
                one.begun.remove(begun)
                data = b"".join(piece.data for piece in begun)
                whole.append(WholePayload(begun[0].kind, start, len(begun), begun[0], data, one.proof))
        return whole

    def _next_of(self, one: _Incomplete, begun: list[RoomFragment]) -> RoomFragment | None:
        last = begun[-1]
        for plain in one.waiting.get(len(begun), ()):
            if link_of(plain) == last.link:
                following = decode_room_fragment(plain)
                if (following.kind, following.count) == (last.kind, last.count):
                    return following
        return None

    def _bound(self, sender: MemberId, newest: Start) -> None:
        """Forget the oldest of one member; first what is not known to be right."""
        table = self._starts.get(sender, {})
        size = sum(one.size for one in table.values())
        for sure in (False, True):
            for start in [place for place, one in table.items() if one.sure is sure and place != newest]:
                if size <= WAITING_MAX:
                    return
                size -= table.pop(start).size
