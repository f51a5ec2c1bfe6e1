"""How two contacts that are neighbours find that out, and no other node does.

Knows: which contacts get marks, and how a neighbour's are read. Does not know: what follows from it.

A mark is made of keys that only the two contacts have, of the link's own secret and of a nonce: to all
others it is random, on another link it is different, and it is never sent twice. A node gives marks only for
contacts that its user has verified: a mark tells the contact that this node is behind this link.
"""

from __future__ import annotations

from p2pchat.core.messaging.contact_book import ContactBook
from p2pchat.core.messaging.conversation import Conversation
from p2pchat.ports import Entropy, sample
from p2pchat.types import ContactId, MeshId
from p2pchat.wire.marks import MARK_BYTES, MARKS, NONCE_BYTES, Marks


class Recognition:
    """Makes and reads the marks by which contacts recognise each other as neighbours."""

    def __init__(self, contact_book: ContactBook) -> None:
        self._contact_book = contact_book

    def give_marks(self, mesh: MeshId, binding: bytes, entropy: Entropy, now: float) -> Marks:
        """Make the marks for one link of a mesh, whose secret is ``binding`` (32 bytes)."""
        nonce = entropy.draw_bytes(NONCE_BYTES)
        sessions = [conversation.delivery.session for conversation in self._trusted_in(mesh)]
        marks = [session.make_mark(binding, nonce, now) for session in sessions]
        filled = [*marks, *(entropy.draw_bytes(MARK_BYTES) for _ in range(MARKS - len(marks)))]
        return Marks(nonce, tuple(sample(entropy, filled, MARKS)))

    def recognise_contact(self, mesh: MeshId, binding: bytes, theirs: Marks) -> ContactId | None:
        """Return the verified contact that gives these marks, if there is one."""
        marks = frozenset(theirs.marks)
        for conversation in self._trusted_in(mesh):
            if not marks.isdisjoint(conversation.delivery.session.list_marks(binding, theirs.nonce)):
                return conversation.contact.id
        return None

    def may_recognise_us(self, contact: ContactId) -> bool:
        """Tell whether the contact may learn which neighbour we are."""
        conversation = self._contact_book.find_conversation(contact)
        return conversation is not None and _is_trusted(conversation)

    def _trusted_in(self, mesh: MeshId) -> list[Conversation]:
        return [known for known in self._contact_book.list_in_mesh(mesh) if _is_trusted(known)]


def _is_trusted(conversation: Conversation) -> bool:
    return conversation.contact.trust.verified and not conversation.contact.blocked
