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


class ContactBook:
    """Keeps all contacts with their conversations and tags."""

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
        """Listen for the tags of a conversation, unless its contact is blocked."""
        if not conversation.contact.blocked:
            self.tags.register_owner(conversation)

    def update_contact(self, contact: ContactId, change: Callable[[Contact], list[Effect]]) -> list[Effect]:
        """Change a contact's record, also in its conversation."""
        known = self.contacts.get(contact)
        if known is None:
            return []
        effects = change(known)
        conversation, updated = self.find_conversation(contact), self.contacts.get(contact)
        if conversation is not None and updated is not None:
            conversation.contact = updated
        return effects

    def remove_contact(self, contact: ContactId) -> list[Effect]:
        """Forget a contact and all lines of the conversation."""
        known = self.contacts.get(contact)
        if known is None:
            return []
        conversation = self.by_id.pop(conversation_with(contact), None)
        if conversation is not None:
            self.tags.unregister_owner(conversation)
        return self.contacts.remove(known)

    # --- what is noted of a contact

    def note_retention(self, contact: ContactId, decided: RetentionDecided) -> list[Effect]:
        """Note a new retention time."""
        return self.update_contact(
            contact,
            lambda known: self.contacts.set_retention(
                known, decided.seconds, decided.turn, by_them=decided.by_them
            ),
        )

    def note_renewed(self, contact: ContactId, transcript: bytes, now: float) -> list[Effect]:
        """Note that the session is a new one."""
        return self.update_contact(
            contact, lambda known: self.contacts.note_new_session(known, transcript, now)
        )

    def note_turn(self, contact: ContactId, turn: Turn, waiting: int) -> list[Effect]:
        """Note an event of the session, and report it; ``waiting``: messages that wait for the person's
        consent."""
        noted: list[Effect] = []
        if turn is Turn.RIVALS:
            standing = turn.value
            noted = self.update_contact(contact, self.contacts.withdraw_trust)
        else:
            standing = "held" if waiting else "" if turn in _SETTLED else turn.value
        noted += self.update_contact(contact, lambda known: self.contacts.set_standing(known, standing))
        return [*noted, Notify(SessionTurned(contact, turn.value, waiting))]

    def settle_standing(self, contact: ContactId, but: tuple[str, ...]) -> list[Effect]:
        """Clear the fault of the session, because the person knows of it, unless it is one of ``but``."""
        return self.update_contact(
            contact, lambda known: [] if known.standing in but else self.contacts.set_standing(known, "")
        )
