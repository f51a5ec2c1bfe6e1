"""An onion is taken once in its epoch; after a restart no earlier one opens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.stem.cover import cost
from p2pchat.core.stem.epoch_maps import OVERLAP_S
from p2pchat.core.stem.replay import Replay
from p2pchat.core.values.profile import STRONG
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.crypto.onion import Hop, HopCommand, OnionKey, peel, wrap
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId
from p2pchat.wire.geometry import GEOMETRY
from tests.support.stems import Wired, cell

ID_BYTES = 16


def test_an_id_is_new_once() -> None:
    replay = Replay()
    one, other = (bytes([number]) * ID_BYTES for number in (1, 2))
    assert replay.add_new(one) and replay.add_new(other)
    assert not replay.add_new(one)


@given(st.lists(st.binary(min_size=ID_BYTES, max_size=ID_BYTES), unique_by=lambda id: id[-8:]))
def test_ids_are_distinguished_in_any_surroundings(ids: list[bytes]) -> None:
    replay = Replay(buckets=1)
    assert all(replay.add_new(id) for id in ids)
    assert not any(replay.add_new(id) for id in ids)


def test_the_end_of_one_and_the_beginning_of_the_next_are_no_id() -> None:
    replay = Replay(buckets=1)
    assert replay.add_new(bytes(8) + b"aaaabbbb") and replay.add_new(bytes(8) + b"ccccdddd")
    assert replay.add_new(bytes(8) + b"bbbbcccc")


def test_of_an_epoch_of_a_mesh_of_strong_nodes_none_is_forgotten() -> None:
    replay, entropy = Replay(), SeededEntropy(1)
    often = round(cost(STRONG) * 2 * (EPOCH_SECONDS + 2 * OVERLAP_S) / 100)
    first = [entropy.draw_bytes(ID_BYTES) for _ in range(100)]
    assert all(replay.add_new(id) for id in first)
    for _ in range(often):
        block = entropy.draw_bytes(ID_BYTES * 100)
        for at in range(0, len(block), ID_BYTES):
            replay.add_new(block[at : at + ID_BYTES])
    assert not any(replay.add_new(id) for id in first)


def test_beyond_its_cap_the_oldest_quarter_is_forgotten() -> None:
    replay = Replay(buckets=1, cap=8)
    ids = [bytes([number]) * ID_BYTES for number in range(9)]
    assert all(replay.add_new(id) for id in ids)
    assert [replay.add_new(id) for id in ids[2:]] == [False] * 7
    assert replay.add_new(ids[0])


def test_what_was_sent_to_an_earlier_run_opens_in_none_that_follows() -> None:
    before, after = (OnionKey.generate(SeededEntropy(f"run {run}")) for run in (1, 2))
    packet = wrap(
        [Hop(HopId(b"x" * 8), before.public)], HopCommand.BROADCAST, bytes(GEOMETRY.cell), SeededEntropy(0)
    )
    peel(before, packet)
    with pytest.raises(Unreadable):
        peel(after, packet)


def test_what_was_sent_in_an_earlier_epoch_opens_in_none_that_follows() -> None:
    mesh = Wired("ab ac bc")
    mesh.run(30.0)
    mesh.submit("a", cell(1))
    source, target, onion = mesh.onions[0]
    mesh.run(8 * 3600.0)
    before = mesh.counters[target]["onions refused: unreadable"]
    mesh.hand(source, target, onion)
    assert mesh.counters[target]["onions refused: unreadable"] - before == 1
