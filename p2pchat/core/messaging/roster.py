"""The contacts' records, the conversation with each, and what is noted of a contact when its session changes.

Knows: which record belongs to which conversation, and that both change together. Does not know: what is said.
"""

from __future__ import annotations

from collections.abc import Callable

from p2pchat.core.messaging.contacts import ContactTable
from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.outputs import RetentionDecided
from p2pchat.core.messaging.tag_owner import TagTable
from p2pchat.core.session.turns import Turn
from p2pchat.core.values.effects import Effect, Notify, SessionTurned
from p2pchat.core.values.records import Contact
from p2pchat.types import ContactId, ConversationId, MeshId, conversation_with

_SETTLED = (Turn.RENEWED, Turn.RESTORED)


class Roster:
    """All our contacts."""

    def __init__(self, contacts: ContactTable) -> None:
        self.contacts = contacts
        self.by_id: dict[ConversationId, Conversation] = {}
        self.tags = TagTable[Conversation]()

    def find_conversation(self, contact: ContactId) -> Conversation | None:
        """Find the conversation with a contact."""
        return self.by_id.get(conversation_with(contact))

    def list_in_mesh(self, mesh: MeshId) -> list[Conversation]:
        """List the conversations with contacts in a mesh."""
        return [conversation for conversation in self.by_id.values() if conversation.contact.mesh == mesh]

    def listen_for(self, conversation: Conversation) -> None:
        """Have cells found that are for a conversation, unless its contact is blocked."""
        if not conversation.contact.blocked:
            self.tags.register_owner(conversation)

    def update_contact(self, contact: ContactId, change: Callable[[Contact], list[Effect]]) -> list[Effect]:
        """Change a record; the conversation goes by it."""
        known = self.contacts.get(contact)
        if known is None:
            return []
        effects = change(known)
        conversation, updated = self.find_conversation(contact), self.contacts.get(contact)
        if conversation is not None and updated is not None:
            conversation.contact = updated
        return effects

    def remove_contact(self, contact: ContactId) -> list[Effect]:
        """Forget a contact and all that was said."""
        known = self.contacts.get(contact)
        if known is None:
            return []
        conversation = self.by_id.pop(conversation_with(contact), None)
        if conversation is not None:
            self.tags.unregister_owner(conversation)
        return self.contacts.remove(known)

    # --- what is noted of a contact

    def note_retention(self, contact: ContactId, decided: RetentionDecided) -> list[Effect]:
        """It was decided how long what is said lasts."""
        return self.update_contact(
            contact,
            lambda known: self.contacts.last(known, decided.seconds, decided.turn, by_them=decided.by_them),
        )

    def note_renewed(self, contact: ContactId, transcript: bytes, now: float) -> list[Effect]:
        """The session is a new one."""
        return self.update_contact(contact, lambda known: self.contacts.renew(known, transcript, now))

    def note_turn(self, contact: ContactId, turn: Turn, waiting: int) -> list[Effect]:
        """Something happened to the session; ``waiting``: messages that wait for the person's word."""
        noted: list[Effect] = []
        if turn is Turn.RIVALS:
            standing = turn.value
            noted = self.update_contact(contact, self.contacts.take_trust_back)
        else:
            standing = "held" if waiting else "" if turn in _SETTLED else turn.value
        noted += self.update_contact(contact, lambda known: self.contacts.stand(known, standing))
        return [*noted, Notify(SessionTurned(contact, turn.value, waiting))]

    def settle_standing(self, contact: ContactId, but: tuple[str, ...]) -> list[Effect]:
        """The person knows what is wrong with the session, unless it is one of ``but``."""
        return self.update_contact(
            contact, lambda known: [] if known.standing in but else self.contacts.stand(known, "")
        )
