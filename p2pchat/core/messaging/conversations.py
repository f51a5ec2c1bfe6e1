"""All contacts, the conversations with them, and the tags by which cells are found to be theirs.

Knows: which conversation a cell, an input or a link concerns. Does not know: meshes, beyond their ids, or
what happens within a conversation. Parent of ``contact_book``, ``routes``, ``conversation_factory``,
``cell_intake``, ``dispatcher``, ``decisions``, ``file_words`` and ``recognition``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.messaging.cell_intake import CellIntake
from p2pchat.core.messaging.contact_book import ContactBook
from p2pchat.core.messaging.contacts import ContactTable
from p2pchat.core.messaging.contents import HomeOwner
from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.conversation_factory import ConversationFactory
from p2pchat.core.messaging.decisions import Decisions
from p2pchat.core.messaging.dispatcher import Dispatcher
from p2pchat.core.messaging.file_words import FileWords
from p2pchat.core.messaging.letterbox import Letterbox
from p2pchat.core.messaging.outbox import CAP as OUTBOX_CAP
from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.messaging.patience import Patience
from p2pchat.core.messaging.recognition import Recognition
from p2pchat.core.messaging.requests import content_of, refuse_content
from p2pchat.core.messaging.retention import Purge
from p2pchat.core.messaging.routes import Routes
from p2pchat.core.values import user_inputs
from p2pchat.core.values.effects import Persist
from p2pchat.core.values.paired import Paired
from p2pchat.core.values.profile import OPEN_S
from p2pchat.core.values.records import Contact, Memory
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.settings import Settings
from p2pchat.crypto.identity import fingerprint
from p2pchat.ports import Entropy, exponential, sample
from p2pchat.types import ContactId, MeshId, Tag
from p2pchat.wire.cell import Cell
from p2pchat.wire.introductions import IntroductionWord
from p2pchat.wire.payload import MeshRenewed
from p2pchat.wire.room_offers import RoomWord

GREET_GAP_S = 3.0
"""The mean of the exponential gaps between those greetings."""


class Conversations:
    """Keeps all conversations. Each method returns what is to be done, in order."""

    def __init__(self, memory: Memory, settings: Settings, entropy: Entropy, counters: Counter[str]) -> None:
        """The profile in ``settings`` says how long cells wait to be opened."""
        open_s = settings.profile.open_s if settings.profile is not None else OPEN_S
        self._entropy = entropy
        self._owner = HomeOwner(fingerprint(memory.identity.identity_key), settings.keep_versions)
        self.purge = Purge(
            lines_expire=memory.lines_expire,
            drop_versions=memory.has_versions and not settings.keep_versions,
        )
        self._patience = Patience(memory.patience)
        self._order = max((entry.order for entry in memory.outbox), default=0)
        self._contact_book = ContactBook(ContactTable(memory.contacts, memory.identity.name))
        self._contacts = self._contact_book.contacts
        self._by_id, self._tags = self._contact_book.by_id, self._contact_book.tags
        self.routes = Routes()
        self.recognition = Recognition(self._contact_book)
        self._dispatcher = Dispatcher(self._contact_book, self.routes, entropy)
        self.file_words = FileWords(self._contact_book, self._dispatcher)
        letterbox = Letterbox(entropy.make_child("letterbox"), open_s)
        self.intake = CellIntake(self._tags, letterbox, self._dispatcher.dispatch_outputs)
        self._decisions = Decisions(self._contact_book, self._dispatcher)
        self._factory = ConversationFactory(
            memory, settings, entropy, counters, self._owner, self.purge, self._patience
        )
        self._due = NEVER
        """When a conversation next has something to do, unless one has moved since."""
        for conversation in self._factory.restore_all(memory, self._contacts):
            self._by_id[conversation.id] = conversation

    # --- what the parent asks

    def list_contacts(self) -> tuple[Contact, ...]:
        """List all contacts, also blocked ones, in the order in which they were added."""
        return self._contacts.list_contacts()

    def find_contact(self, contact: ContactId) -> Contact | None:
        """Return a contact's record, or None for a stranger."""
        return self._contacts.get(contact)

    def set_own_name(self, name: str) -> None:
        """Reserve the name that the person here takes: no contact gets it from now on."""
        self._contacts.set_own_name(name)

    def is_here(self, contact: ContactId, now: float) -> bool | None:
        """Tell whether the contact was heard lately; None without a link, because no contact can be heard
        then."""
        conversation = self._contact_book.find_conversation(contact)
        if conversation is None or not self._dispatcher.count_links(conversation):
            return None
        return conversation.presence.is_here(now)

    def heard_at(self, contact: ContactId) -> float | None:
        """Return when the contact was last heard, in Unix seconds; None if not since this node started."""
        conversation = self._contact_book.find_conversation(contact)
        return conversation.presence.heard_at if conversation is not None else None

    def over_quota(self, contact: ContactId) -> bool:
        """Tell whether the contact's messages wait, because it has filled its share of the disk."""
        conversation = self._contact_book.find_conversation(contact)
        return conversation is not None and conversation.incoming.over_quota

    def count_waiting(self) -> int:
        """Count the messages that were accepted and are not yet final."""
        return sum(conversation.delivery.queue.waiting for conversation in self._by_id.values())

    def next_wakeup(self) -> float:
        """Return when ``tick`` is next due. This is asked after every input, and most inputs concern no
        contact."""
        if self._dispatcher.unsettled:
            due = [conversation.next_wakeup() for conversation in self._by_id.values()]
            due.append(self.purge.next_wakeup())
            due.append(self._patience.save_at if self._by_id else None)
            self._due = min((at for at in due if at is not None), default=NEVER)
            self._dispatcher.unsettled = False
        return min(self._due, self.intake.open_at)

    # --- time

    def start(self, now: float) -> None:
        """Start to listen for all contacts' cells."""
        self._patience.start(now)
        for conversation in self._by_id.values():
            self._contact_book.listen_for(conversation)

    def tick(self, now: float) -> list[Routed]:
        """Carry out what is due."""
        self._dispatcher.unsettled = True
        moved = self.intake.open_due(now)
        moved += self._dispatcher.dispatch_to_everybody(lambda conversation: conversation.tick(now), now)
        kept = [Persist(self._patience.save_state(now))] if now >= self._patience.save_at else []
        return [*self.purge.drop_expired(now), *kept, *moved]

    def confirm_clock(self, others: int) -> None:
        """Believe our clock if enough ``others`` agree with it."""
        if self._patience.confirm_clock(others):
            self._dispatcher.unsettled = True

    def say_goodbye(self, now: float) -> list[Routed]:
        """Send what should not wait until this node runs again."""
        kept = Persist(self._patience.save_state(now))
        opened = self.open_waiting(now)
        left = self._dispatcher.dispatch_to_everybody(lambda conversation: conversation.say_goodbye(now), now)
        return [*opened, *left, kept]

    def open_waiting(self, now: float) -> list[Routed]:
        """Open all waiting cells at once, because the node stops."""
        return self.intake.open_all(now)

    # --- meshes

    def on_links(self, mesh: MeshId, links: int, now: float) -> list[Routed]:
        """Note how many links into a mesh are up."""
        returned = self.routes.set_links(mesh, links, now)
        reached = [
            conversation
            for conversation in self._by_id.values()
            if self.routes.lead_through(conversation.contact, mesh)
        ]
        count = self._dispatcher.count_links
        effects = self._dispatcher.dispatch_all(reached, lambda one: one.on_links(count(one), now), now)
        if returned:
            self._greet(reached, now)
        return effects

    def _greet(self, reached: list[Conversation], now: float) -> None:
        """We come from being away: greet one contact after the other, or a neighbour would count them."""
        at = now
        for conversation in sample(self._entropy, reached, len(reached)):
            conversation.ask_at(at)
            at += exponential(self._entropy, GREET_GAP_S)
            conversation.on_return(at)
        self._dispatcher.unsettled = True

    def on_cell(self, cell: Cell, mesh: MeshId, late: bool, now: float) -> None:
        """Put a cell aside if it bears a tag of ours; most cells are for other nodes. Nothing else happens
        while its copies leave for the neighbours."""
        owner = self.intake.put_cell(cell, late, now)
        if owner is not None:
            self.routes.on_cell(owner.contact, mesh)

    def follow_cell(self, tag: Tag, fate: user_inputs.CellFate, now: float) -> list[Routed]:
        """Note what became of the cell of ours with this tag."""
        return self._dispatcher.dispatch_to_everybody(
            lambda conversation: conversation.follow_cell(tag, fate, now), now
        )

    # --- contacts and their meshes

    def tell_payloads(
        self, contact: ContactId, payloads: Iterable[MeshRenewed | RoomWord | IntroductionWord], now: float
    ) -> list[Routed]:
        """Tell a contact in which mesh we are, or send a word about letting a person into a room or about an
        introduction."""
        conversation = self._contact_book.find_conversation(contact)
        if conversation is None:
            return []
        return [
            routed
            for payload in payloads
            for routed in self._dispatcher.dispatch_outputs(
                conversation, conversation.tell_payload(payload, now), now
            )
        ]

    def move_contact(self, contact: ContactId, mesh: MeshId, now: float) -> list[Routed]:
        """Note that a contact is in another mesh."""
        moved: list[Routed] = [
            *self._contact_book.update_contact(contact, lambda known: self._contacts.set_mesh(known, mesh))
        ]
        conversation = self._contact_book.find_conversation(contact)
        if conversation is None or conversation.contact.blocked:
            return moved
        links = self._dispatcher.count_links(conversation)
        return moved + self._dispatcher.dispatch_outputs(conversation, conversation.on_links(links, now), now)

    # --- messages and contacts

    def take_request(
        self, input: user_inputs.ContentInput | user_inputs.KeysInput, now: float
    ) -> list[Routed]:
        """Accept a person's message, or change the recovery keys for a backup."""
        if isinstance(input, user_inputs.ContentInput):
            return self._submit(input, now)
        return self._change_keys(input, now)

    def _submit(self, input: user_inputs.ContentInput, now: float) -> list[Routed]:
        """Accept what the person says, or refuse it."""
        conversation = self._by_id.get(input.conversation)
        if conversation is None:
            return [Rejected(Reason.NO_SUCH_CONTACT)]
        if conversation.contact.blocked:
            return [Rejected(Reason.CONTACT_BLOCKED)]
        reason = refuse_content(input)
        if reason is None and self.count_waiting() >= OUTBOX_CAP:
            reason = Reason.OUTBOX_FULL
        if reason is not None:
            return [Rejected(reason)]
        self._order += 1
        content = content_of(input, self._owner.id, now)
        accepted = conversation.submit_content(content, self._order, now)
        return self._dispatcher.dispatch_outputs(conversation, accepted, now)

    def change_contact(self, input: user_inputs.ContactInput, now: float) -> list[Routed]:
        """Change a contact as the person asks."""
        self._dispatcher.unsettled = True
        return self._decisions.change_contact(input, now)

    def _change_keys(self, change: user_inputs.KeysInput, now: float) -> list[Routed]:
        """Have another recovery key for each contact, or tell them of it, one after the other: a neighbour
        would count them."""
        if isinstance(change, user_inputs.RecoveryKeysDrawn):
            return self._dispatcher.dispatch_to_everybody(lambda conversation: conversation.draw_key(), now)
        effects, at, everybody = list[Routed](), now, list(self._by_id.values())
        for conversation in sample(self._entropy, everybody, len(everybody)):
            at += exponential(self._entropy, GREET_GAP_S)
            told = conversation.tell_key(change.alone, at, now)
            effects += self._dispatcher.dispatch_outputs(conversation, told, now)
        return effects

    def add_paired(self, paired: Paired, mesh: MeshId, now: float) -> tuple[Contact, list[Routed]]:
        """Store the contact and the session of a finished pairing."""
        key = paired.identity_key
        who = Contact(
            fingerprint(key),
            paired.name,
            key,
            mesh,
            paired.how,
            now,
            through_room=paired.through_room,
            introduced_by=paired.introduced_by,
        )
        contact, added = self._contacts.add(who)
        session = self._factory.make_session(contact, paired, now)
        conversation = self._contact_book.find_conversation(contact.id)
        if conversation is None:
            conversation = self._factory.make_conversation(contact, session)
            self._by_id[conversation.id] = conversation
        self._tags.unregister_owner(conversation)
        changed = conversation.change_session(contact, session, now)
        effects = [*added, *self._dispatcher.dispatch_outputs(conversation, changed, now)]
        self._contact_book.listen_for(conversation)
        if not contact.blocked:
            effects += self._dispatcher.connect_conversation(conversation, now)
        return contact, effects
