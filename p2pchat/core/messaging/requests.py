"""What the person here wants said, checked and put into the form in which it travels.

Knows: what is refused, and how a line is named. Does not know: conversations, or what becomes of it.
"""

from __future__ import annotations

from p2pchat.core.messaging.content_records import name_message
from p2pchat.core.values import user_inputs
from p2pchat.core.values.references import ReferenceKind
from p2pchat.core.values.refusals import Reason
from p2pchat.errors import Malformed
from p2pchat.types import ContactId, MessageName
from p2pchat.wire.content import (
    SIGN_LIMIT,
    TEXT_LIMIT,
    Correction,
    Reaction,
    Referring,
    Text,
    Withdrawal,
    text_size,
)


def refuse_content(input: user_inputs.ContentInput) -> Reason | None:
    """Return the reason to refuse a person's message; None if there is none."""
    try:
        size = text_size(input.text)
    except Malformed:
        return Reason.TEXT_NOT_UNICODE
    kind = input.kind if isinstance(input, user_inputs.ReferenceSubmitted) else None
    if kind is ReferenceKind.REACTION:
        return Reason.SIGN_TOO_LONG if size > SIGN_LIMIT else None
    if isinstance(input, user_inputs.ReferenceSubmitted) and not input.target.ours:
        return Reason.NOT_THE_AUTHOR
    if kind is ReferenceKind.WITHDRAWAL:
        return None
    if not input.text:
        return Reason.TEXT_EMPTY
    return Reason.TEXT_TOO_LONG if size > TEXT_LIMIT else None


def content_of(input: user_inputs.ContentInput, own: ContactId, now: float) -> Text | Referring:
    """Make the content to be sent; ``own``: the person here, as contacts know them."""
    if isinstance(input, user_inputs.MessageSubmitted):
        answers = _name(input.answers, own) if input.answers is not None else None
        return Text(input.id, now, input.text, answers, input.mentions)
    match input.kind:
        case ReferenceKind.REACTION:
            return Reaction(input.id, now, _name(input.target, own), input.text, input.turn)
        case ReferenceKind.CORRECTION:
            return Correction(input.id, now, input.target.id, input.text, input.turn, input.mentions)
        case ReferenceKind.WITHDRAWAL:
            return Withdrawal(input.id, now, input.target.id)


def _name(target: user_inputs.Target, own: ContactId) -> MessageName:
    """What came is called by its name here."""
    return name_message(own, target.id) if target.ours else MessageName(target.id)
