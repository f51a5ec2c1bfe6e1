"""How two contacts who are neighbours find that out, and nobody else does.

Knows: to whom marks are given, and how a neighbour's are read. Does not know: what follows from it.

A mark is made of keys that only the two contacts have, of the link's own secret and of a nonce: to everybody
else it is random, on another link it is another, and it is never said twice. A node gives marks for those
contacts alone whom its user has verified: it tells them that it is it who is behind this link.
"""

from __future__ import annotations

from collections.abc import Iterable

from p2pchat.core.messaging.conversation import Conversation
from p2pchat.ports import Entropy, sample
from p2pchat.types import ContactId
from p2pchat.wire.marks import MARK_BYTES, MARKS, NONCE_BYTES, Marks


def give(conversations: Iterable[Conversation], binding: bytes, entropy: Entropy, now: float) -> Marks:
    """What a node says on a link, of which ``binding`` (32 bytes) is the secret."""
    nonce = entropy.draw_bytes(NONCE_BYTES)
    marks = [
        conversation.mark(binding, nonce, now) for conversation in conversations if welcome(conversation)
    ]
    filled = [*marks, *(entropy.draw_bytes(MARK_BYTES) for _ in range(MARKS - len(marks)))]
    return Marks(nonce, tuple(sample(entropy, filled, MARKS)))


def recognise(conversations: Iterable[Conversation], binding: bytes, said: Marks) -> ContactId | None:
    """Which verified contact says it, if one does."""
    marks = frozenset(said.marks)
    for conversation in conversations:
        if welcome(conversation) and not marks.isdisjoint(conversation.marks(binding, said.nonce)):
            return conversation.contact.id
    return None


def welcome(conversation: Conversation) -> bool:
    """Whether the contact may know that we are behind a link."""
    return conversation.contact.verified and not conversation.contact.blocked
