"""A table that another cannot make grow."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.kit.table import Table


@given(st.integers(1, 8), st.lists(st.integers(0, 12), max_size=40))
def test_a_table_holds_the_entries_that_were_written_last(capacity: int, keys: Sequence[int]) -> None:
    table = Table[int, int](capacity)
    for turn, key in enumerate(keys):
        table.put(key, turn)
    latest = dict.fromkeys(reversed(keys))
    assert list(table) == list(reversed(list(latest)[:capacity]))
    assert all(keys[turn] == key for key, turn in table.items())


def test_the_writer_learns_which_entry_went() -> None:
    table = Table[str, int](2)
    assert [table.put(key, 0) for key in ("one", "two", "one", "three")] == [None, None, None, "two"]
