"""What somebody says, as it is kept: a line of the history, or what refers to one.

Knows: the record that follows from each content. Does not know: between how many people it was said, or how
it came.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Reference, ReferenceKind
from p2pchat.crypto.identity import received_id
from p2pchat.types import ContactId, ConversationId, MessageId, MessageName, MessageState
from p2pchat.wire.content import Correction, Reaction, Referring, Text, UnknownContent, Withdrawal

AT_PAST_S: Final = 60 * 86_400.0
"""A line is shown as written at most this long ago, whatever its writer claims, and never as written in the
future. No writer's clock or claim can place it elsewhere."""


def name_message(author: ContactId, id: MessageId) -> MessageName:
    """Return the name by which all readers know a message."""
    return MessageName(received_id(author, id))


def make_line(
    content: Text | UnknownContent,
    conversation: ConversationId,
    author: ContactId | None,
    expires_at: float | None,
    now: float,
) -> Message:
    """Make the line of a text; ``author`` is None for the person here."""
    line = Message(
        content.id if author is None else received_id(author, content.id),
        conversation,
        author,
        _shown_at(content.at, now),
        "",
        MessageState.QUEUED if author is None else MessageState.DELIVERED,
        expires_at,
    )
    if isinstance(content, UnknownContent):
        return replace(line, unknown=content.type)
    return replace(line, text=content.text, answers=content.answers)


def make_reference(
    content: Referring,
    conversation: ConversationId,
    author: ContactId | None,
    own: ContactId,
    expires_at: float | None,
    now: float,
) -> Reference:
    """Make what refers to a line. A correction or withdrawal names only the id, so it concerns a line of its
    own author. ``own``: the person here, as readers know them."""
    whose = author or own
    match content:
        case Reaction(to=target, sign=text, turn=turn):
            kind = ReferenceKind.REACTION
        case Correction(of=of, text=text, turn=turn):
            kind, target = ReferenceKind.CORRECTION, name_message(whose, of)
        case Withdrawal(of=of):
            kind, target, text, turn = ReferenceKind.WITHDRAWAL, name_message(whose, of), "", 0
    return Reference(
        content.id if author is None else received_id(author, content.id),
        conversation,
        author,
        kind,
        target,
        turn,
        _shown_at(content.at, now),
        text,
        MessageState.QUEUED if author is None else MessageState.DELIVERED,
        expires_at=None if kind is ReferenceKind.WITHDRAWAL else expires_at,
    )


def _shown_at(at: float, now: float) -> float:
    return min(max(at, now - AT_PAST_S), now)
