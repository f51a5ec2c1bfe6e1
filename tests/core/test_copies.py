"""Homes that were put back, copied or ran twice: nobody is told of a delivery that was none."""

from __future__ import annotations

import copy

import pytest

from p2pchat.core import orders
from p2pchat.core.session import SALT_BYTES, Session
from p2pchat.types import MessageState
from tests.core.test_messages import friends
from tests.support.memory_store import MemoryStore
from tests.support.world import World


def copied(world: World, name: str) -> MemoryStore:
    return copy.deepcopy(world.machines[name].store)


def put_back(world: World, name: str, older: MemoryStore) -> None:
    """The home is what it was when it was copied; its node starts."""
    machine = world.machines[name]
    world.kill(name)
    machine.store = machine.host.store = copy.deepcopy(older)
    world.start(name)


def said(world: World, source: str, target: str, count: int, what: str) -> None:
    for number in range(count):
        world.send(source, target, f"{what} {number}")
        world.run(3.0)


def false_deliveries(world: World, source: str, target: str) -> list[str]:
    """What ``source`` was told to be delivered and ``target``'s history lacks."""
    there = world.machines[target].store.received()
    mine = world.machines[source].store.history
    delivered = [line.text for line in mine if line.outgoing and line.state is MessageState.DELIVERED]
    return [text for text in delivered if text not in there]


@pytest.mark.parametrize("since", [1, 2, 5, 40])
def test_after_a_restore_nothing_is_called_delivered_that_was_not(since: int) -> None:
    world = friends("r1", "r2")
    said(world, "r2", "r1", 1, "before")
    said(world, "r1", "r2", 1, "before, too")
    older = copied(world, "r2")
    said(world, "r2", "r1", since, "after the copy")
    said(world, "r1", "r2", since, "r1 after the copy")
    put_back(world, "r2", older)
    world.run(30.0)
    said(world, "r2", "r1", 6, "restored")
    said(world, "r1", "r2", 6, "to the restored")
    world.run(120.0)
    assert false_deliveries(world, "r2", "r1") == []
    lost = false_deliveries(world, "r1", "r2")
    assert [text for text in lost if not text.startswith("r1 after the copy")] == []


def test_what_olm_encrypts_twice_under_one_key_has_no_block_in_common() -> None:
    store = friends("alice", "bob").machines["alice"].store
    (state,) = store.sessions.values()

    def sealed(salt: bytes) -> bytes:
        """By a copy of alice's home."""
        return Session.restore(state, store.identity.pickle_key).encrypt(b"x" * 64, salt)[1]

    one, two = sealed(b"1" * SALT_BYTES), sealed(b"2" * SALT_BYTES)
    assert sealed(b"1" * SALT_BYTES) == one, "copies use the same key"
    begin = next(at for at in range(len(one)) if one[at] != two[at])
    assert begin < len(one) - 80
    assert all(one[at : at + 16] != two[at : at + 16] for at in range(begin, begin + 80, 16))


def test_a_text_that_was_delivered_is_announced_once_whatever_was_put_back() -> None:
    world = friends("r1", "r2")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "said")
    put_back(world, "r2", older)
    said(world, "r2", "r1", 3, "said")
    world.run(60.0)
    arrived = [event.message.id for event in world.machines["r1"].events(orders.MessageArrived)]
    assert len(arrived) == len(set(arrived))
