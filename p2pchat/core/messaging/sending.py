"""What leaves for one contact: messages and notices as cells, as far as the window reaches, and what is asked
into its silence.

Knows: what was sent when, what may leave now. Does not know: what comes in, or why something is said. Parent
of ``outbox`` and, with ``conversation``, of ``session``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from p2pchat.core.effects import Persist
from p2pchat.core.inputs import Haste
from p2pchat.core.messaging.outbox import LEAVING, PROBE_LAST_S, Item, Outbox
from p2pchat.core.messaging.outputs import Output, SendCell
from p2pchat.core.messaging.presence import Presence
from p2pchat.core.records import OutboxEntry, OutboxKind, PutOutbox
from p2pchat.core.session.session import SALT_BYTES, Session
from p2pchat.ports import Entropy, exponential, uniform
from p2pchat.types import ConversationId, MessageId
from p2pchat.wire import payload as wire
from p2pchat.wire.fragment import Fragment, Lane
from p2pchat.wire.geometry import GEOMETRY

NEVER = 2.0**53
"""An expiry for what must not expire."""

LEAVING_MAX = 32
"""Cells of one contact that wait for their turn in the node; others wait here, and whoever else writes has a
turn meanwhile."""

LEAVES_S = 60.0
"""So long a cell may take to leave: thirty-two on the slowest clock take five."""


@dataclass(frozen=True, slots=True)
class _Leaving:
    """A fragment that was handed over. ``first``: it never was before."""

    message: MessageId
    index: int
    first: bool
    since: float


class Sending:
    """One contact's. Each method returns what is to be done."""

    def __init__(
        self,
        conversation: ConversationId,
        session: Session,
        entries: Iterable[OutboxEntry],
        presence: Presence,
        entropy: Entropy,
        counters: Counter[str],
        repeat_s: float,
    ) -> None:
        """``repeat_s``: how long to wait for a receipt before the first repeat."""
        self.session = session
        self.outbox = Outbox(iter(entries))
        self.connected = False
        """Whether there is a link; without one nothing leaves."""
        self.moved = False
        """Whether there is something of the session to keep."""
        self.probe_at: float | None = None
        """When to ask into the silence."""
        self._conversation = conversation
        self._presence = presence
        self._entropy = entropy
        self._counters = counters
        self._repeat_s = self._probe_gap = repeat_s
        self._leaving: dict[bytes, _Leaving] = {}
        """By its tag: each cell that was handed over and has not left yet."""
        self._held_back = False
        """Whether something waits here because too much of ours is leaving."""

    def begin(self, session: Session) -> None:
        """Go on in another session."""
        self.session, self.moved, self.probe_at, self._leaving = session, True, None, {}

    def heard(self) -> None:
        """The contact listens: ask soon again."""
        self._probe_gap = self._repeat_s

    def left(self, tag: bytes, now: float) -> Item | None:
        """A cell has left the node; the message that has left with it, if it was the last."""
        leaving = self._leaving.pop(tag, None)
        item = self.outbox.get(leaving.message) if leaving is not None else None
        if leaving is None or item is None:
            return None
        item.sent[leaving.index] = now
        return item if leaving.first and self._has_left(item) else None

    def _has_left(self, item: Item) -> bool:
        rest = any(piece.message == item.entry.id for piece in self._leaving.values())
        return not rest and len(item.sent) == len(item.pieces)

    def go_on(self, now: float) -> list[Output]:
        """Send what was held back, when most of what was handed over has left."""
        if not self._held_back or len(self._leaving) > LEAVING_MAX // 2:
            return []
        return self.flush(now)

    def remove(self, message: MessageId) -> None:
        """Acknowledged, expired or cancelled."""
        self.outbox.remove(message)
        self._leaving = {tag: piece for tag, piece in self._leaving.items() if piece.message != message}

    def missing(self, now: float) -> list[Output]:
        """Send again what should have arrived by now."""
        return self.send_due(now - self._repeat_s, now)

    def enqueue(self, payload: wire.Payload) -> list[Output]:
        """Accept a payload of our own making; it goes the way of every message."""
        self.moved = True
        message = MessageId(self._entropy.draw_bytes(16).hex())
        order = max((item.entry.order for item in self.outbox), default=0)
        body = wire.encode_payload(payload)
        entry = OutboxEntry(message, self._conversation, body, order, NEVER, kind=kind_of(payload))
        self.outbox.put(entry)
        return [Persist(PutOutbox(entry))]

    def flush(self, now: float) -> list[Output]:
        """Send what has never been sent, as far as the window reaches."""
        if not self.connected:
            return []
        self._held_back = False
        out = self.send_due(float("-inf"), now)
        while (item := self.outbox.unsealed()) is not None and self._room(now) > 0:
            salt = self._entropy.draw_bytes(SALT_BYTES)
            number, ciphertext = self.session.encrypt(item.entry.payload, salt)
            entry = replace(item.entry, number=number, ciphertext=ciphertext)
            self.outbox.put(entry)
            out.append(Persist(PutOutbox(entry)))
            out += self.send_due(float("-inf"), now)
        if self.outbox.unsealed() is not None and self.probe_at is None:
            self.probe_at = now + self._probe_gap
        return out

    def send_due(self, before: float, now: float) -> list[Output]:
        """Send fragments that never left, or last left before ``before``."""
        out: list[Output] = []
        if self.connected:
            for item, index in self.outbox.due(before):
                if self._room(now) <= 0:
                    break
                out += self._send_fragment(item, index, now)
        return out

    def _room(self, now: float) -> int:
        """Cells that may be handed over now: the contact's window reaches so far, and as many may wait for
        their turn in the node."""
        self._give_up_leaving(now)
        self._held_back = self._held_back or len(self._leaving) >= LEAVING_MAX
        return min(self.session.room(now), LEAVING_MAX - len(self._leaving))

    def _give_up_leaving(self, now: float) -> None:
        """What has not left for so long was dropped on its way out: it may be repeated."""
        for tag, piece in list(self._leaving.items()):
            if piece.since > now - LEAVES_S:
                break
            del self._leaving[tag]
            item = self.outbox.get(piece.message)
            if item is not None:
                item.sent[piece.index] = piece.since

    def _send_fragment(self, item: Item, index: int, now: float) -> list[Output]:
        entry, pieces = item.entry, item.pieces
        assert entry.number is not None, "only sealed messages have pieces"
        floor = self.outbox.floor(self.session.next_number)
        fragment = self.session.fragment(Lane.ORDERED, entry.number, floor, index, len(pieces), pieces[index])
        first_time = len(item.sent) < len(pieces)
        item.sent[index] = LEAVING
        if self.probe_at is None:
            self.probe_at = now + self._probe_gap
        sealed = self.seal(fragment, now)
        self._leaving[sealed.cell[: GEOMETRY.cell_tag]] = _Leaving(entry.id, index, first_time, now)
        return [sealed]

    def probe(self, receipt: wire.DeliveryReceipt, now: float) -> list[Output]:
        """Ask into the silence, and wait twice as long before the next time."""
        self.probe_at = None
        if not len(self.outbox):
            return []
        self._give_up_leaving(now)
        if self._leaving:
            self.probe_at = now + self._repeat_s
            return []
        more = exponential(self._entropy, self._probe_gap - self._repeat_s)
        self.probe_at = now + self._repeat_s * uniform(self._entropy, 0.8, 1.2) + more
        self._probe_gap = min(PROBE_LAST_S, self._probe_gap * 2)
        return [patient(each) for each in self.ask(self.session.silent_room(now), receipt, now)]

    def ask(self, room: int, receipt: wire.DeliveryReceipt, now: float) -> list[Output]:
        """Send what will be answered: the first missing fragment of the oldest message, or a greeting when no
        message got a place in the window."""
        if room <= 0 or not len(self.outbox):
            return []
        probe = self.outbox.probe()
        if probe is not None:
            return self._send_fragment(*probe, now)
        return self.say(wire.PresenceNotice(here=True, asks=True, receipt=receipt), room, now)

    def say(self, notice: wire.Notice, room: int, now: float) -> list[Output]:
        """Send a notice, if there is room: in the envelope only, never repeated."""
        self._presence.greeted(now)
        if room <= 0:
            self._counters["notices withheld: window full"] += 1
            return []
        floor = self.outbox.floor(self.session.next_number)
        data = wire.encode_notice(notice)
        return [self.seal(self.session.fragment(Lane.NOTICE, floor, floor, 0, 1, data), now)]

    def seal(self, fragment: Fragment, now: float) -> SendCell:
        self.moved = True
        haste = Haste.FIRST if fragment.lane is Lane.NOTICE else Haste.SOON
        return SendCell(self.session.seal(fragment, now), haste)


def kind_of(payload: wire.Payload) -> OutboxKind:
    """What a payload counts as while it waits."""
    match payload:
        case wire.RekeyOffer() | wire.RekeyAnswer():
            return OutboxKind.REKEY
        case wire.RecoveryOffer():
            return OutboxKind.RECOVERY
        case wire.Retention():
            return OutboxKind.RETENTION
        case wire.MeshRenewed():
            return OutboxKind.MESH
        case wire.Text() | wire.UnknownPayload():
            return OutboxKind.TEXT
    assert_never(payload)


def patient(each: Output) -> Output:
    """The same, without hurry: with cover it takes the place of the next cover packet."""
    return replace(each, haste=Haste.PATIENT) if isinstance(each, SendCell) else each
