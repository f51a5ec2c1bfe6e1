"""A conversation is made of what the store has of a contact, or of what a pairing brought."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from p2pchat.core.messaging.contacts import ContactTable
from p2pchat.core.messaging.contents import HomeOwner
from p2pchat.core.messaging.conversation_factory import ConversationFactory
from p2pchat.core.messaging.outbox import PROBE_FIRST_S
from p2pchat.core.messaging.patience import Patience
from p2pchat.core.messaging.retention import Purge
from p2pchat.core.values.profile import BALANCED
from p2pchat.core.values.records import Memory
from p2pchat.core.values.settings import Settings
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId
from tests.support.world import World


def stored() -> Memory:
    """The disk of a node with a contact and a text that waits for it."""
    world = World()
    for name in ("ana", "bob"):
        world.add(name)
        world.start(name)
    world.pair("ana", "bob")
    world.kill("bob")
    world.send("ana", "bob", "when you are back")
    return world.machines["ana"].store.load_memory()


def factory(memory: Memory, settings: Settings) -> ConversationFactory:
    entropy = SeededEntropy("factory")
    owner = HomeOwner(ContactId("me"), keeps_earlier=False)
    return ConversationFactory(
        memory, settings, entropy, Counter(), owner, Purge(lines_expire=False), Patience(None)
    )


def test_each_session_of_a_contact_becomes_a_conversation_with_what_waits_for_it() -> None:
    memory = stored()
    made = factory(memory, Settings(profile=None))
    (conversation,) = made.restore_all(memory, ContactTable(memory.contacts))
    assert conversation.contact == memory.contacts[0]
    assert conversation.delivery.queue.waiting == 1
    assert conversation.delivery._repeat_s == PROBE_FIRST_S


def test_a_session_without_a_contact_is_passed_over() -> None:
    memory = replace(stored(), contacts=())
    assert list(factory(memory, Settings()).restore_all(memory, ContactTable([]))) == []


def test_the_profile_says_how_long_an_answer_is_awaited() -> None:
    memory = stored()
    made = factory(memory, Settings(profile=BALANCED))
    (conversation,) = made.restore_all(memory, ContactTable(memory.contacts))
    assert conversation.delivery._repeat_s == BALANCED.repeat_s
