"""All contacts, the conversations with them, and the tags by which cells are found to be theirs.

Knows: which conversation a cell, a wish or a link concerns. Does not know: meshes, beyond their ids, or what
happens within a conversation. Parent of ``roster``, ``routes``, ``decisions`` and ``conversation``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from p2pchat.core import inputs
from p2pchat.core.effects import Persist
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.limits.quota import Quota
from p2pchat.core.messaging import outputs, recognition
from p2pchat.core.messaging.contacts import ContactTable
from p2pchat.core.messaging.contents import HomeOwner
from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.decisions import Decisions
from p2pchat.core.messaging.delivery import ANSWER_S
from p2pchat.core.messaging.letterbox import Letter, Letterbox
from p2pchat.core.messaging.outbox import CAP as OUTBOX_CAP
from p2pchat.core.messaging.outbox import PROBE_FIRST_S
from p2pchat.core.messaging.outputs import MeshReported, Routed, SendInto
from p2pchat.core.messaging.patience import Patience
from p2pchat.core.messaging.presence import GREET_S
from p2pchat.core.messaging.requests import content_of, refuse_content
from p2pchat.core.messaging.retention import Purge
from p2pchat.core.messaging.roster import Roster
from p2pchat.core.messaging.routes import Routes
from p2pchat.core.pairing import Paired
from p2pchat.core.records import Contact, Memory, OutboxEntry
from p2pchat.core.refusals import Reason, Rejected
from p2pchat.core.session.renewal import Renewal
from p2pchat.core.session.reunion import Reunion
from p2pchat.core.session.session import Session
from p2pchat.core.settings import Settings
from p2pchat.core.stem.profile import OPEN_S
from p2pchat.crypto.identity import fingerprint
from p2pchat.ports import Entropy, exponential, sample, uniform
from p2pchat.types import ContactId, MeshId, conversation_with
from p2pchat.wire.cell import Cell
from p2pchat.wire.marks import Marks
from p2pchat.wire.payload import MeshRenewed

GREET_GAP_S = 3.0
"""The mean of the exponential gaps between those greetings."""


class Conversations:
    """Each method returns what is to be done, in order."""

    def __init__(self, memory: Memory, settings: Settings, entropy: Entropy, counters: Counter[str]) -> None:
        """The profile in ``settings`` says how long receipts are awaited and answers wait; without one cells
        take no stem."""
        profile = settings.profile
        self._quota_bytes = settings.contact_bytes
        self._repeat_s = profile.repeat_s if profile is not None else PROBE_FIRST_S
        self._answer_s = profile.answer_s if profile is not None else ANSWER_S
        open_s = profile.open_s if profile is not None else OPEN_S
        self._letterbox = Letterbox(entropy.make_child("letterbox"), open_s)
        self._entropy = entropy
        self._counters = counters
        self._owner = HomeOwner(fingerprint(memory.identity.identity_key), settings.keep_versions)
        self._purge = Purge(
            lines_expire=memory.lines_expire,
            drop_versions=memory.has_versions and not settings.keep_versions,
        )
        self._patience = Patience(memory.patience)
        self._order = max((entry.order for entry in memory.outbox), default=0)
        self._identity = memory.identity
        self._recoveries = {each.contact: each for each in memory.recoveries}
        self._roster = Roster(ContactTable(memory.contacts, memory.identity.name))
        self._contacts = self._roster.contacts
        self._by_id, self._tags = self._roster.by_id, self._roster.tags
        self.routes = Routes()
        self._decisions = Decisions(self._roster, self._on, self._connect)
        self._begun = 0
        self._due: float | None = None
        """When a conversation next has something to do; None: one has moved since it was asked."""
        for state in memory.sessions:
            contact = self._contacts.get(state.contact)
            if contact is not None:
                session = Session.restore(state, memory.identity.pickle_key)
                id = conversation_with(contact.id)
                entries = [entry for entry in memory.outbox if entry.conversation == id]
                self._by_id[id] = self._conversation(contact, session, entries)

    # --- what the parent asks

    def contacts(self) -> tuple[Contact, ...]:
        """All, blocked ones included, in the order they were added."""
        return self._contacts.all()

    def contact(self, contact: ContactId) -> Contact | None:
        """One, if it is one."""
        return self._contacts.get(contact)

    def be_called(self, name: str) -> None:
        """The person here takes this name: nobody else gets it from now on."""
        self._contacts.be_called(name)

    def here(self, contact: ContactId, now: float) -> bool | None:
        """Whether the contact was heard lately; None without a link, where nobody could be heard."""
        conversation = self._roster.find_conversation(contact)
        return (
            None
            if conversation is None or not self._links_to(conversation)
            else conversation.presence.here(now)
        )

    def heard_at(self, contact: ContactId) -> float | None:
        """When the contact was heard last, Unix seconds; None: not since this node began."""
        conversation = self._roster.find_conversation(contact)
        return conversation.presence.heard_at if conversation is not None else None

    def over_quota(self, contact: ContactId) -> bool:
        """Whether what the contact sends waits, because it has filled its share of the disk."""
        conversation = self._roster.find_conversation(contact)
        return conversation is not None and conversation.incoming.over_quota

    def waiting(self) -> int:
        """Messages accepted and not yet final."""
        return sum(conversation.delivery.queue.waiting for conversation in self._by_id.values())

    def next_wakeup(self) -> float:
        """When ``tick`` is next due. Asked after every input, most of which concern nobody here."""
        if self._due is None:
            due = [conversation.next_wakeup() for conversation in self._by_id.values()]
            due.append(self._purge.next_wakeup())
            due.append(self._patience.keep_at if self._by_id else None)
            self._due = min((at for at in due if at is not None), default=NEVER)
        return min(self._due, self._letterbox.open_at)

    # --- time

    def start(self, now: float) -> None:
        """Listen for everybody's cells."""
        self._patience.start(now)
        for conversation in self._by_id.values():
            self._roster.listen_for(conversation)

    def tick(self, now: float) -> list[Routed]:
        """Do what is due."""
        self._due = None
        moved = self._opened(now) + self._each(lambda conversation: conversation.tick(now), now)
        kept = [Persist(self._patience.keep(now))] if now >= self._patience.keep_at else []
        return [*self._purge.due(now), *kept, *moved]

    def witnessed(self, others: int) -> None:
        """So many others show by their clocks that ours is right."""
        if self._patience.believe(others):
            self._due = None

    def leave(self, now: float) -> list[Routed]:
        """Say what should not wait until we are back."""
        kept = Persist(self._patience.keep(now))
        return [*self.empty(now), *self._each(lambda conversation: conversation.leave(now), now), kept]

    def empty(self, now: float) -> list[Routed]:
        """Open at once whatever came: the node stops."""
        opened: list[Routed] = []
        while len(self._letterbox):
            self._letterbox.open_at = now
            opened += self._opened(now)
        return opened

    # --- meshes

    def linked(self, home: MeshId, links: int, now: float) -> list[Routed]:
        """So many links into a mesh are up."""
        returned = self.routes.set_links(home, links, now)
        reached = [one for one in self._by_id.values() if self.routes.lead_through(one.contact, home)]
        effects = self._all(reached, lambda one: one.on_links(self._links_to(one), now), now)
        if returned:
            self._greet(reached, now)
        return effects

    def _greet(self, met: list[Conversation], now: float) -> None:
        """We come from being away: greet one contact after the other, or whoever is next to us would count
        them."""
        at = now
        for conversation in sample(self._entropy, met, len(met)):
            conversation.ask_at(at)
            at += exponential(self._entropy, GREET_GAP_S)
            conversation.on_return(at)
        self._due = None

    def unlinked(self, home: MeshId) -> None:
        """The mesh was left."""
        self.routes.forget_mesh(home)

    def cell(self, cell: Cell, home: MeshId, late: bool, now: float) -> None:
        """Most cells are for others. One that bears a tag of ours is put aside: nothing else happens while
        its copies leave for the neighbours."""
        owner = self._tags.owner_of(cell.tag)
        if owner is not None:
            self.routes.on_cell(owner.contact, home)
            self._letterbox.put(Letter(cell, late), now)

    def _opened(self, now: float) -> list[Routed]:
        """Open what was put aside, when it is time."""
        found: dict[Conversation, list[Letter]] = {}
        for letter in self._letterbox.due(now):
            owner = self._tags.owner_of(letter.cell.tag)
            if owner is not None:  # they may have been removed, or blocked, meanwhile
                found.setdefault(owner, []).append(letter)
        opened: list[Routed] = []
        for conversation, letters in found.items():
            late = all(letter.late for letter in letters)
            cells = [letter.cell for letter in letters]
            opened += self._on(conversation, conversation.open_cells(cells, late, now), now)
        return opened

    def left(self, tag: bytes, now: float) -> list[Routed]:
        """The cell of ours that bears this tag is on its way."""
        return self._each(lambda conversation: conversation.on_cell_left(tag, now), now)

    # --- neighbours who are contacts

    def marks(self, home: MeshId, binding: bytes, entropy: Entropy, now: float) -> Marks:
        """What to say on a link whose two ends alone know ``binding``: ``recognition``."""
        return recognition.give(self._roster.list_in_mesh(home), binding, entropy, now)

    def recognise(self, home: MeshId, binding: bytes, said: Marks) -> ContactId | None:
        """Which verified contact says it, if one does."""
        return recognition.recognise(self._roster.list_in_mesh(home), binding, said)

    def welcome(self, contact: ContactId) -> bool:
        """Whether the contact may know that a neighbour is we."""
        conversation = self._roster.find_conversation(contact)
        return conversation is not None and recognition.welcome(conversation)

    # --- who is in which mesh

    def tell_mesh(self, contact: ContactId, renewed: MeshRenewed, now: float) -> list[Routed]:
        """Say to a contact in which mesh we are."""
        conversation = self._roster.find_conversation(contact)
        return (
            self._on(conversation, conversation.tell_mesh(renewed, now), now)
            if conversation is not None
            else []
        )

    def move(self, contact: ContactId, home: MeshId, now: float) -> list[Routed]:
        """A contact is in another mesh."""
        moved: list[Routed] = [
            *self._roster.update_contact(contact, lambda known: self._contacts.move(known, home))
        ]
        conversation = self._roster.find_conversation(contact)
        if conversation is None or conversation.contact.blocked:
            return moved
        return moved + self._on(conversation, conversation.on_links(self._links_to(conversation), now), now)

    def _links_to(self, conversation: Conversation) -> int:
        return self.routes.count_links(conversation.contact)

    # --- messages and contacts

    def take_request(self, input: inputs.ContentInput | inputs.KeysInput, now: float) -> list[Routed]:
        """Do what the user wants said, or did about backups."""
        if isinstance(input, inputs.ContentInput):
            return self._submit(input, now)
        return self._change_keys(input, now)

    def _submit(self, input: inputs.ContentInput, now: float) -> list[Routed]:
        """Accept what the person says, or refuse it."""
        conversation = self._by_id.get(input.conversation)
        if conversation is None:
            return [Rejected(Reason.NO_SUCH_CONTACT)]
        if conversation.contact.blocked:
            return [Rejected(Reason.CONTACT_BLOCKED)]
        reason = refuse_content(input)
        if reason is None and self.waiting() >= OUTBOX_CAP:
            reason = Reason.OUTBOX_FULL
        if reason is not None:
            return [Rejected(reason)]
        self._order += 1
        content = content_of(input, self._owner.id, now)
        return self._on(conversation, conversation.submit_content(content, self._order, now), now)

    def change(self, input: inputs.ContactInput, now: float) -> list[Routed]:
        """The user wants something of a contact."""
        self._due = None
        return self._decisions.change_contact(input, now)

    def _change_keys(self, change: inputs.KeysInput, now: float) -> list[Routed]:
        """Have another recovery key for each contact, or tell them of it, one after the other: whoever is
        next to us would count them."""
        if isinstance(change, inputs.RecoveryKeysDrawn):
            return self._each(lambda conversation: conversation.draw_key(), now)
        effects, at, everybody = list[Routed](), now, list(self._by_id.values())
        for conversation in sample(self._entropy, everybody, len(everybody)):
            at += exponential(self._entropy, GREET_GAP_S)
            effects += self._on(conversation, conversation.tell_key(change.alone, at, now), now)
        return effects

    def pair(self, paired: Paired, home: MeshId, now: float) -> tuple[Contact, list[Routed]]:
        """Keep the contact and the session that a pairing brought."""
        key = paired.identity_key
        who = Contact(fingerprint(key), paired.name, key, home, paired.how, now)
        contact, added = self._contacts.add(who)
        renewal = Renewal(paired.leads, paired.renewal_key, now)
        session = Session(contact.id, paired.olm, paired.sending, [paired.receiving], renewal)
        conversation = self._roster.find_conversation(contact.id)
        if conversation is None:
            conversation = self._conversation(contact, session, [])
            self._by_id[conversation.id] = conversation
        self._tags.unregister_owner(conversation)
        out = [*added, *self._on(conversation, conversation.change_session(contact, session, now), now)]
        self._roster.listen_for(conversation)
        return contact, out if contact.blocked else out + self._connect(conversation, now)

    # --- conversations

    def _conversation(self, contact: Contact, session: Session, entries: list[OutboxEntry]) -> Conversation:
        self._begun += 1
        entropy = self._entropy.make_child(f"conversation {self._begun}")
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

    def _connect(self, conversation: Conversation, now: float) -> list[Routed]:
        """A conversation begins, or begins again, amid whatever links there are."""
        links = self._links_to(conversation)
        out = self._on(conversation, conversation.on_links(links, now), now)
        conversation.on_return(now + uniform(self._entropy, *GREET_S))
        self._due = None
        return out

    def _each(self, does: Callable[[Conversation], Iterable[outputs.Output]], now: float) -> list[Routed]:
        return self._all(list(self._by_id.values()), does, now)

    def _all(
        self,
        conversations: Iterable[Conversation],
        does: Callable[[Conversation], Iterable[outputs.Output]],
        now: float,
    ) -> list[Routed]:
        return [
            each for conversation in conversations for each in self._on(conversation, does(conversation), now)
        ]

    def _on(self, conversation: Conversation, out: Iterable[outputs.Output], now: float) -> list[Routed]:
        done: list[Routed] = []
        self._due = None
        for each in out:
            match each:
                case outputs.SendCell(cell, haste):
                    done += [
                        SendInto(mesh, cell, haste)
                        for mesh in self.routes.choose_meshes(conversation.contact)
                    ]
                case outputs.MeshTold(renewed):
                    done.append(MeshReported(conversation.contact.id, renewed))
                case outputs.RetentionDecided():
                    done += self._roster.note_retention(conversation.contact.id, each)
                case outputs.Renewed(transcript):
                    done += self._roster.note_renewed(conversation.contact.id, transcript, now)
                case outputs.Turned(turn, waiting):
                    done += self._roster.note_turn(conversation.contact.id, turn, waiting)
                case outputs.TagsChanged(delta):
                    if not conversation.contact.blocked:
                        self._tags.change_tags(conversation, delta)
                case _:
                    done.append(each)
        return done
