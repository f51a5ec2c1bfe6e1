"""How two contacts that are neighbours find that out, and no other node does.

Knows: which contacts get marks, and how a neighbour's are read. Does not know: what follows from it.

A mark is made of keys that only the two contacts have, of the link's own secret and of a nonce: to all
others it is random, on another link it is different, and it is never sent twice. A node gives marks only for
contacts that its user has verified: a mark tells the contact that this node is behind this link.
"""

from __future__ import annotations

from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.roster import Roster
from p2pchat.ports import Entropy, sample
from p2pchat.types import ContactId, MeshId
from p2pchat.wire.marks import MARK_BYTES, MARKS, NONCE_BYTES, Marks


class Recognition:
    """Of all contacts."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def give_marks(self, mesh: MeshId, binding: bytes, entropy: Entropy, now: float) -> Marks:
        """What to say on a link of a mesh, of which ``binding`` (32 bytes) is the secret."""
        nonce = entropy.draw_bytes(NONCE_BYTES)
        sessions = [conversation.delivery.session for conversation in self._trusted_in(mesh)]
        marks = [session.make_mark(binding, nonce, now) for session in sessions]
        filled = [*marks, *(entropy.draw_bytes(MARK_BYTES) for _ in range(MARKS - len(marks)))]
        return Marks(nonce, tuple(sample(entropy, filled, MARKS)))

    def recognise_contact(self, mesh: MeshId, binding: bytes, theirs: Marks) -> ContactId | None:
        """Which verified contact gives these marks, if one does."""
        marks = frozenset(theirs.marks)
        for conversation in self._trusted_in(mesh):
            if not marks.isdisjoint(conversation.delivery.session.list_marks(binding, theirs.nonce)):
                return conversation.contact.id
        return None

    def may_recognise_us(self, contact: ContactId) -> bool:
        """Whether the contact may know that we are behind a link."""
        conversation = self._roster.find_conversation(contact)
        return conversation is not None and _is_trusted(conversation)

    def _trusted_in(self, mesh: MeshId) -> list[Conversation]:
        return [known for known in self._roster.list_in_mesh(mesh) if _is_trusted(known)]


def _is_trusted(conversation: Conversation) -> bool:
    return conversation.contact.trust.verified and not conversation.contact.blocked
