"""Makes the conversation with a contact: out of the store, or of a pairing.

Knows: which parts a conversation has, and which settings concern them. Does not know: when one is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from p2pchat.core.kit.quota import Quota
from p2pchat.core.messaging.contacts import ContactTable
from p2pchat.core.messaging.contents import HomeOwner
from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.delivery import ANSWER_S
from p2pchat.core.messaging.outbox import PROBE_FIRST_S
from p2pchat.core.messaging.patience import Patience
from p2pchat.core.messaging.retention import Purge
from p2pchat.core.session.renewal import Renewal
from p2pchat.core.session.reunion import Reunion
from p2pchat.core.session.session import Session
from p2pchat.core.values.paired import Paired
from p2pchat.core.values.records import Contact, Memory, OutboxEntry
from p2pchat.core.values.settings import Settings
from p2pchat.ports import Entropy
from p2pchat.types import conversation_with


class ConversationFactory:
    """Makes the conversations of one node."""

    def __init__(
        self,
        memory: Memory,
        settings: Settings,
        entropy: Entropy,
        counters: Counter[str],
        owner: HomeOwner,
        purge: Purge,
        patience: Patience,
    ) -> None:
        """The profile in ``settings`` says how long receipts are awaited and answers wait."""
        profile = settings.profile
        self._quota_bytes = settings.contact_bytes
        self._repeat_s = profile.repeat_s if profile is not None else PROBE_FIRST_S
        self._answer_s = profile.answer_s if profile is not None else ANSWER_S
        self._entropy = entropy
        self._counters = counters
        self._owner = owner
        self._purge = purge
        self._patience = patience
        self._identity = memory.identity
        self._recoveries = {recovery.contact: recovery for recovery in memory.recoveries}
        self._made = 0

    def restore_all(self, memory: Memory, contacts: ContactTable) -> Iterator[Conversation]:
        """Make the conversations that the store has."""
        for state in memory.sessions:
            contact = contacts.get(state.contact)
            if contact is not None:
                session = Session.restore(state, memory.identity.pickle_key)
                id = conversation_with(contact.id)
                entries = [entry for entry in memory.outbox if entry.conversation == id]
                yield self.make_conversation(contact, session, entries)

    def make_session(self, contact: Contact, paired: Paired, now: float) -> Session:
        """Make a session from the keys of a pairing."""
        renewal = Renewal(paired.leads, paired.renewal_key, now)
        return Session(contact.id, paired.olm, paired.sending, [paired.receiving], renewal)

    def make_conversation(
        self, contact: Contact, session: Session, entries: Iterable[OutboxEntry] = ()
    ) -> Conversation:
        """Make a conversation with this session; ``entries`` wait to be sent."""
        self._made += 1
        entropy = self._entropy.make_child(f"conversation {self._made}")
        return Conversation(
            contact,
            session,
            entries,
            entropy,
            self._counters,
            self._owner,
            self._purge,
            self._patience,
            Quota(self._quota_bytes),
            Reunion(
                contact.id,
                contact.identity_key,
                self._identity,
                entropy.make_child("reunion"),
                self._counters,
                self._recoveries.pop(contact.id, None),
            ),
            self._repeat_s,
            self._answer_s,
        )
