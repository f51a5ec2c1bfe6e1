"""What comes from one contact: cells are opened, pieces put together, payloads read in their order.

Knows: what is refused, counted or put off. Does not know: what follows from a payload (``payload_handlers``),
or when anything is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import assert_never

from p2pchat.core.kit.quota import Quota
from p2pchat.core.messaging.delivery import Delivery
from p2pchat.core.messaging.outputs import FileTold, Output, TagsChanged
from p2pchat.core.messaging.payload_handlers import PayloadHandlers
from p2pchat.core.messaging.presence import Presence, written_by
from p2pchat.core.messaging.session_changes import SessionChanges
from p2pchat.core.session.reunion import Reunion
from p2pchat.core.values.effects import ContactChanged, Notify, PresenceChanged
from p2pchat.core.values.records import Contact, OutboxKind
from p2pchat.errors import Malformed, RefusedInput
from p2pchat.wire import payload as wire
from p2pchat.wire.cell import Cell
from p2pchat.wire.content import Content
from p2pchat.wire.files import FileBlock, FileRequest
from p2pchat.wire.fragment import Fragment, Lane

PUT_OFF_S = 60.0
"""Between two looks at what is over a contact's quota."""


class Incoming:
    """Reads what comes from one contact. Each method returns what is to be done."""

    def __init__(
        self,
        contact: Callable[[], Contact],
        delivery: Delivery,
        presence: Presence,
        reunion: Reunion,
        changes: SessionChanges,
        handlers: PayloadHandlers,
        quota: Quota,
        counters: Counter[str],
    ) -> None:
        """``contact``: the contact's record as it is now."""
        self._contact = contact
        self._delivery = delivery
        self._presence = presence
        self._reunion = reunion
        self._changes = changes
        self._handlers = handlers
        self._quota = quota
        self._counters = counters
        self.put_off_until: float | None = None
        """When what is over the contact's quota is looked at again."""
        self.opened_at: float | None = None
        """When a cell last opened."""
        self._written_at, self._is_latest = 0.0, False
        """Of that cell: since when it was written, and whether it is the newest of all."""

    @property
    def over_quota(self) -> bool:
        """Whether the contact's messages wait, because it has filled its share of the disk."""
        return self._quota.used_up

    def open_cell(self, cell: Cell, late: bool, now: float) -> list[Output]:
        """Open one cell. A cell that does not open changes nothing. Nonsense in a cell that opens is counted,
        and its key is used up. ``late``: the cell was caught up on."""
        offered = self._reunion.answering.session_for(cell.tag)
        if offered is None and not self._delivery.session.knows_tag(cell.tag):
            return self._open_apart(cell, now)
        session = offered or self._delivery.session
        if session is self._delivery.session and self._reunion.torn:
            return []  # of no use: its writer is told so outside it
        latest = session.latest_place()
        try:
            plain, delta = session.open_cell(cell)
        except RefusedInput:
            self._counters["cells refused: unreadable"] += 1
            return []
        effects = self._changes.apply_steps(self._reunion.on_confirmed(), now) if offered is not None else []
        self.opened_at, self._written_at = now, written_by(cell, late, now)
        self._is_latest = session.latest_place() != latest
        effects += [TagsChanged(delta), *self._on_presence(now)]
        try:
            before = session.current_position()
            fragment = session.read(plain)
            if (
                session.current_position() != before
            ):  # the contact saw of us what we did not write, or says so
                self._delivery.moved = True
                self._reunion.on_doubt(now)
            if session.window.overtaken:
                return effects + self._tear(now)
            effects += self._changes.apply_steps(self._reunion.on_contact_active(session, now), now)
            effects += self._take_fragment(fragment, now)
        except RefusedInput:
            self._counters["cells refused: unreadable"] += 1
        self._delivery.moved |= self._delivery.session.checkpoint_due
        return effects

    def _open_apart(self, cell: Cell, now: float) -> list[Output]:
        """A cell that is not of our session: the contact speaks outside it, or a copy of this home wrote
        it."""
        session = self._delivery.session
        try:
            if self._reunion.keys.has_tag(cell.tag):
                return self._changes.apply_steps(self._reunion.on_cell(cell, session, now), now)
        except RefusedInput:
            self._counters["cells refused: unreadable"] += 1
        if session.by_a_copy(cell):
            self._delivery.moved = True
            self._reunion.on_doubt(now)
        return []

    def retry_put_off(self, now: float) -> list[Output]:
        """Read what was over the contact's quota, if the quota allows it now; a receipt then follows."""
        if self.put_off_until is None or now < self.put_off_until or self._reunion.torn:
            return []
        before = self._delivery.session.payloads.expected
        effects = self._take_whole(now)
        if self._delivery.session.payloads.expected != before and self._delivery.answer_at is None:
            self._delivery.schedule_answer(now)
        return effects

    def _tear(self, now: float) -> list[Output]:
        return self._changes.apply_steps(self._reunion.mark_torn(now), now)

    def _on_presence(self, now: float, here: bool = True) -> list[Output]:
        """The contact wrote the cell that was opened last. An old cell makes no contact here; a
        leave holds, unless the contact said something after it."""
        if self._written_at < now:
            self._presence.note_life(self._written_at)
            changed = not here and self._is_latest and self._presence.on_late_goodbye(now)
        else:
            changed = self._presence.note_presence(now, here)
        return [Notify(PresenceChanged(self._contact().id, here))] if changed else []

    def _take_fragment(self, fragment: Fragment, now: float) -> list[Output]:
        match fragment.lane:
            case Lane.ORDERED:
                return self._take_ordered(fragment, now)
            case Lane.NOTICE:
                return self._take_notice(fragment, now)
            case Lane.APART:
                raise Malformed("a word that belongs outside the session")

    # --- payloads, in order

    def _take_ordered(self, fragment: Fragment, now: float) -> list[Output]:
        """One fragment of an ordered payload: deliver all that is now whole and in order."""
        session, inbox = self._delivery.session, self._delivery.inbox
        session.payloads.skip_to(fragment.floor)
        inbox.skip_to(session.payloads.expected)
        if not inbox.put_fragment(fragment, session.payloads.expected):
            self._counters["fragments repeated"] += 1
        return self._take_whole(now)

    def _take_whole(self, now: float) -> list[Output]:
        """Deliver what is whole and next, as far as the contact may fill the disk; what is left is looked at
        again, for its sender, who has been told which fragments are here, need not repeat any."""
        effects: list[Output] = []
        self.put_off_until = None
        delivery = self._delivery
        while (size := delivery.inbox.whole_size(delivery.session.payloads.expected)) is not None:
            if not self._affordable(size, now, effects):
                self.put_off_until = now + PUT_OFF_S
                return effects
            ciphertext = delivery.inbox.pop(delivery.session.payloads.expected)
            assert ciphertext is not None, "it was whole"
            delivery.moved = True
            if not delivery.session.payloads.follows_last(ciphertext):
                self._counters["payloads of another copy"] += 1
                break
            try:
                plain = delivery.session.decrypt(ciphertext)
            except RefusedInput:
                self._counters["payloads that do not open"] += 1
                return effects + self._tear(now)
            effects += self._read_payload(plain, ciphertext, now)
        delivery.owes_receipt = True
        return effects

    def _affordable(self, size: int, now: float, effects: list[Output]) -> bool:
        """Whether the contact may fill so much more of the disk. What it may not is not acknowledged: it
        waits with its sender. The person here is told once."""
        before = self._quota.used_up
        if self._quota.take_bytes(size, now):
            return True
        self._counters["payloads put off: over quota"] += 1
        if not before:
            effects.append(Notify(ContactChanged(self._contact(), "over quota", by_them=True)))
        return False

    def _read_payload(self, plain: bytes, ciphertext: bytes, now: float) -> list[Output]:
        """One ordered payload that opened. Nonsense is not kept, and the receipt says so."""
        try:
            payload = wire.decode_payload(plain)
            effects = self._handlers.handle_payload(payload, now)
        except RefusedInput:
            self._counters["payloads refused"] += 1
            self._delivery.session.payloads.count_taken(ciphertext, kept=False)
            return []
        self._delivery.session.payloads.count_taken(ciphertext, kept=True)
        if isinstance(payload, Content):
            self._presence.note_life(min(payload.at, now))
        return effects

    # --- notices

    def _take_notice(self, fragment: Fragment, now: float) -> list[Output]:
        notice = wire.decode_notice(fragment.data)
        match notice:
            case wire.DeliveryReceipt():
                return self._on_receipt(notice, now)
            case wire.PresenceNotice(here=here, asks=asks, receipt=receipt):
                if asks and not self._quota.used_up:
                    self._delivery.owes_receipt = True
                return self._on_presence(now, here) + self._on_receipt(receipt, now)
            case wire.Copied():
                return self._changes.apply_steps(self._reunion.on_warned(now), now)
            case FileRequest() | FileBlock():
                return [FileTold(notice)]
            case wire.UnknownNotice():
                return []
        assert_never(notice)

    def _on_receipt(self, receipt: wire.DeliveryReceipt, now: float) -> list[Output]:
        """They have what the receipt names, and listen. Payloads that they count but do not name came from
        another home with our keys."""
        told = self._delivery.on_receipt(receipt)
        if told is None:
            return self._tear(now)
        for item in told.kept:
            if item.entry.kind is OutboxKind.RECOVERY:
                key = wire.decode_payload(item.entry.payload)
                assert isinstance(key, wire.RecoveryOffer), "it is what its kind says"
                self._reunion.keys.note_known(key)
        effects = self._delivery.finish_told(told, now)
        if told.unknown:
            return effects + self._tear(now)
        self._reunion.on_vouched(self._delivery.session)
        return effects
