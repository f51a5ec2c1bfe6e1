"""Fragments join in any order; of what any member may have made, a bounded part waits."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.room.assembly import CANDIDATES_MAX, WAITING_MAX, Assembly, WholePayload, cut_payload
from p2pchat.types import MemberId
from p2pchat.wire.room_cells import ROOM_DATA, RoomKind, decode_room_fragment

ANN, BOB = MemberId(b"a" * 32), MemberId(b"b" * 32)
START = (b"p" * 32, ANN, 7)


def put(assembly: Assembly, plain: bytes, right: bool | None = None, index: int = 7) -> list[WholePayload]:
    return assembly.put_fragment((b"p" * 32, ANN, index), decode_room_fragment(plain), plain, lambda _: right)


@given(st.binary(max_size=4 * ROOM_DATA))
def test_what_is_cut_comes_together(data: bytes) -> None:
    assembly, whole = Assembly(), []
    for plain in cut_payload(RoomKind.ENTRY, data):
        whole += put(assembly, plain)
    assert [one.data for one in whole] == [data]
    assert len(assembly) == sum(one.count for one in whole) - whole[0].count


@pytest.mark.parametrize("right", [True, None])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_does_not_matter(right: bool | None, order: tuple[int, ...]) -> None:
    assembly, plains = Assembly(), cut_payload(RoomKind.MESSAGE, b"x" * 2 * ROOM_DATA + b"y")
    whole = [one for at in order for one in put(assembly, plains[at], right)]
    assert [one.data for one in whole] == [b"x" * 2 * ROOM_DATA + b"y"]


def test_a_beginning_that_is_wrong_is_not_kept() -> None:
    assembly = Assembly()
    assert put(assembly, cut_payload(RoomKind.MESSAGE, b"x" * 2000)[0], right=False) == []
    assert len(assembly) == 0


def test_where_one_is_sure_no_other_waits() -> None:
    assembly = Assembly()
    true, lies = (cut_payload(RoomKind.MESSAGE, text * 2000) for text in (b"x", b"y"))
    put(assembly, lies[0])
    put(assembly, lies[1])
    put(assembly, true[0], right=True)
    put(assembly, lies[0])
    assert put(assembly, lies[1]) == put(assembly, lies[2]) == []
    put(assembly, true[1])
    (whole,) = put(assembly, true[2])
    assert whole.data == b"x" * 2000


def test_up_to_four_beginnings_wait_and_each_is_handed_on() -> None:
    """Nothing tells which is by its sender before it is whole."""
    assembly = Assembly()
    made = [cut_payload(RoomKind.COMMIT, bytes([number]) * 1000) for number in range(CANDIDATES_MAX + 2)]
    for plains in made:
        put(assembly, plains[0])
    assert len(assembly) == CANDIDATES_MAX
    whole = [one.data for plains in made for one in put(assembly, plains[1])]
    assert whole == [bytes([number]) * 1000 for number in range(2, CANDIDATES_MAX + 2)]


def test_what_is_of_another_kind_or_count_does_not_follow() -> None:
    assembly = Assembly()
    first, second = cut_payload(RoomKind.ENTRY, b"x" * 1000)
    other = cut_payload(RoomKind.WORD, b"x" * 1000)[1]
    assert put(assembly, first) == put(assembly, other) == []
    assert len(put(assembly, second)) == 1


def test_one_member_pushes_out_its_own_and_first_what_is_not_sure() -> None:
    assembly = Assembly()
    sure = cut_payload(RoomKind.MESSAGE, b"s" * 2000)
    put(assembly, sure[0], right=True, index=0)
    bobs = cut_payload(RoomKind.MESSAGE, b"b" * 1000)
    assembly.put_fragment((b"p" * 32, BOB, 0), decode_room_fragment(bobs[0]), bobs[0], lambda _: True)
    for index in range(1, WAITING_MAX + 50):
        put(assembly, cut_payload(RoomKind.MESSAGE, b"%04d" % index * 300)[1], index=index)
    assert len(assembly) <= WAITING_MAX + 2
    put(assembly, sure[1], index=0)
    assert len(put(assembly, sure[2], index=0)) == 1
    (whole,) = assembly.put_fragment(
        (b"p" * 32, BOB, 0), decode_room_fragment(bobs[1]), bobs[1], lambda _: None
    )
    assert whole.data == b"b" * 1000


def test_accepted_cells_and_cells_of_a_gone_period_stop_waiting() -> None:
    assembly = Assembly()
    for index in (0, 7):
        put(assembly, cut_payload(RoomKind.ENTRY, b"x" * 1000)[0], index=index)
    assembly.forget_start(START)
    assembly.forget_start(START)
    assert len(assembly) == 1
    assembly.forget_period(b"q" * 32)
    assert len(assembly) == 1
    assembly.forget_period(b"p" * 32)
    assert len(assembly) == 0
