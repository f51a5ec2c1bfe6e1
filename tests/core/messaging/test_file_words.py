"""What is said about files goes into the conversation with the contact, and to no one else."""

from __future__ import annotations

from p2pchat.core.messaging.outputs import SendInto
from p2pchat.core.values import user_inputs
from p2pchat.core.values.changes import PutOutbox
from p2pchat.core.values.effects import Persist
from p2pchat.core.values.records import OutboxKind
from p2pchat.core.values.user_inputs import Haste
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import FileAccepted, FileBlock, FileRequest
from tests.core.messaging.test_messages import friends

FILE = MessageId("0a" * 16)


def test_a_word_is_as_sure_as_a_message_and_the_rest_is_patient() -> None:
    world = friends("alice", "bob")
    words, bob = world.machines["alice"].running._conversations.file_words, world.contact("alice", "bob")
    told = words.tell_word(bob, FileAccepted(FILE), world.now)
    changes = [effect.change for effect in told if isinstance(effect, Persist)]
    entries = [change.entry for change in changes if isinstance(change, PutOutbox)]
    assert [entry.kind for entry in entries] == [OutboxKind.FILE] * 2, "waiting, then sealed"
    asked = words.ask_for_blocks(bob, FileRequest(FILE, 0, b"", 0, resend=True), world.now)
    sent = words.send_blocks(bob, FILE, [FileBlock(FILE, 0, 0, b"data")], world.now)
    cells = [effect for effect in [*asked, *sent] if isinstance(effect, SendInto)]
    assert [cell.haste for cell in cells] == [Haste.PATIENT] * 2


def test_nothing_is_said_to_who_is_blocked_or_unknown() -> None:
    world = friends("alice", "bob")
    words, bob = world.machines["alice"].running._conversations.file_words, world.contact("alice", "bob")
    world.tell("alice", user_inputs.ContactBlocked(bob, blocked=True))
    for contact in (bob, ContactId("e" * 64)):
        assert words.tell_word(contact, FileAccepted(FILE), world.now) == []
