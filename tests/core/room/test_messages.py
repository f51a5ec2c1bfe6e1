"""What a member wrote is read back to the byte, and each member finds its own MAC."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from p2pchat.core.room.assembly import Assembly
from p2pchat.core.room.messages import (
    NO_PARENTS,
    NewMessage,
    RoomMessage,
    mac_of,
    read_message,
    read_whole,
    write_message,
)
from p2pchat.core.room.period import Period
from p2pchat.crypto.room_keys import PairKey
from p2pchat.errors import Malformed
from p2pchat.types import MemberId, RoomId
from p2pchat.wire.room_cells import Parents, RoomKind, decode_room_fragment
from p2pchat.wire.room_commits import CommitHead

ANN, BOB, CID = (MemberId(name * 32) for name in (b"a", b"b", b"c"))
ROOM = RoomId(b"r" * 32)
HEAD = CommitHead(b"p" * 32, ANN, 7, b"heads", b"k" * 32, b"s" * 32, b"c" * 32)
PERIOD = Period(
    b"i" * 32, HEAD, 7, dict.fromkeys((ANN, BOB, CID), b"k" * 32), b"k" * 32, b"i" * 32, 0.0, index=5
)
PARENTS = Parents(((b"b" * 8, 3), (b"c" * 8, 4)), b"h" * 32)


def key_for(member: MemberId) -> PairKey:
    return PairKey(member)


def written(new: NewMessage) -> tuple[RoomMessage, list[bytes]]:
    return write_message(ROOM, PERIOD, BOB, new, key_for)


@pytest.mark.parametrize("heads", [b"heads", b"others", b"h" * 256])
@pytest.mark.parametrize("parents", [NO_PARENTS, PARENTS])
@pytest.mark.parametrize("size", [0, 1, 500, 849, 850, 5000])
def test_a_message_is_read_back(size: int, parents: Parents, heads: bytes) -> None:
    said, plains = written(NewMessage(RoomKind.MESSAGE, 9, heads, parents, b"x" * size))
    assembly, whole = Assembly(), []
    for plain in plains:
        start = (PERIOD.id, BOB, 5)
        whole += assembly.put_fragment(start, decode_room_fragment(plain), plain, lambda _: True)
    read, head = read_whole(PERIOD, whole[0])
    assert read == said
    assert (read.index, read.count, read.payload) == (5, len(plains), b"x" * size)
    for member in (ANN, CID):
        mac = key_for(member).message_mac(BOB, member, said.list_covered(ROOM))
        assert mac_of(head, PERIOD, BOB, member) == mac


def test_the_first_fragment_alone_tells_its_author() -> None:
    said, plains = written(NewMessage(RoomKind.MESSAGE, 9, b"heads", PARENTS, b"x" * 5000))
    first = decode_room_fragment(plains[0])
    part, head = read_message(PERIOD, (PERIOD.id, BOB, 5), first, first.data)
    assert part.list_covered(ROOM, head.digest) == said.list_covered(ROOM)


def test_heads_are_written_where_they_are_not_the_periods() -> None:
    same, other = (
        written(NewMessage(RoomKind.MESSAGE, 9, heads, NO_PARENTS, b"x"))[1][0]
        for heads in (b"heads", b"other")
    )
    assert b"heads" not in same and b"other" in other


def test_a_message_without_a_number_and_a_word_with_one_are_malformed() -> None:
    for kind, number in ((RoomKind.MESSAGE, 0), (RoomKind.WORD, 1)):
        _, plains = written(NewMessage(kind, number, b"heads", NO_PARENTS, b"x"))
        first = decode_room_fragment(plains[0])
        with pytest.raises(Malformed):
            read_message(PERIOD, (PERIOD.id, BOB, 5), first, first.data)


def test_every_part_of_a_message_is_under_its_mac() -> None:
    said, _ = written(NewMessage(RoomKind.MESSAGE, 9, b"heads", PARENTS, b"x"))
    parts: dict[str, Any] = {
        "period": b"j" * 32,
        "index": 6,
        "kind": RoomKind.WORD,
        "number": 10,
        "heads": b"other",
        "parents": NO_PARENTS,
        "payload": b"y",
        "count": 2,
        "link": b"l" * 16,
    }
    others = [replace(said, **{part: value}) for part, value in parts.items()]
    covered = {one.list_covered(ROOM) for one in (said, *others)}
    assert len(covered) == 10
    assert said.list_covered(RoomId(b"s" * 32)) not in covered
