"""All that passes between this node and one contact.

Knows: how a message becomes cells and cells a message; when to repeat, acknowledge and greet.
Does not know: links, meshes or other contacts. Parent of ``sending``, ``session``, ``inbox``,
``presence`` and ``reunion``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from p2pchat.core.effects import (
    ContactChanged,
    MessageArrived,
    MessageMoved,
    MessageSent,
    Notify,
    Persist,
    PresenceChanged,
)
from p2pchat.core.limits.quota import Quota
from p2pchat.core.messaging.inbox import Inbox
from p2pchat.core.messaging.outbox import LIFETIME_S, PROBE_FIRST_S, Item
from p2pchat.core.messaging.outputs import Lasts, MeshTold, Output, Renewed, Retag, SendCell, Turned
from p2pchat.core.messaging.patience import Patience
from p2pchat.core.messaging.presence import Presence
from p2pchat.core.messaging.retention import Purge, counts, decided, outdated
from p2pchat.core.messaging.sending import Sending, kind_of, patient
from p2pchat.core.records import (
    Contact,
    DropOutbox,
    Message,
    OutboxEntry,
    OutboxKind,
    PutMessage,
    PutOutbox,
    PutRecovery,
    PutSession,
    SetMessageState,
)
from p2pchat.core.session.inquiry import SAY_S
from p2pchat.core.session.reunion import Reunion
from p2pchat.core.session.session import Session
from p2pchat.core.session.turns import Adopt, Listen, Nudge, Say, Step, Tell, Turn, Warn
from p2pchat.crypto.envelope import TagDelta
from p2pchat.crypto.identity import received_id
from p2pchat.errors import Malformed, RefusedInput
from p2pchat.ports import Entropy, exponential, uniform
from p2pchat.types import MessageId, MessageState, conversation_with
from p2pchat.wire import payload as wire
from p2pchat.wire.cell import Cell
from p2pchat.wire.fragment import Fragment, Lane

GREET_S = (0.1, 1.0)
"""In a session that began anew we are heard within a second."""

TELL_GAP_S = 600.0
"""People are told the same of one session at most so often."""

PUT_OFF_S = 60.0
"""Between two looks at what is over a contact's quota."""

ANSWER_S = (0.02, 0.08)
"""What a cell causes waits a random moment, so that many share a receipt and it does not follow at once."""

AT_PAST_S = 60 * 86_400.0
"""A line is shown as written this long ago at most, whatever its writer says, and never as written in the
time to come. Nobody's clock, or will, puts it elsewhere."""

LATE_S = 5.0
"""What cells cause that were caught up on waits so much longer on average, by an exponential law."""


