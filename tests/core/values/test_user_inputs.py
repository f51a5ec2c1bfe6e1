"""What a person writes is in no error and no log."""

from __future__ import annotations

from p2pchat.core.values.references import ReferenceKind
from p2pchat.core.values.user_inputs import MessageSubmitted, ReferenceSubmitted, Target
from p2pchat.types import ConversationId, MessageId


def test_no_text_is_shown_where_an_input_is_printed() -> None:
    bob, line = ConversationId("bob"), Target(MessageId("1"), ours=True)
    text = MessageSubmitted(MessageId("2"), bob, "xyzzy", line)
    correction = ReferenceSubmitted(MessageId("3"), bob, ReferenceKind.CORRECTION, line, 1, "xyzzy")
    assert "bob" in repr([text, correction]) and "xyzzy" not in repr([text, correction])
