"""All that passes between this node and one contact.

Knows: which part takes what the person does, what comes, and what is due. Does not know: links, meshes or
other contacts. Parent of ``delivery``, ``contents``, ``incoming``, ``payload_handlers``, ``patient_notices``,
``session_changes``, ``presence`` and ``reunion``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from p2pchat.core.kit.quota import Quota
from p2pchat.core.messaging.contents import ConversationContent, HomeOwner
from p2pchat.core.messaging.delivery import Delivery, patient
from p2pchat.core.messaging.incoming import Incoming
from p2pchat.core.messaging.letterbox import ReceivedCell
from p2pchat.core.messaging.outputs import Output, RetentionDecided, TagsChanged
from p2pchat.core.messaging.patience import Patience
from p2pchat.core.messaging.patient_notices import PatientNotices
from p2pchat.core.messaging.payload_handlers import PayloadHandlers
from p2pchat.core.messaging.presence import Presence
from p2pchat.core.messaging.retention import Purge, decided
from p2pchat.core.messaging.session_changes import SessionChanges
from p2pchat.core.session.reunion import Reunion
from p2pchat.core.session.session import Session
from p2pchat.core.values.changes import PutRecovery, PutSession
from p2pchat.core.values.effects import Notify, Persist, PresenceChanged
from p2pchat.core.values.records import Contact, OutboxEntry
from p2pchat.core.values.user_inputs import CellFate
from p2pchat.ports import Entropy
from p2pchat.types import Tag, conversation_with
from p2pchat.wire import payload as wire
from p2pchat.wire.content import Referring, Text
from p2pchat.wire.files import FileWord
from p2pchat.wire.introductions import IntroductionWord
from p2pchat.wire.room_offers import RoomWord


class Conversation:
    """One contact's messages, both ways.

    Each method returns what is to be done; the session's snapshot comes before any effect of a cell that
    was sealed or opened.
    """

    def __init__(
        self,
        contact: Contact,
        session: Session,
        entries: Iterable[OutboxEntry],
        entropy: Entropy,
        counters: Counter[str],
        owner: HomeOwner,
        purge: Purge,
        patience: Patience,
        quota: Quota,
        reunion: Reunion,
        repeat_s: float,
        answer_s: tuple[float, float],
    ) -> None:
        """``repeat_s`` and ``answer_s`` are as in ``Delivery``."""
        self.contact = contact
        self.id = conversation_with(contact.id)
        self.presence = Presence(entropy)
        self.delivery = Delivery(
            self.id, session, entries, self.presence, patience, entropy, counters, repeat_s, answer_s
        )
        self.notices = PatientNotices(self.delivery)
        """What is said when nothing else is; ``say_patiently`` follows each change."""
        self._reunion = reunion
        self._changes = SessionChanges(lambda: self.contact, self.delivery, self.presence, reunion, entropy)
        self._content = ConversationContent(
            self.id, lambda: self.contact, owner, self.delivery, purge, patience
        )
        handlers = PayloadHandlers(
            lambda: self.contact, self.delivery, reunion, self._changes, self._content, counters
        )
        self.incoming = Incoming(
            lambda: self.contact,
            self.delivery,
            self.presence,
            reunion,
            self._changes,
            handlers,
            quota,
            counters,
        )
        self._entropy = entropy
        self._alone_since: float | None = None
        """Since when there is no link."""

    @property
    def _session(self) -> Session:
        return self.delivery.session

    # --- what the parent asks

    def list_tags(self) -> list[Tag]:
        """List every tag that is to be listened for, as far as it is known without a link."""
        return self._session.list_tags() + self._reunion.list_tags()

    def next_wakeup(self) -> float | None:
        """When ``tick`` is next due."""
        due: list[float | None] = [self.presence.lapses_at()]
        if self.delivery.connected:
            due += [self.delivery.queue.next_expiry(), self._reunion.next_wakeup()]
            if not self._reunion.torn:
                due += [
                    self.presence.next_wakeup(),
                    self.delivery.answer_at,
                    self.delivery.probe_at,
                    self.incoming.put_off_until,
                    self.notices.next_wakeup(),
                ]
        return min((at for at in due if at is not None), default=None)

    # --- what the person wants

    def submit_content(self, content: Text | Referring, order: int, now: float) -> list[Output]:
        """Store what the person wrote, then send it together with any pending receipt: a contact that exits
        right after it has acknowledged what it got."""
        accepted = self._content.accept_content(content, order, now)
        answers = self.delivery.connected and self.delivery.answer_at is not None
        owed = self.delivery.send_answer(now) if answers else []
        return [*accepted, *self._with_snapshots(owed + self._flush(now))]

    def set_retention(self, seconds: float, now: float) -> list[Output]:
        """Decide for both ends how long lines last; the decision is delivered as reliably as a message."""
        decision = decided(self.contact, seconds)
        told = self.delivery.queue.replace_payload(decision, now)
        decided_here = RetentionDecided(decision.seconds, decision.turn, by_them=False)
        return [decided_here, *self._with_snapshots(told + self._flush(now))]

    def begin_anew(self, now: float) -> list[Output]:
        """Ask for a new session if the present one fails, and release messages that wait for a restored home.
        While two copies of a home compete, nothing is released. The person asks for this."""
        contended = self._reunion.contended
        self._reunion.ask_soon(self._session, now)
        if contended:
            return self._with_snapshots([])
        return self.release_held(now)

    def release_held(self, now: float) -> list[Output]:
        """Release the messages that wait for the person's consent to a restored home."""
        return self._with_snapshots(self.delivery.queue.release_held() + self._flush(now))

    # --- what happens

    def tell_payload(
        self, payload: wire.MeshRenewed | RoomWord | IntroductionWord | FileWord, now: float
    ) -> list[Output]:
        """Send the contact a word about our mesh, a room, an introduction or a file, as reliably as a
        message. A word about the mesh replaces one that still waits."""
        if isinstance(payload, wire.MeshRenewed):
            told = self.delivery.queue.replace_payload(payload, now)
        else:
            told = self.delivery.queue.enqueue_payload(payload)
        return self._with_snapshots(told + self._flush(now))

    def say_patiently(self, now: float) -> list[Output]:
        """Hand over as many of the patient notices as may leave now."""
        connected = self.delivery.connected and not self._reunion.torn
        return self._with_snapshots(self.notices.flush(now) if connected else [])

    def draw_key(self) -> list[Output]:
        """Draw another recovery key, for a backup that is about to be made."""
        self._reunion.keys.draw_key()
        return self._with_snapshots([])

    def tell_key(self, alone: bool, at: float, now: float) -> list[Output]:
        """Tell the contact of the recovery key of a finished backup, as reliably as a message, but not before
        ``at``. ``alone``: the contact forgets all earlier keys."""
        self._reunion.keys.tell_key(alone, at)
        return self._with_snapshots(self._flush(now))

    def on_links(self, links: int, now: float) -> list[Output]:
        """Note that the mesh has ``links`` links. Only what waited for a link leaves now, so a neighbour that
        comes and goes cannot make us write. Timers pause without a link; otherwise a new neighbour could tell
        from our first cells how long we had none."""
        before, self.delivery.connected = self.delivery.connected, links > 0
        if not self.delivery.connected:
            self._alone_since = now if self._alone_since is None else self._alone_since
            return []
        if before:
            return []
        alone_s = now - self._alone_since if self._alone_since is not None else 0.0
        self._alone_since = None
        self.presence.postpone_timers(alone_s)
        self.delivery.postpone_timers(alone_s)
        self._reunion.on_connected(alone_s, now)
        return self._with_snapshots(self._follow_clock(now) + self._flush(now))

    def on_return(self, greet_at: float) -> None:
        """After a long absence, greet the contact at ``greet_at``, and ask for receipts of what waits."""
        self.delivery.reset_probe_gap()
        self.presence.greet_by(greet_at)
        if len(self.delivery.outbox):
            self.delivery.probe_at = greet_at

    def ask_at(self, at: float) -> None:
        """Delay questions about a broken session until ``at``: a restored home has many broken sessions."""
        self._reunion.asking.put_off(at)

    def open_cells(self, received: Iterable[ReceivedCell], now: float) -> list[Output]:
        """Open cells with our tags, in this order. If all were caught up on, other nodes may have been away
        as well, so the answers leave at different moments."""
        received = list(received)
        effects: list[Output] = []
        for received_cell in received:
            effects += self.incoming.open_cell(received_cell.cell, received_cell.late, now)
        if self.delivery.answer_at is None and self.incoming.opened_at == now:
            self.delivery.schedule_answer(now, late=all(received_cell.late for received_cell in received))
        return self._with_snapshots(effects)

    def change_session(self, contact: Contact, session: Session, now: float) -> list[Output]:
        """Use the session of a new pairing; messages that wait are sealed again under it."""
        self.contact = contact
        self._reunion.on_paired(self._session)
        changes = self._changes.change_session(session, hold=False, now=now)
        return self._with_snapshots(changes + self._flush(now))

    def follow_cell(self, tag: Tag, fate: CellFate, now: float) -> list[Output]:
        """Note what became of a cell of ours. After one has left, others may leave in its place."""
        match fate:
            case CellFate.RETURNED:
                return self.delivery.on_cell_returned(tag, now)
            case CellFate.LOST:
                return self.delivery.on_cell_lost(tag, now)
            case CellFate.LEFT:
                self.delivery.on_cell_left(tag, now)
        more = self.delivery.resume_flush(now)
        if self.notices.note_left(tag):
            more += self.say_patiently(now)
        return self._with_snapshots(more) if more else []

    def tick(self, now: float) -> list[Output]:
        """Expire, acknowledge, greet and probe, as far as due."""
        effects: list[Output] = []
        if self.presence.pop_lapse(now):
            effects.append(Notify(PresenceChanged(self.contact.id, here=False)))
        if self.delivery.connected:
            effects += self._follow_clock(now)
            effects += self.incoming.retry_put_off(now)
            effects += self._tick_connected(now)
        return self._with_snapshots(effects)

    def say_goodbye(self, now: float) -> list[Output]:
        """Tell a contact that is here that this node stops."""
        if self.delivery.connected:
            self._reunion.questions.stop_all(now)
        if not (self.delivery.connected and self.presence.is_here(now)) or self._reunion.torn:
            return self._with_snapshots([])
        goodbye = wire.PresenceNotice(here=False, asks=False, receipt=self.delivery.make_receipt())
        space = self._session.window.silent_space(now)
        return self._with_snapshots(self.delivery.say_notice(goodbye, space, now))

    # --- what is sent

    def _flush(self, now: float) -> list[Output]:
        """Send what has never been sent, and what is to be said of keys, as far as the window reaches.

        Roots are renewed with a contact that is here. After a day without a link, every renewal would be due
        with the first one, and the neighbour behind it would count our contacts.
        """
        if not self.delivery.connected or self._reunion.torn:
            return []
        key = self._reunion.keys.due_offer(now)
        renews = self.presence.is_here(now) and not self._reunion.answering.listening
        offer = self._session.offer_renewal(self._entropy, now) if renews else None
        keys = self.delivery.queue.replace_payload(key, now) if key is not None else []
        keys += self.delivery.queue.enqueue_payload(offer) if offer is not None else []
        return keys + self.delivery.flush_outbox(now) + self.notices.flush(now)

    def _tick_connected(self, now: float) -> list[Output]:
        delivery = self.delivery
        effects = self._changes.apply_steps(self._reunion.tick(self._session, now), now)
        if self._reunion.torn:
            return effects
        if delivery.answer_at is not None and now >= delivery.answer_at:
            effects += delivery.send_answer(now)
        if self.presence.greet_at is not None and now >= self.presence.greet_at:
            asks = not self.presence.is_here(now) or len(delivery.outbox) > 0
            greeting = wire.PresenceNotice(here=True, asks=asks, receipt=delivery.make_receipt())
            effects += map(
                patient, delivery.say_notice(greeting, self._session.window.silent_space(now), now)
            )
        if delivery.probe_at is not None and now >= delivery.probe_at:
            effects += delivery.send_probe(now)
        return effects + (self._flush(now) if delivery.answer_at is None else [])

    def _follow_clock(self, now: float) -> list[Output]:
        """Expire messages and move to the present epoch's tags, which forgets old keys for good.

        Only while there is a link: neighbours meet at topics made of the epoch, so a link is what shows that
        our clock is not wrong by days.
        """
        expired = self.delivery.queue.expire_texts(now)
        tags = self._session.follow_epochs(now)
        return [
            *expired,
            TagsChanged(tags),
            *self._changes.apply_steps(self._reunion.follow_epochs(now), now),
        ]

    def _with_snapshots(self, effects: list[Output]) -> list[Output]:
        """Put the session's snapshot in front when it has moved, and listen for our own tags."""
        ahead = self._session.track_own_tags()
        if ahead.added or ahead.removed:
            effects = [*effects, TagsChanged(ahead)]
        if self._reunion.moved:
            effects = [Persist(PutRecovery(self._reunion.snapshot())), *effects]
        if not self.delivery.pop_moved():
            return effects
        return [Persist(PutSession(self._session.snapshot())), *effects]
