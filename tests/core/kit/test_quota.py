"""A contact fills a limited part of the disk a day; what follows waits with it, and comes later."""

from __future__ import annotations

import pytest

from p2pchat.core.kit.quota import DAY_S, LINE_BYTES, TEXT_BYTES, Quota
from p2pchat.core.values.effects import ContactChanged
from p2pchat.core.values.settings import Settings
from p2pchat.types import MessageState
from p2pchat.wire.content import TEXT_LIMIT
from tests.support.world import World

MIB = 1 << 20
LARGEST = LINE_BYTES + TEXT_BYTES * TEXT_LIMIT


def test_a_day_has_its_share_and_the_next_one_too() -> None:
    quota = Quota(MIB)
    taken = sum(quota.take_bytes(0, 5.0) for _ in range(MIB))
    assert taken * LINE_BYTES == pytest.approx(MIB, abs=LINE_BYTES)
    assert quota.used_up
    assert not quota.take_bytes(0, 5.0)
    assert quota.take_bytes(0, 5.0 + DAY_S)


def test_the_largest_text_always_fits_some_day() -> None:
    quota = Quota(MIB)
    now = 0.0
    for _ in range(10):
        while not quota.take_bytes(TEXT_LIMIT, now):
            now += 60.0
    assert now <= 10 * LARGEST / MIB * DAY_S


def test_what_is_beyond_a_contact_s_share_is_not_acknowledged_and_comes_the_next_day() -> None:
    world = World()
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name, Settings(contact_bytes=MIB))
    world.pair("alice", "bob")
    world.run(10.0)
    sent = [world.send("alice", "bob", f"{each} " + "x" * 60_000) for each in range(4)]
    world.run(120.0)
    alice, bob = world.machines["alice"], world.machines["bob"]
    states = [alice.store.state(message) for message in sent]
    arrived = len(bob.store.received())
    assert 0 < arrived < 4
    assert states == [MessageState.DELIVERED] * arrived + [MessageState.RELAYED] * (4 - arrived)
    told = [event for event in bob.events(ContactChanged) if event.change == "over quota"]
    assert len(told) == 1
    world.now += DAY_S  # both machines sleep
    world.run(600.0)
    assert [text[:2] for text in bob.store.received()] == ["0 ", "1 ", "2 ", "3 "]
    assert all(alice.store.state(message) is MessageState.DELIVERED for message in sent)
