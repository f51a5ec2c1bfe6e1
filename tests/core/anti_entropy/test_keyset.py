"""After any additions and removals an interval has the keys, and the sketch, of a set made afresh."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.core.anti_entropy.keyset import CHUNK_MAX, WHOLE, KeySet, bounds
from p2pchat.core.anti_entropy.sketch import Sketch
from p2pchat.crypto.kdf import digest
from p2pchat.types import CellKey
from p2pchat.wire.reconcile import Interval

MANY = [CellKey(digest(b"%d" % number, 8)) for number in range(5 * CHUNK_MAX)]
INTERVALS: list[Interval] = [WHOLE, (0, 1 << 62), (1 << 62, 3 << 62), (3 << 62, 1 << 64), (5, 6)]


def agrees(held: KeySet, expected: list[CellKey], interval: Interval) -> None:
    low, high = bounds(interval)
    inside = sorted(key for key in expected if low <= key < high)
    fresh = Sketch()
    fresh.add_keys(inside)
    sketch, _ = held.sketch_interval(interval)
    assert list(held.keys_in(interval)) == inside
    assert held.count_in(interval) == sketch.size == len(inside)
    assert sketch.to_bytes() == fresh.to_bytes()


def test_made_at_once_or_key_by_key_it_is_the_same_set() -> None:
    grown = KeySet()
    for key in MANY:
        grown.add(key)
    for interval in INTERVALS:
        agrees(grown, MANY, interval)
        agrees(KeySet(MANY), MANY, interval)
    assert MANY[7] in grown and CellKey(bytes(8)) not in grown


def test_what_was_removed_is_gone_and_may_come_back() -> None:
    held = KeySet(MANY)
    gone, kept = MANY[::3] + MANY[1::3], MANY[2::3]
    for key in gone:
        held.remove(key)
    for interval in INTERVALS:
        agrees(held, kept, interval)
    for key in gone:
        held.add(key)
    agrees(held, MANY, WHOLE)
    for key in MANY:
        held.remove(key)
    agrees(held, [], WHOLE)
    held.add(MANY[0])
    agrees(held, MANY[:1], WHOLE)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 255)), max_size=200),
    st.tuples(st.integers(0, 2**64), st.integers(0, 2**64)).map(lambda pair: (min(pair), max(pair))),
)
def test_any_changes_and_any_interval(changes: list[tuple[bool, int]], interval: Interval) -> None:
    held, expected = KeySet(), dict[CellKey, None]()
    for add, number in changes:
        key = CellKey(bytes([number]) * 8)
        if add and key not in expected:
            held.add(key)
            expected[key] = None
        elif not add and key in expected:
            held.remove(key)
            del expected[key]
    agrees(held, list(expected), interval)
    agrees(held, list(expected), WHOLE)


def test_the_steps_are_few_where_whole_chunks_are_added_up() -> None:
    held = KeySet(MANY)
    _, whole = held.sketch_interval(WHOLE)
    _, part = held.sketch_interval((1 << 29, 7 << 29))
    assert whole <= 2 * len(MANY) // CHUNK_MAX
    assert part <= whole + CHUNK_MAX
