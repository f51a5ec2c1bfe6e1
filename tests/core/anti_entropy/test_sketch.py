"""Two sketches give away what two sets differ in, and nothing but that."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.core.anti_entropy.sketch import BUCKETS, DIFFERENCES, KEY_BYTES, TABLE_BYTES, Sketch, difference
from p2pchat.crypto.kdf import digest
from p2pchat.types import CellKey


def keys(label: str, count: int) -> list[CellKey]:
    return [CellKey(digest(f"{label} {number}".encode(), KEY_BYTES)) for number in range(count)]


def sketch(*sets: list[CellKey]) -> Sketch:
    made = Sketch()
    for each in sets:
        made.add_keys(each)
    return made


COMMON = keys("common", 1000)


@pytest.mark.parametrize(("ours", "theirs"), [(0, 0), (1, 0), (0, 1), (20, 20), (40, 0), (0, 40)])
def test_what_differs_is_found_however_much_is_equal(ours: int, theirs: int) -> None:
    mine, other = keys("ours", ours), keys("theirs", theirs)
    found = difference(sketch(COMMON, mine), sketch(COMMON, other).to_bytes(), 1000 + theirs)
    assert found.whole
    assert sorted(found.ours) == sorted(mine)
    assert sorted(found.theirs) == sorted(other)


def test_as_many_differences_as_are_aimed_at_are_nearly_always_found() -> None:
    runs = [(keys(f"a{run}", DIFFERENCES // 2), keys(f"b{run}", DIFFERENCES // 2)) for run in range(100)]
    found = [difference(sketch(ours), sketch(theirs).to_bytes(), len(theirs)).whole for ours, theirs in runs]
    assert sum(found) >= 95


@pytest.mark.parametrize(("ours", "theirs"), [(300, 0), (0, 3000), (1500, 1500), (100, 4900)])
def test_too_many_differences_are_noticed_and_estimated(ours: int, theirs: int) -> None:
    mine, other = keys("ours", ours), keys("theirs", theirs)
    found = difference(sketch(COMMON, mine), sketch(COMMON, other).to_bytes(), 1000 + theirs)
    assert not found.whole
    assert 0.6 <= found.estimate / (ours + theirs) <= 1.6


@settings(max_examples=30)
@given(st.lists(st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), unique=True, max_size=60))
def test_a_sketch_does_not_remember_how_its_set_came_about(some: list[CellKey]) -> None:
    built = sketch(some, COMMON[:50])
    part = sketch(COMMON[:50])
    built.subtract_sketch(part)
    built.add_keys(COMMON[50:60])
    built.remove_keys(COMMON[50:60])
    assert (built.size, built.to_bytes()) == (len(some), sketch(some[::-1]).to_bytes())
    assert built.digest() == sketch(some).digest()


@pytest.mark.parametrize("size", [0, 1, 5000, 2**32 - 1])
def test_any_bytes_for_a_table_are_borne(size: int) -> None:
    noise = b"".join(keys("noise", TABLE_BYTES // KEY_BYTES))
    for table in (bytes(TABLE_BYTES), b"\xff" * TABLE_BYTES, noise):
        found = difference(sketch(COMMON), table, size)
        assert not found.whole
        assert len(found.ours) + len(found.theirs) <= BUCKETS


def test_a_table_made_to_give_keys_without_end_gives_as_many_as_it_has_buckets() -> None:
    endless = sketch(keys("a", 60))
    endless.remove_keys(keys("a", 60)[:1])
    endless.add_sketch(sketch(keys("a", 2)[1:]))  # a key that is there twice
    found = difference(Sketch(), endless.to_bytes(), endless.size)
    assert len(found.ours) + len(found.theirs) <= BUCKETS
