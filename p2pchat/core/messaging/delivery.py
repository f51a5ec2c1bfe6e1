"""How what is said comes to one contact, and how both ends know that it has.

Knows: what was sent when, what may leave now, what is to be acknowledged. Does not know: what is said, or
what becomes of what comes in. Parent of ``send_queue``, ``inbox`` and, with ``conversation``, of ``session``.

What waits in the outbox, and how it gets on::

    waiting ──room in the window: it gets a number, and is sealed──> sealed ──a receipt names it──> delivered,
       ^                                                              │  ^                          or refused
       │                                                              │  └── not named: missing pieces again
       ├──another session: the number is void─────────────────────────┤
       │                                                              v
       └──a person lets it go──────────────── held <──a person must agree to the other session

A piece is sent again when the contact was heard and does not have it. While the contact is silent, the first
piece that is missing is sent again as a probe, with gaps that double. What came is acknowledged a random
moment later, in one receipt for all that came meanwhile; what else is to be said to the contact leaves with
it::

    silent ──a cell came: answer_at is drawn──> to answer ──answer_at──> receipt, missing pieces ──> silent
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from p2pchat.core.kit.table import Table
from p2pchat.core.messaging.inbox import Inbox
from p2pchat.core.messaging.leaving import LEAVING_MAX, LeavingCells, LeavingPiece
from p2pchat.core.messaging.outbox import LEAVING, PROBE_LAST_S, Item, ReceiptOutcome
from p2pchat.core.messaging.outputs import Output, SendCell
from p2pchat.core.messaging.patience import Patience
from p2pchat.core.messaging.presence import Presence
from p2pchat.core.messaging.send_queue import SendQueue
from p2pchat.core.session.ordered_payloads import SALT_BYTES
from p2pchat.core.session.session import Session
from p2pchat.core.values.records import OutboxEntry
from p2pchat.core.values.user_inputs import Haste
from p2pchat.ports import Entropy, exponential, uniform
from p2pchat.types import ConversationId, MessageState, Tag
from p2pchat.wire import payload as wire
from p2pchat.wire.cell import tag_of
from p2pchat.wire.fragment import Fragment, Lane

ANSWER_S = (0.02, 0.08)
"""What a cell causes waits a random moment, so that many share a receipt and it does not follow at once."""

SENT_CAP = 128
"""Cells that left and may prove to be lost; the window takes 96, and some repeats."""

LATE_S = 5.0
"""What cells cause that were caught up on waits so much longer on average, by an exponential law."""


class Delivery:
    """Sends the payloads of one conversation until they are acknowledged. Each method returns what is to be
    done."""

    def __init__(
        self,
        conversation: ConversationId,
        session: Session,
        entries: Iterable[OutboxEntry],
        presence: Presence,
        patience: Patience,
        entropy: Entropy,
        counters: Counter[str],
        repeat_s: float,
        answer_s: tuple[float, float],
    ) -> None:
        """``repeat_s``: how long to wait for a receipt before the first repeat; ``answer_s``: the shortest
        and the longest wait before anything is sent because a cell came."""
        self.session = session
        self._leaving = LeavingCells()
        self._sent_cells = Table[Tag, LeavingPiece](SENT_CAP)
        """Pieces of messages by the tags of cells that left with them."""
        self._lost = False
        """Whether one of these cells is probably lost, and was not asked after yet."""
        self.queue = SendQueue(conversation, entries, self._leaving, patience, entropy)
        self.outbox = self.queue.outbox
        self.inbox = Inbox()
        self.connected = False
        """Whether there is a link; without one nothing leaves."""
        self.moved = False
        """Whether there is something of the session to keep."""
        self.probe_at: float | None = None
        """When to ask into the silence."""
        self.answer_at: float | None = None
        """When what came is answered."""
        self.owes_receipt = False
        self._may_repeat = False
        """They have told what they have: what else should be there by now is to be sent again."""
        self._presence = presence
        self._entropy = entropy
        self._counters = counters
        self._repeat_s = self._probe_gap = repeat_s
        self._answer_s = answer_s
        self._held_back = False
        """Whether something waits here because too much of ours is leaving."""

    def change_session(self, session: Session) -> None:
        """Continue in another session."""
        self.session, self.moved, self.probe_at = session, True, None
        self._leaving.forget_all()
        self._sent_cells.clear()
        self._lost = False
        self.inbox, self.answer_at = Inbox(), None
        self.owes_receipt = self._may_repeat = False

    def pop_moved(self) -> bool:
        """Tell whether the session must be stored now, once."""
        moved = self.moved or self.queue.moved
        self.moved = self.queue.moved = False
        return moved

    def postpone_timers(self, seconds: float) -> None:
        """Move the timers on by the time without a link, so that nothing is due just because a link came."""
        if self.probe_at is not None:
            self.probe_at += seconds
        if self.answer_at is not None:
            self.answer_at += seconds

    # --- what leaves

    def on_cell_left(self, tag: Tag, now: float) -> None:
        """Note that a cell has left the node. It is not known yet whether it arrived anywhere."""
        piece = self._leaving.pop_piece(tag)
        item = self.outbox.get(piece.message) if piece is not None else None
        if piece is not None and item is not None:
            item.sent[piece.index] = now
            self._sent_cells.put(tag, piece)

    def on_cell_returned(self, tag: Tag, now: float) -> list[Output]:
        """Note that a cell came back from the mesh, so others have it. With the last cell of a message they
        have all of it."""
        piece = self._sent_cells.get(tag)
        item = self.outbox.get(piece.message) if piece is not None else None
        if piece is None or item is None or piece.index in item.returned:
            return []
        item.returned.add(piece.index)
        if len(item.returned) < len(item.pieces):
            return []
        return self.queue.report_state(item.entry, MessageState.RELAYED, now)

    def on_cell_lost(self, tag: Tag, now: float) -> list[Output]:
        """Ask for a receipt now, because a cell that left is probably lost."""
        piece = self._sent_cells.get(tag)
        if piece is not None and self.outbox.get(piece.message) is not None and self.probe_at is not None:
            self.probe_at, self._lost = min(self.probe_at, now), True
        return []

    def resume_flush(self, now: float) -> list[Output]:
        """Send what was held back, once most of the cells that were handed over have left."""
        if not self._held_back or len(self._leaving) > LEAVING_MAX // 2:
            return []
        return self.flush_outbox(now)

    def flush_outbox(self, now: float) -> list[Output]:
        """Send what was never sent, as far as the window allows."""
        if not self.connected:
            return []
        self._held_back = False
        effects = self._send_due(float("-inf"), now)
        while (item := self.outbox.find_unsealed()) is not None and self._space(now) > 0:
            salt = self._entropy.draw_bytes(SALT_BYTES)
            number, ciphertext = self.session.encrypt(item.entry.payload, salt)
            effects += self.queue.keep_entry(replace(item.entry, number=number, ciphertext=ciphertext))
            effects += self._send_due(float("-inf"), now)
        if self.outbox.find_unsealed() is not None and self.probe_at is None:
            self.probe_at = now + self._probe_gap
        return effects

    def say_notice(self, notice: wire.Notice, space: int, now: float) -> list[Output]:
        """Send a notice, if there is space. A notice is sealed in the envelope only, and never repeated."""
        self._presence.on_greeting_sent(now)
        if space <= 0:
            self._counters["notices withheld: window full"] += 1
            return []
        floor = self.outbox.find_floor(self.session.payloads.next_number)
        data = wire.encode_notice(notice)
        return [self._seal(self.session.make_fragment(Lane.NOTICE, floor, floor, 0, 1, data), now)]

    def send_probe(self, now: float) -> list[Output]:
        """Send a cell that will be answered to a silent contact, and double the wait before the next one."""
        self.probe_at = None
        if not len(self.outbox):
            return []
        self._give_up_leaving(now)
        if self._leaving and not self._lost:
            self.probe_at = now + self._repeat_s
            return []
        self._lost = False
        more = exponential(self._entropy, self._probe_gap - self._repeat_s)
        self.probe_at = now + self._repeat_s * uniform(self._entropy, 0.8, 1.2) + more
        self._probe_gap = min(PROBE_LAST_S, self._probe_gap * 2)
        return [patient(effect) for effect in self._ask(self.session.window.silent_space(now), now)]

    def _ask(self, space: int, now: float) -> list[Output]:
        """Send what will be answered: the first missing fragment of the oldest message, or a greeting when no
        message got a place in the window."""
        if space <= 0 or not len(self.outbox):
            return []
        probe = self.outbox.find_probe()
        if probe is not None:
            return self._send_fragment(*probe, now)
        asks = wire.PresenceNotice(here=True, asks=True, receipt=self.make_receipt())
        return self.say_notice(asks, space, now)

    def _send_due(self, before: float, now: float) -> list[Output]:
        """Send fragments that never left, or last left before ``before``."""
        effects: list[Output] = []
        if self.connected:
            for item, index in self.outbox.find_due_fragments(before):
                if self._space(now) <= 0:
                    break
                effects += self._send_fragment(item, index, now)
        return effects

    def _space(self, now: float) -> int:
        """Cells that may be handed over now: the contact's window reaches so far, and as many may wait for
        their turn in the node."""
        self._give_up_leaving(now)
        self._held_back = self._held_back or len(self._leaving) >= LEAVING_MAX
        return min(self.session.window.data_space(now), LEAVING_MAX - len(self._leaving))

    def _give_up_leaving(self, now: float) -> None:
        """What has not left for so long was dropped on its way out: it may be repeated."""
        for piece in self._leaving.drop_lost(now):
            item = self.outbox.get(piece.message)
            if item is not None:
                item.sent[piece.index] = piece.since

    def _send_fragment(self, item: Item, index: int, now: float) -> list[Output]:
        entry, pieces = item.entry, item.pieces
        assert entry.number is not None, "only sealed messages have pieces"
        floor = self.outbox.find_floor(self.session.payloads.next_number)
        fragment = self.session.make_fragment(
            Lane.ORDERED, entry.number, floor, index, len(pieces), pieces[index]
        )
        item.sent[index] = LEAVING
        if self.probe_at is None:
            self.probe_at = now + self._probe_gap
        sealed = self._seal(fragment, now)
        piece = LeavingPiece(entry.id, index, now)
        self._leaving.put_piece(tag_of(sealed.cell), piece)
        return [sealed]

    def _seal(self, fragment: Fragment, now: float) -> SendCell:
        self.moved = True
        haste = Haste.FIRST if fragment.lane is Lane.NOTICE else Haste.SOON
        return SendCell(self.session.seal_fragment(fragment, now), haste)

    # --- receipts

    def make_receipt(self) -> wire.DeliveryReceipt:
        """Make the receipt for the contact's payloads."""
        return self.session.payloads.make_receipt(self.inbox.make_bitmap(self.session.payloads.expected))

    def reset_probe_gap(self) -> None:
        """Probe soon again, because the contact listens."""
        self._probe_gap = self._repeat_s

    def on_receipt(self, receipt: wire.DeliveryReceipt) -> ReceiptOutcome | None:
        """Apply a receipt. None: it counts payloads that we never sent, so another home has our keys."""
        if receipt.next > self.session.payloads.next_number:
            return None
        told = self.outbox.apply_receipt(receipt)
        self.session.payloads.told = max(self.session.payloads.told, receipt.next)
        self.reset_probe_gap()
        self._may_repeat = True
        return told

    def finish_told(self, told: ReceiptOutcome, now: float) -> list[Output]:
        """Finish the messages that the contact has, and those that it refused, which will never be
        delivered."""
        kept = self.queue.finish_entries(told.kept, MessageState.DELIVERED, now)
        return kept + self.queue.finish_entries(told.refused, MessageState.EXPIRED, now)

    def schedule_answer(self, now: float, late: bool = False) -> None:
        """Draw the time of the next answer. ``late``: the cells were sent while we, and perhaps other nodes,
        were away."""
        more = exponential(self._entropy, LATE_S) if late else 0.0
        self.answer_at = now + uniform(self._entropy, *self._answer_s) + more

    def send_answer(self, now: float) -> list[Output]:
        """Send all that recent cells caused. It leaves together and later: a neighbour that saw answers
        follow cells would know their recipient."""
        effects: list[Output] = []
        if self.owes_receipt:
            effects += self.say_notice(self.make_receipt(), self.session.window.answer_space(now), now)
        repeats = self._send_due(now - self._repeat_s, now) if self._may_repeat else []
        if self.owes_receipt or self._may_repeat:
            effects += repeats or self._reopen_window(now)
        self.answer_at, self.owes_receipt, self._may_repeat = None, False, False
        return effects

    def _reopen_window(self, now: float) -> list[Output]:
        """The window is used up, but they listen: one fragment to answer makes them say how far it has
        moved."""
        if self.session.window.data_space(now) > 0 or self.session.window.answer_space(now) <= 0:
            return []
        return self._ask(self.session.window.answer_space(now), now)


def patient(effect: Output) -> Output:
    """Return the effect without hurry: with cover, its cell takes the place of the next cover packet."""
    return replace(effect, haste=Haste.PATIENT) if isinstance(effect, SendCell) else effect
