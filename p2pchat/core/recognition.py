"""How two contacts who are neighbours find that out, and nobody else does.

Knows: to whom marks are given, and how a neighbour's are read. Does not know: what follows from it.

A mark is made of keys that only the two contacts have and of the link's own secret: to everybody else it is
random, and on another link it is another. A node gives marks for those contacts alone whom its user has
verified: it tells them that it is they who are behind this link.
"""

from __future__ import annotations

from collections.abc import Iterable

from p2pchat.core.conversation import Conversation
from p2pchat.ports import Entropy, sample
from p2pchat.types import ContactId
from p2pchat.wire.marks import MARK_BYTES, MARKS, Marks


def give(talks: Iterable[Conversation], binding: bytes, entropy: Entropy, now: float) -> Marks:
    """What a node says on a link, of which ``binding`` (32 bytes) is the secret."""
    marks = [talk.mark(binding, now) for talk in talks if welcome(talk)]
    filled = [*marks, *(entropy.bytes(MARK_BYTES) for _ in range(MARKS - len(marks)))]
    return Marks(tuple(sample(entropy, filled, MARKS)))


def recognise(talks: Iterable[Conversation], binding: bytes, said: Marks) -> ContactId | None:
    """Which verified contact says it, if one does."""
    marks = frozenset(said.marks)
    known = (talk for talk in talks if welcome(talk) and not marks.isdisjoint(talk.marks(binding)))
    return next((talk.contact.id for talk in known), None)


def welcome(talk: Conversation) -> bool:
    """Whether the contact may know that we are behind a link."""
    return talk.contact.verified and not talk.contact.blocked
