"""A message is identified by its sender and the sender's id: no sender can take another's name for it."""

from __future__ import annotations

from p2pchat.core.values import effects, user_inputs
from p2pchat.types import MessageId
from tests.core.messaging.test_messages import friends
from tests.support.world import World

TAKEN = MessageId("a" * 32)


def submit(world: World, source: str, target: str, text: str) -> None:
    world.tell(source, user_inputs.MessageSubmitted(TAKEN, world.conversation(source, target), text))
    world.run(10.0)


def test_two_senders_with_one_id_are_distinguished_and_so_is_our_message_under_it() -> None:
    world = friends("ops", "alarm", "mallory")
    submit(world, "mallory", "ops", "hi there")
    submit(world, "alarm", "ops", "BACKUP FAILED")
    submit(world, "ops", "mallory", "what do you want?")
    history = world.machines["ops"].store.history
    assert [line.text for line in history] == ["hi there", "BACKUP FAILED", "what do you want?"]
    assert len({line.id for line in history}) == 3


def test_what_a_sender_sends_again_under_an_old_id_is_neither_kept_nor_announced() -> None:
    world = friends("ops", "mallory")
    submit(world, "mallory", "ops", "I agree to pay 5000")
    submit(world, "mallory", "ops", "I take 100")
    ops = world.machines["ops"]
    assert ops.store.received() == ["I agree to pay 5000"]
    assert [event.message.text for event in ops.events(effects.MessageArrived)] == ["I agree to pay 5000"]
