"""Derivation keeps uses apart, and names hide what they name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from p2pchat.crypto.kdf import (
    cell_id,
    derive,
    digest,
    entry_id,
    invite_topic,
    link_topic,
    mesh_id,
    mesh_topic,
    room_id,
)
from p2pchat.types import Epoch


@given(st.lists(st.binary(max_size=5), max_size=4), st.lists(st.binary(max_size=5), max_size=4))
def test_no_two_lists_of_parts_are_the_same_input(parts: list[bytes], others: list[bytes]) -> None:
    assert (derive(b"k" * 32, "x", *parts) == derive(b"k" * 32, "x", *others)) == (parts == others)


def test_the_label_is_no_part() -> None:
    assert derive(b"k" * 32, "ab") != derive(b"k" * 32, "a", b"b")


def test_topics_do_not_repeat() -> None:
    topics = [mesh_topic(b"s" * 32, Epoch(number)) for number in range(10)]
    topics += [invite_topic(n) for n in range(10)] + [link_topic(bytes([n]) * 16) for n in range(10)]
    assert len(set(topics)) == 30
    assert {len(topic) for topic in topics} == {32}


def test_sizes() -> None:
    assert (len(cell_id(b"")), len(mesh_id(b"s" * 32)), len(digest(b"", 20))) == (16, 16, 20)


def test_a_room_has_another_name_than_the_entry_that_founded_it() -> None:
    founding = entry_id(b"entry")
    assert (len(founding), len(room_id(founding))) == (32, 32)
    assert len({founding, room_id(founding), digest(b"entry"), entry_id(b"entry!")}) == 4