class Conversation:
    """One contact's messages, both ways.

    Each method returns what is to be done; whatever sealed or opened a cell is preceded by the session's
    snapshot.
    """

    def __init__(
        self,
        contact: Contact,
        session: Session,
        entries: Iterable[OutboxEntry],
        entropy: Entropy,
        counters: Counter[str],
        purge: Purge,
        patience: Patience,
        quota: Quota,
        reunion: Reunion,
        repeat_s: float = PROBE_FIRST_S,
        answer_s: tuple[float, float] = ANSWER_S,
    ) -> None:
        """``repeat_s``: how long to wait for a receipt before the first repeat; ``answer_s``: the shortest
        and the longest wait before anything is sent because a cell came."""
        self.contact = contact
        self.id = conversation_with(contact.id)
        self._inbox = Inbox()
        self._presence = Presence(entropy)
        self._sending = Sending(self.id, session, entries, self._presence, entropy, counters, repeat_s)
        self._purge = purge
        self._patience = patience
        self._quota = quota
        self._put_off_until: float | None = None
        self._reunion = reunion
        self._turned_at: dict[Turn, float] = {}
        self._entropy = entropy
        self._counters = counters
        self._owes_receipt = False
        self._heard_back = False
        """They have told what they have: what else should be there by now is to be sent again."""
        self._answer_at: float | None = None
        self._answer_s = answer_s

    @property
    def _session(self) -> Session:
        return self._sending.session

    # --- what the parent asks

    @property
    def waiting(self) -> int:
        """Messages not yet acknowledged."""
        return sum(item.entry.kind is OutboxKind.TEXT for item in self._sending.outbox)

    def here(self, now: float) -> bool:
        """Whether the contact was heard lately."""
        return self._presence.here(now)

    @property
    def heard_at(self) -> float | None:
        """When the contact was heard last, Unix seconds; None: not since this node began."""
        return self._presence.heard_at

    @property
    def over_quota(self) -> bool:
        """Whether what the contact sends waits, because it has filled its share of the disk."""
        return self._quota.used_up

    def list_tags(self) -> list[bytes]:
        """Every tag to listen for, as far as is known without a link."""
        return self._session.tags() + self._reunion.tags()

    def mark(self, binding: bytes, nonce: bytes, now: float) -> bytes:
        """What shows the contact that it is we who are behind a link; ``Session.mark``."""
        return self._session.mark(binding, nonce, now)

    def marks(self, binding: bytes, nonce: bytes) -> list[bytes]:
        """What may show us that it is the contact."""
        return self._session.marks(binding, nonce)

    def next_wakeup(self) -> float | None:
        """When ``tick`` is next due."""
        due: list[float | None] = [self._presence.lapses_at()]
        if self._sending.connected:
            due += [self._expires_at(), self._reunion.next_wakeup()]
            if not self._reunion.torn:
                due += [
                    self._presence.next_wakeup(),
                    self._answer_at,
                    self._sending.probe_at,
                    self._put_off_until,
                ]
        return min((at for at in due if at is not None), default=None)

    def _expires_at(self) -> float | None:
        due = self._sending.outbox.next_expiry()
        return None if due is None else self._patience.when(due)

    # --- what happens

    def submit(self, message: MessageId, text: str, order: int, now: float) -> list[Output]:
        """Accept a message: durable first, then on its way, with what is owed to the contact: whoever answers
        and goes has told that they heard."""
        body = wire.encode_payload(wire.Text(message, now, text))
        entry = OutboxEntry(message, self.id, body, order, self._patience.at(now) + LIFETIME_S)
        self._sending.outbox.put(entry)
        expires = self._purge.line(self.contact, now)
        line = Message(message, self.id, None, now, text, MessageState.QUEUED, expires)
        accepted: list[Output] = [Persist(PutOutbox(entry)), Persist(PutMessage(line))]
        accepted.append(Notify(MessageSent(line)))
        owed = self._answer(now) if self._sending.connected and self._answer_at is not None else []
        sent = self._saved(owed + self._flush(now))
        return [*accepted, *self._moved_to(entry, MessageState.QUEUED, now), *sent]

    def last_for(self, seconds: float, now: float) -> list[Output]:
        """Decide, for both, how long what is said lasts; they are told as surely as by a message."""
        decision = decided(self.contact, seconds)
        told = self._say_last(decision, now)
        lasts = Lasts(decision.seconds, decision.turn, by_them=False)
        return [lasts, *self._saved(told + self._flush(now))]

    def tell_mesh(self, renewed: wire.MeshRenewed, now: float) -> list[Output]:
        """Say in which mesh we are, as surely as by a message."""
        return self._saved(self._say_last(renewed, now) + self._flush(now))

    def draw_key(self, now: float) -> list[Output]:
        """A backup is about to be made."""
        self._reunion.draw_key()
        return self._saved([])

    def tell_key(self, alone: bool, at: float, now: float) -> list[Output]:
        """The backup is made: the contact is told of the key in it, as surely as by a message, but not before
        ``at``. ``alone``: it is to forget all keys of before."""
        self._reunion.tell_key(alone, at)
        return self._saved(self._flush(now))

    def connected(self, links: int, now: float) -> list[Output]:
        """The mesh has ``links`` links now. What waited for one leaves, and nothing else: a neighbour that
        comes and goes shall not make us write."""
        before, self._sending.connected = self._sending.connected, links > 0
        if before or not self._sending.connected:
            return []
        self._reunion.connected(now)
        return self._saved(self._follow_clock(now) + self._flush(now))

    def returned(self, greet_at: float) -> None:
        """We have not been there for long: be heard at ``greet_at``, and ask after what waits."""
        self._sending.heard()
        self._presence.greet_by(greet_at)
        if len(self._sending.outbox):
            self._sending.probe_at = greet_at

    def ask_at(self, at: float) -> None:
        """A session of no use is asked about no sooner: a home that was restored has many."""
        self._reunion.ask_at(at)

    def open_cells(self, cells: Iterable[Cell], late: bool, now: float) -> list[Output]:
        """Cells under tags of ours came in, in this order. ``late``: we were away when they were sent, and so
        were others' perhaps: what they all cause does not leave in one moment."""
        out = [each for cell in cells for each in self._cell(cell, now)]
        if self._answer_at is None and self._presence.heard_at == now:
            more = exponential(self._entropy, LATE_S) if late else 0.0
            self._answer_at = now + uniform(self._entropy, *self._answer_s) + more
        return self._saved(out)

    def _cell(self, cell: Cell, now: float) -> list[Output]:
        """What does not open changes nothing; nonsense in a cell that opens is counted, and its key is used
        up all the same."""
        offered = self._reunion.offered(cell.tag)
        if offered is None and not self._session.knows(cell.tag):
            return self._apart(cell, now)
        session = offered or self._session
        if session is self._session and self._reunion.torn:
            return []  # of no use: whoever writes there is told so outside it
        try:
            plain, delta = session.open(cell)
        except RefusedInput:
            self._counters["cells refused: unreadable"] += 1
            return []
        out: list[Output] = self._turn(self._reunion.confirmed(), now) if offered is not None else []
        out += [Retag(delta), *self._heard(now)]
        try:
            before = session.position()
            fragment = session.read(plain)
            if session.position() != before:  # the contact saw of us what we did not write, or says so
                self._sending.moved = True
                self._reunion.doubt(now)
            if session.overtaken:
                return out + self._turn(self._reunion.tear(now), now)
            out += self._turn(self._reunion.heard(session, now), now)
            out += self._within(fragment, now)
        except RefusedInput:
            self._counters["cells refused: unreadable"] += 1
        self._sending.moved |= self._session.checkpoint_due
        return out

    def _within(self, fragment: Fragment, now: float) -> list[Output]:
        match fragment.lane:
            case Lane.ORDERED:
                return self._take(fragment, now)
            case Lane.NOTICE:
                return self._notice(fragment, now)
            case Lane.APART:
                raise Malformed("a word that belongs outside the session")

    def left(self, tag: bytes, now: float) -> list[Output]:
        """A cell has left the node; with the last of a message, the message has."""
        item = self._sending.left(tag, now)
        moved = self._moved_to(item.entry, MessageState.RELAYED, now) if item is not None else []
        more = self._sending.go_on(now)
        return self._saved([*moved, *more]) if more else moved

    def tick(self, now: float) -> list[Output]:
        """Expire, acknowledge, greet, probe: whatever is due."""
        out: list[Output] = []
        if self._presence.lapsed(now):
            out.append(Notify(PresenceChanged(self.contact.id, here=False)))
        if self._sending.connected:
            out += self._follow_clock(now) + self._tick_put_off(now) + self._tick_connected(now)
        return self._saved(out)

    def _tick_put_off(self, now: float) -> list[Output]:
        """See whether what was over the contact's quota may be taken now; a receipt then follows."""
        if self._put_off_until is None or now < self._put_off_until or self._reunion.torn:
            return []
        before = self._session.expected
        out = self._take_whole(now)
        if self._session.expected != before and self._answer_at is None:
            self._answer_at = now + uniform(self._entropy, *self._answer_s)
        return out

    def leave(self, now: float) -> list[Output]:
        """Tell a contact who is here that we go."""
        if self._sending.connected:
            self._reunion.stopped(now)
        if not (self._sending.connected and self.here(now)) or self._reunion.torn:
            return self._saved([])
        goodbye = wire.PresenceNotice(here=False, asks=False, receipt=self._receipt())
        return self._saved(self._sending.say(goodbye, self._session.silent_room(now), now))

    def renew(self, contact: Contact, session: Session, now: float) -> list[Output]:
        """Paired anew: what waits must be sealed under the new session."""
        self.contact = contact
        self._reunion.paired(self._session)
        return self._saved(self._go_on_in(session, hold=False, now=now) + self._flush(now))

    def begin_anew(self, now: float) -> list[Output]:
        """The person wants it: what waited for a home that was restored may go; a session that is of no use
        is renewed, and one that may be is looked at."""
        contended = self._reunion.contended
        self._reunion.ask_soon(self._session, now)
        return self._saved([]) if contended else self.release(now)

    def release(self, now: float) -> list[Output]:
        """What waited for a home that was restored may go."""
        out: list[Output] = []
        for item in self._sending.outbox.held:
            entry = replace(item.entry, held=False)
            self._sending.outbox.put(entry)
            out.append(Persist(PutOutbox(entry)))
        return self._saved(out + self._flush(now))

    def cancel(self, now: float) -> list[Output]:
        """Withdraw every message that waits. A renewal stays: without it the two ends would disagree on their
        keys."""
        messages = [item for item in self._sending.outbox if item.entry.kind is OutboxKind.TEXT]
        return [effect for item in messages for effect in self._finish(item, MessageState.CANCELLED, now)]

    # --- beginning anew

    def _apart(self, cell: Cell, now: float) -> list[Output]:
        """A cell that is not of our session: the contact speaks outside it, or a copy of this home wrote
        it."""
        try:
            if self._reunion.knows(cell.tag):
                return self._turn(self._reunion.hear(cell, self._session, now), now)
        except RefusedInput:
            self._counters["cells refused: unreadable"] += 1
        if self._session.by_a_copy(cell):
            self._sending.moved = True
            self._reunion.doubt(now)
        return []

    def _turn(self, steps: Iterable[Step], now: float) -> list[Output]:
        """Carry out what a reunion asks for."""
        return [output for step in steps for output in self._step(step, now)]

    def _step(self, step: Step, now: float) -> list[Output]:
        match step:
            case Say(word):
                return [SendCell(cell) for cell in self._reunion.cells(word, now)]
            case Listen(delta):
                return [Retag(delta)]
            case Nudge():
                before = self._session.position()
                asks = wire.PresenceNotice(here=True, asks=True, receipt=self._receipt())
                said = self._sending.say(asks, self._session.answer_room(now), now)
                if said:
                    self._reunion.nudged(before, now)
                return said
            case Warn():
                return self._sending.say(wire.Copied(), self._session.answer_room(now), now)
            case Adopt(session, transcript):
                # Whoever asked: a copy of the contact's home may have answered.
                hold = self.contact.verified or self.contact.was_verified
                self._reunion.left_behind(self._session)
                out = self._go_on_in(session, hold, now)
                self._answer_at = now + uniform(self._entropy, *SAY_S)  # what waits leaves then
                return [Renewed(transcript), *out]
            case Tell(turn):
                return self._tell(turn, now)

    def _tell(self, turn: Turn, now: float) -> list[Output]:
        """People are told; not for ever, however often a contact makes it happen. Between two contentions a
        person has said something."""
        if turn is not Turn.RIVALS and now < self._turned_at.get(turn, float("-inf")) + TELL_GAP_S:
            return []
        self._turned_at[turn] = now
        return [Turned(turn, len(self._sending.outbox.held))]

    def _go_on_in(self, session: Session, hold: bool, now: float) -> list[Output]:
        """Another session: what waits must be sealed under it. ``hold``: only when the person says so. The
        contact may have forgotten how long what is said lasts."""
        out: list[Output] = [Retag(TagDelta((), tuple(self._session.tags()))), Retag(session.listen(now))]
        self._sending.begin(session)
        self._inbox, self._answer_at = Inbox(), None
        self._owes_receipt = self._heard_back = False
        self._presence.greet_by(now + uniform(self._entropy, *GREET_S))
        for item in self._sending.outbox:
            # In which mesh we are is still true when the session is another.
            if item.entry.kind not in (OutboxKind.TEXT, OutboxKind.MESH):
                out += self._finish(item, MessageState.CANCELLED, now)
                continue
            held = item.entry.held or hold
            entry = replace(item.entry, number=None, ciphertext=None, held=held)
            self._sending.outbox.put(entry)
            out.append(Persist(PutOutbox(entry)))
        if self.contact.lasts_turn:
            out += self._sending.enqueue(wire.Retention(self.contact.lasts_s, self.contact.lasts_turn))
        return out

    # --- receiving

    def _heard(self, now: float, here: bool = True) -> list[Output]:
        changed = self._presence.heard(now, here)
        return [Notify(PresenceChanged(self.contact.id, here))] if changed else []

    def _take(self, fragment: Fragment, now: float) -> list[Output]:
        """One fragment of an ordered payload: deliver all that is now whole and in order."""
        self._session.skip_to(fragment.floor)
        self._inbox.skip_to(self._session.expected)
        if not self._inbox.take(fragment, self._session.expected):
            self._counters["fragments repeated"] += 1
        return self._take_whole(now)

    def _take_whole(self, now: float) -> list[Output]:
        """Deliver what is whole and next, as far as the contact may fill the disk; what is left is looked at
        again, for its sender, who has been told which fragments are here, need not repeat any."""
        out: list[Output] = []
        self._put_off_until = None
        while (size := self._inbox.size(self._session.expected)) is not None:
            if not self._affordable(size, now, out):
                self._put_off_until = now + PUT_OFF_S
                return out
            ciphertext = self._inbox.pop(self._session.expected)
            assert ciphertext is not None, "it was whole"
            self._sending.moved = True
            if not self._session.follows(ciphertext):
                self._counters["payloads of another copy"] += 1
                break
            try:
                plain = self._session.decrypt(ciphertext)
            except RefusedInput:
                self._counters["payloads that do not open"] += 1
                return out + self._turn(self._reunion.tear(now), now)
            out += self._read(plain, ciphertext, now)
        self._owes_receipt = True
        return out

    def _affordable(self, size: int, now: float, out: list[Output]) -> bool:
        """Whether the contact may fill so much more of the disk. What it may not is not acknowledged: it
        waits with its sender. The person here is told once."""
        before = self._quota.used_up
        if self._quota.draw(size, now):
            return True
        self._counters["payloads put off: over quota"] += 1
        if not before:
            out.append(Notify(ContactChanged(self.contact, "over quota", by_them=True)))
        return False

    def _read(self, plain: bytes, ciphertext: bytes, now: float) -> list[Output]:
        """One ordered payload that opened. Nonsense is not kept, and the receipt says so."""
        try:
            out = self._deliver(wire.decode_payload(plain), now)
        except RefusedInput:
            self._counters["payloads refused"] += 1
            self._session.take(ciphertext, kept=False)
            return []
        self._session.take(ciphertext, kept=True)
        return out

    def _deliver(self, payload: wire.Payload, now: float) -> list[Output]:
        match payload:
            case wire.Text(id=message, at=at, text=text):
                expires, who = self._purge.line(self.contact, now), self.contact.id
                id = received_id(who, message)
                line = Message(id, self.id, who, _shown(at, now), text, MessageState.DELIVERED, expires)
                return [Persist(PutMessage(line)), Notify(MessageArrived(line))]
            case wire.RekeyOffer():
                agreed = self._session.answer_renewal(payload, now)
                return [Retag(agreed[1]), *self._sending.enqueue(agreed[0])] if agreed is not None else []
            case wire.RekeyAnswer():
                delta = self._session.complete_renewal(payload, now)
                return [Retag(delta)] if delta is not None else []
            case wire.Retention():
                return self._decided_by_them(payload, now)
            case wire.RecoveryOffer():
                return self._turn(self._reunion.learn(payload, now), now)
            case wire.MeshRenewed():
                return [MeshTold(payload)]
            case wire.UnknownPayload():
                self._counters["payloads not understood"] += 1
                return []
            case _:
                assert_never(payload)

    def _decided_by_them(self, decision: wire.Retention, now: float) -> list[Output]:
        if counts(self.contact, decision):
            return [Lasts(decision.seconds, decision.turn, by_them=True)]
        if outdated(self.contact, decision):
            return self._say_last(wire.Retention(self.contact.lasts_s, self.contact.lasts_turn), now)
        return []

    def _notice(self, fragment: Fragment, now: float) -> list[Output]:
        notice = wire.decode_notice(fragment.data)
        match notice:
            case wire.DeliveryReceipt():
                return self._acknowledged(notice, now)
            case wire.PresenceNotice(here=here, asks=asks, receipt=receipt):
                if asks and not self._quota.used_up:
                    self._owes_receipt = True
                return self._heard(now, here) + self._acknowledged(receipt, now)
            case wire.Copied():
                return self._turn(self._reunion.warned(now), now)
            case _:
                return []

    def _receipt(self) -> wire.DeliveryReceipt:
        return self._session.receipt(self._inbox.held(self._session.expected))

    def _acknowledged(self, receipt: wire.DeliveryReceipt, now: float) -> list[Output]:
        """They have what the receipt names, and listen. What they refused will not be delivered; what they
        count and do not name was another's, who has our keys."""
        if receipt.next > self._session.next_number:
            return self._turn(self._reunion.tear(now), now)
        told = self._sending.outbox.acknowledged(receipt)
        self._session.told = max(self._session.told, receipt.next)
        self._sending.heard()
        self._heard_back = True
        for item in told.kept:
            if item.entry.kind is OutboxKind.RECOVERY:
                key = wire.decode_payload(item.entry.payload)
                assert isinstance(key, wire.RecoveryOffer), "it is what its kind says"
                self._reunion.note_known(key)
        done = [(item, MessageState.DELIVERED) for item in told.kept]
        done += [(item, MessageState.EXPIRED) for item in told.refused]
        out = [effect for item, state in done for effect in self._finish(item, state, now)]
        if told.unknown:
            return out + self._turn(self._reunion.tear(now), now)
        self._reunion.vouched(self._session)
        return out

    def _answer(self, now: float) -> list[Output]:
        """Whatever the cells that came lately cause: it leaves together, and not when they came, or a
        neighbour would see for whom they were."""
        out: list[Output] = []
        if self._owes_receipt:
            out += self._sending.say(self._receipt(), self._session.answer_room(now), now)
        again = self._sending.missing(now) if self._heard_back else []
        if self._owes_receipt or self._heard_back:
            out += again or self._reopen(now)
        self._answer_at, self._owes_receipt, self._heard_back = None, False, False
        return out

    def _reopen(self, now: float) -> list[Output]:
        """The window is used up, but they listen: one fragment to answer makes them say how far it has
        moved."""
        if self._session.room(now) > 0 or self._session.answer_room(now) <= 0:
            return []
        return self._sending.ask(self._session.answer_room(now), self._receipt(), now)

    # --- sending

    def _flush(self, now: float) -> list[Output]:
        """Send what has never been sent, and what is to be said of keys, as far as the window reaches."""
        if not self._sending.connected or self._reunion.torn:
            return []
        key = self._reunion.offer(now)
        offer = self._session.renew(self._entropy, now) if not self._reunion.listening else None
        told = self._say_last(key, now) if key is not None else []
        told += self._sending.enqueue(offer) if offer is not None else []
        return told + self._sending.flush(now)

    def _say_last(
        self, payload: wire.Retention | wire.MeshRenewed | wire.RecoveryOffer, now: float
    ) -> list[Output]:
        """Accept a payload that takes the place of those of its kind that wait: however often a contact makes
        us say it, one waits."""
        old = [
            each
            for each in self._sending.outbox
            if each.entry.number is None and each.entry.kind is kind_of(payload)
        ]
        dropped = [effect for item in old for effect in self._finish(item, MessageState.CANCELLED, now)]
        return dropped + self._sending.enqueue(payload)

    def _tick_connected(self, now: float) -> list[Output]:
        out: list[Output] = self._turn(self._reunion.tick(self._session, now), now)
        if self._reunion.torn:
            return out
        if self._answer_at is not None and now >= self._answer_at:
            out += self._answer(now)
        if self._presence.greet_at is not None and now >= self._presence.greet_at:
            asks = not self._presence.here(now) or len(self._sending.outbox) > 0
            greeting = wire.PresenceNotice(here=True, asks=asks, receipt=self._receipt())
            out += map(patient, self._sending.say(greeting, self._session.silent_room(now), now))
        if self._sending.probe_at is not None and now >= self._sending.probe_at:
            out += self._sending.probe(self._receipt(), now)
        return out + (self._flush(now) if self._answer_at is None else [])

    # --- ends

    def _follow_clock(self, now: float) -> list[Output]:
        """Expire messages and move to the present epoch's tags, which forgets old keys for good.

        Only while there is a link: neighbours meet at topics made of the epoch, so a link is what shows that
        our clock is not wrong by days.
        """
        old = self._sending.outbox.expired(self._patience.at(now))
        expired = [effect for item in old for effect in self._finish(item, MessageState.EXPIRED, now)]
        return [*expired, Retag(self._session.listen(now)), *self._turn(self._reunion.listen(now), now)]

    def _finish(self, item: Item, state: MessageState, now: float) -> list[Output]:
        self._sending.remove(item.entry.id)
        return [Persist(DropOutbox(item.entry.id)), *self._moved_to(item.entry, state, now)]

    def _moved_to(self, entry: OutboxEntry, state: MessageState, now: float) -> list[Output]:
        """Remember and report a state; what nobody wrote has none to report."""
        if entry.kind is not OutboxKind.TEXT:
            return []
        moved = Notify(MessageMoved(entry.id, self.id, state, now))
        return [Persist(SetMessageState(entry.id, state)), moved]

    def _saved(self, out: list[Output]) -> list[Output]:
        """Put the session's snapshot in front when it has moved, and listen for our own tags."""
        ahead = self._session.watch()
        if ahead.added or ahead.removed:
            out = [*out, Retag(ahead)]
        if self._reunion.moved:
            out = [Persist(PutRecovery(self._reunion.snapshot())), *out]
        if not self._sending.moved:
            return out
        self._sending.moved = False
        return [Persist(PutSession(self._session.snapshot())), *out]


def _shown(at: float, now: float) -> float:
    """When a contact's line was written, within what can be."""
    return min(max(at, now - AT_PAST_S), now)
