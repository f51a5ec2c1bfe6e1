"""What the person here decides about a contact.

Knows: what is refused, and which parts of what we know of a contact each decision changes. Does not know: how
any of it is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from p2pchat.core.messaging.contact_book import ContactBook
from p2pchat.core.messaging.dispatcher import Dispatcher
from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.session.turns import Turn
from p2pchat.core.values import user_inputs
from p2pchat.core.values.effects import Effect
from p2pchat.core.values.records import Contact
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.types import ContactId
from p2pchat.wire.payload import RETENTION_MAX_S, RETENTION_MIN_S

_PERSISTENT = (Turn.BEHIND.value, Turn.LOST.value)
"""What a person's word alone does not end."""
_TRUSTED = (*_PERSISTENT, Turn.RIVALS.value)
"""What does not end when a contact is trusted."""


class Decisions:
    """Carries out a person's decisions about contacts. Each method returns what is to be done."""

    def __init__(self, contact_book: ContactBook, dispatcher: Dispatcher) -> None:
        self._contact_book = contact_book
        self._dispatcher = dispatcher

    def _update(self, contact: ContactId, change: Callable[[Contact], list[Effect]]) -> list[Effect]:
        return self._contact_book.update_contact(contact, change)

    def change_contact(self, input: user_inputs.ContactInput, now: float) -> list[Routed]:
        """Change a contact as the person asks, or refuse to."""
        if self._contact_book.contacts.get(input.contact) is None:
            return [Rejected(Reason.NO_SUCH_CONTACT)]
        match input:
            case user_inputs.ContactRenamed(contact, name):
                return [
                    *self._update(contact, lambda known: self._contact_book.contacts.set_name(known, name))
                ]
            case user_inputs.ContactVerified(contact, verified):
                noted = self._update(
                    contact, lambda known: self._contact_book.contacts.set_verified(known, verified)
                )
                return [*noted, *(self._release(contact, now) if verified else [])]
            case user_inputs.ContactBlocked(contact, blocked):
                return self._block(contact, blocked, now)
            case user_inputs.ContactMuted(contact, muted):
                return [
                    *self._update(contact, lambda known: self._contact_book.contacts.set_muted(known, muted))
                ]
            case user_inputs.ContactRetentionChosen(contact, seconds):
                return self._decide_retention(contact, seconds, now)
            case user_inputs.ContactRenewed(contact):
                return self._begin_anew(contact, now)
            case user_inputs.ContactRemoved(contact):
                return [*self._contact_book.remove_contact(contact)]
            case _:
                assert_never(input)

    def _decide_retention(self, contact: ContactId, seconds: float, now: float) -> list[Routed]:
        if seconds and not RETENTION_MIN_S <= seconds <= RETENTION_MAX_S:
            return [Rejected(Reason.RETENTION_IMPOSSIBLE)]
        conversation = self._contact_book.find_conversation(contact)
        if conversation is None:
            return []
        return self._dispatcher.dispatch_outputs(conversation, conversation.set_retention(seconds, now), now)

    def _block(self, contact: ContactId, blocked: bool, now: float) -> list[Routed]:
        effects: list[Routed] = [
            *self._update(contact, lambda known: self._contact_book.contacts.set_blocked(known, blocked))
        ]
        conversation = self._contact_book.find_conversation(contact)
        if conversation is None:
            return effects
        if not blocked:
            self._contact_book.listen_for(conversation)
            return effects + self._dispatcher.connect_conversation(conversation, now)
        self._contact_book.tags.unregister_owner(conversation)
        conversation.notices.drop_all()
        withdrawn = conversation.delivery.queue.cancel_texts(now)
        withdrawn += conversation.delivery.queue.cancel_proposals(now)
        effects += self._dispatcher.dispatch_outputs(conversation, withdrawn, now)
        return effects + self._dispatcher.dispatch_outputs(conversation, conversation.on_links(0, now), now)

    def _begin_anew(self, contact: ContactId, now: float) -> list[Routed]:
        conversation = self._contact_book.find_conversation(contact)
        if conversation is None or conversation.contact.blocked:
            return []
        return [
            *self._contact_book.settle_standing(contact, _PERSISTENT),
            *self._dispatcher.dispatch_outputs(conversation, conversation.begin_anew(now), now),
        ]

    def _release(self, contact: ContactId, now: float) -> list[Routed]:
        conversation = self._contact_book.find_conversation(contact)
        if conversation is None:
            return []
        return [
            *self._contact_book.settle_standing(contact, _TRUSTED),
            *self._dispatcher.dispatch_outputs(conversation, conversation.release_held(now), now),
        ]
