"""SQLite's write-ahead log, looked at before SQLite is: the damage it would pass over in silence.

Knows: the log's format (https://www.sqlite.org/fileformat2.html#walformat). Does not know: what its pages
hold.

SQLite takes the log up to the first frame whose checksum fails and drops the rest. That is right after a
power cut in the middle of a commit. It is wrong for a byte that changed later, and would undo commits that
were acknowledged: keys already used would come back. The two can be told apart, for a commit is synced before
the next begins: a frame that follows a commit proves it was whole. Damage to the very last commit alone looks
like a power cut, and counts as one. A log outlives its node only when that was killed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

from p2pchat.data import dataclass

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")

Sums: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Frame:
    summed: bytes
    """What its checksum covers, after all frames before it: page number, commit mark, page."""
    commits: bool
    salts: Sums
    sums: Sums


def damaged(path: Path) -> bool:
    """Whether commits that were completed can no longer be read from the log. Raises OSError.

    Takes 0.2 ms a page (measured); SQLite keeps a log near 1000 pages.
    """
    try:
        with path.open("rb") as file:
            return _damaged(file)
    except FileNotFoundError:
        return False


def _damaged(file: BinaryIO) -> bool:
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return False
    magic, _, page_size, _, *salts, one, two = _HEADER.unpack(header)
    order = ">" if magic & 1 else "<"
    sums = _checksum(order, header[:24], (0, 0))
    if sums != (one, two):
        return _begins_with(file, (salts[0], salts[1]))
    return _breaks(order, sums, (salts[0], salts[1]), _frames(file, page_size))


def _begins_with(file: BinaryIO, salts: Sums) -> bool:
    """Whether the frames belong to this damaged header. A log begun anew has older frames, with other
    salts."""
    head = file.read(_FRAME.size)
    return len(head) == _FRAME.size and any(
        own == its for own, its in zip(salts, _FRAME.unpack(head)[2:4], strict=True)
    )


def _breaks(order: str, start: Sums, salts: Sums, frames: Iterator[_Frame]) -> bool:
    """Whether, from the first frame that fails on, a commit has a successor."""
    before: tuple[Sums, ...] = (start,)
    whole = True
    after_commit = False
    for frame in frames:
        found = [_checksum(order, frame.summed, sums) for sums in before]
        follows = frame.salts == salts and frame.sums in found
        if not whole and follows and after_commit:
            return True
        whole = whole and follows
        # In a frame that fails, either the stored checksum or what it covers may still be right.
        before = (frame.sums,) if whole else (frame.sums, found[0])
        after_commit = frame.commits
    return False


def _frames(file: BinaryIO, page_size: int) -> Iterator[_Frame]:
    while len(data := file.read(_FRAME.size + page_size)) == _FRAME.size + page_size:
        _, size_after, salt1, salt2, one, two = _FRAME.unpack_from(data)
        yield _Frame(data[:8] + data[_FRAME.size :], size_after != 0, (salt1, salt2), (one, two))


def _checksum(order: str, data: bytes, sums: Sums) -> Sums:
    one, two = sums
    for even, odd in struct.iter_unpack(f"{order}2I", data):
        one = (one + even + two) & 0xFFFFFFFF
        two = (two + odd + one) & 0xFFFFFFFF
    return one, two
