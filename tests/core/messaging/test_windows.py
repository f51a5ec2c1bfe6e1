"""No contact falls silent for long, however many cells were lost."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.outbox import SEALED_CAP
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.types import MessageState
from p2pchat.wire.fragment import Lane
from tests.core.messaging.test_messages import friends
from tests.support.world import World


def use_up(world: World, name: str, about: str) -> None:
    """All the cells that may leave into silence were sent, and none arrived."""
    talk = world.machines[name].running._conversations._by_id[world.conversation(name, about)]
    while talk._session.window.silent_space(world.now) > 0:
        talk._session.seal_fragment(talk._session.make_fragment(Lane.NOTICE, 0, 0, 0, 1, b""), world.now)


@pytest.mark.parametrize("part", [0.0, 0.5])
def test_two_contacts_without_cells_left_find_each_other_within_the_epoch(part: float) -> None:
    world = friends("alice", "bob", "relay")
    world.now += EPOCH_SECONDS * (1 + part)
    world.run(60.0)
    use_up(world, "alice", "bob")
    use_up(world, "bob", "alice")
    message = world.send("alice", "bob", "still there?")
    world.idle(EPOCH_SECONDS / 16 + 150.0)
    assert world.machines["alice"].store.state(message) is MessageState.DELIVERED


def test_a_side_without_cells_left_asks_as_soon_as_the_other_is_heard() -> None:
    world = friends("alice", "bob", "relay")
    world.run(60.0)
    use_up(world, "alice", "bob")
    message = world.send("alice", "bob", "over here")
    world.run(5.0)
    assert world.machines["alice"].store.state(message) is not MessageState.DELIVERED
    world.send("bob", "alice", "hello?")
    world.run(1.0)
    assert world.machines["alice"].store.state(message) is MessageState.DELIVERED


def test_only_so_many_messages_are_sealed_for_somebody_away() -> None:
    """Olm bears a gap of 2000 messages, and sealed ones may expire."""
    world = friends("alice", "bob", "relay")
    world.kill("bob")
    for number in range(SEALED_CAP + 50):
        world.send("alice", "bob", f"{number}")
    world.now += EPOCH_SECONDS
    world.run(60.0)
    entries = world.machines["alice"].store.outbox.values()
    assert sum(entry.number is not None for entry in entries) == SEALED_CAP
    world.start("bob")
    world.run(60.0)
    assert world.machines["bob"].store.received() == [f"{n}" for n in range(SEALED_CAP + 50)]
