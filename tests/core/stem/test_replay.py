"""An onion is taken once in its epoch; after a restart none of before opens any more."""

from __future__ import annotations

import pytest

from p2pchat.core.stem.replay import Replay
from p2pchat.crypto.onion import Command, Hop, OnionKey, peel, wrap
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.wire.geometry import GEOMETRY
from tests.support.stems import Wired, cell


def test_a_tag_is_new_once() -> None:
    replay = Replay()
    assert replay.first(b"a") and replay.first(b"b")
    assert not replay.first(b"a")


def test_beyond_its_cap_the_oldest_quarter_is_forgotten() -> None:
    replay = Replay(cap=8)
    tags = [bytes([number]) for number in range(9)]
    assert all(replay.first(tag) for tag in tags)
    assert [replay.first(tag) for tag in tags[2:]] == [False] * 7
    assert replay.first(tags[0])


def test_what_was_sent_to_an_earlier_run_opens_in_none_that_follows() -> None:
    before, after = (OnionKey.generate(SeededEntropy(f"run {run}")) for run in (1, 2))
    packet = wrap([Hop(b"x" * 8, before.public)], Command.BROADCAST, bytes(GEOMETRY.cell), SeededEntropy(0))
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
