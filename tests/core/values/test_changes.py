"""No change that is printed shows what is secret in it."""

from __future__ import annotations

from p2pchat.core.values.changes import Change, PutMessage, PutSession
from p2pchat.core.values.records import Message, SessionState
from p2pchat.types import ContactId, ConversationId, MessageId, MessageState


def test_neither_keys_nor_texts_are_shown_in_an_error_or_a_log() -> None:
    ana = ContactId("ana")
    line = Message(MessageId("m"), ConversationId("ana"), ana, 1.0, "xyzzy", MessageState.DELIVERED)
    changes: list[Change] = [PutMessage(line), PutSession(SessionState(ana, b"xyzzy", b"xyzzy"))]
    assert "ana" in repr(changes) and "xyzzy" not in repr(changes)
