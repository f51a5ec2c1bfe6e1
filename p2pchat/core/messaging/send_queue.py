"""What waits for one contact: it is accepted, kept on disk, and reported until it is acknowledged.

Knows: what is kept and told of each entry. Does not know: sessions, or when anything leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from p2pchat.core.kit.moments import LATEST
from p2pchat.core.messaging.leaving import LeavingCells
from p2pchat.core.messaging.outbox import Item, Outbox
from p2pchat.core.messaging.outputs import Output
from p2pchat.core.messaging.patience import Patience
from p2pchat.core.values.changes import DropOutbox, PutOutbox, SetMessageState
from p2pchat.core.values.effects import MessageMoved, Notify, Persist
from p2pchat.core.values.records import OutboxEntry, OutboxKind
from p2pchat.ports import Entropy
from p2pchat.types import ConversationId, MessageId, MessageState
from p2pchat.wire import content, files, introductions, room_offers
from p2pchat.wire import payload as wire


class SendQueue:
    """Keeps what waits for one contact, and reports its states. Each method returns what is to be done."""

    def __init__(
        self,
        conversation: ConversationId,
        entries: Iterable[OutboxEntry],
        leaving: LeavingCells,
        patience: Patience,
        entropy: Entropy,
    ) -> None:
        """``leaving``: cells of what waits that were handed over; none of an entry that is finished."""
        self.outbox = Outbox(entries)
        self.moved = False
        """Something was accepted that follows from the session: both are kept together."""
        self._conversation = conversation
        self._leaving = leaving
        self._patience = patience
        self._entropy = entropy

    @property
    def waiting(self) -> int:
        """The number of a person's messages that the contact has not acknowledged."""
        return sum(item.entry.kind.personal for item in self.outbox)

    def keep_entry(self, entry: OutboxEntry) -> list[Output]:
        """Store an entry, in place of its earlier state."""
        self.outbox.put(entry)
        return [Persist(PutOutbox(entry))]

    def enqueue_payload(self, payload: wire.Payload) -> list[Output]:
        """Queue a payload of this program; it is delivered as reliably as a message."""
        self.moved = True
        message = MessageId(self._entropy.draw_bytes(16).hex())
        order = max((item.entry.order for item in self.outbox), default=0)
        body = wire.encode_payload(payload)
        return self.keep_entry(
            OutboxEntry(message, self._conversation, body, order, LATEST, kind=kind_of(payload))
        )

    def replace_payload(self, payload: wire.Payload, now: float) -> list[Output]:
        """Queue a payload in place of waiting ones of its kind: only one waits, however often a contact
        causes it."""
        kind = kind_of(payload)
        old = [item for item in self.outbox if item.entry.number is None and item.entry.kind is kind]
        return self.finish_entries(old, MessageState.CANCELLED, now) + self.enqueue_payload(payload)

    def release_held(self) -> list[Output]:
        """Release the messages that waited for the person's consent."""
        held = self.outbox.held
        return [effect for item in held for effect in self.keep_entry(replace(item.entry, held=False))]

    def cancel_texts(self, now: float) -> list[Output]:
        """Cancel all waiting messages of the person. Other payloads stay, or the two ends would disagree on
        their keys."""
        texts = [item for item in self.outbox if item.entry.kind.personal]
        return self.finish_entries(texts, MessageState.CANCELLED, now)

    def cancel_proposals(self, now: float) -> list[Output]:
        """Cancel waiting words about letting the contact into rooms, about coming into the contact's, and
        about introductions."""
        proposals = (OutboxKind.ROOM, OutboxKind.INTRODUCTION)
        words = [item for item in self.outbox if item.entry.kind in proposals]
        return self.finish_entries(words, MessageState.CANCELLED, now)

    def next_expiry(self) -> float | None:
        """Return when the next message expires."""
        due = self.outbox.next_expiry()
        return None if due is None else self._patience.time_of(due)

    def expire_texts(self, now: float) -> list[Output]:
        """Give up the messages that have waited too long."""
        return self.finish_entries(
            self.outbox.pop_expired(self._patience.count_waited(now)), MessageState.EXPIRED, now
        )

    def finish_entries(self, items: Iterable[Item], state: MessageState, now: float) -> list[Output]:
        """Forget entries that are acknowledged, expired or cancelled, and report it."""
        effects: list[Output] = []
        for item in items:
            message = item.entry.id
            self.outbox.remove(message)
            self._leaving.drop_message(message)
            effects += [Persist(DropOutbox(message)), *self.report_state(item.entry, state, now)]
        return effects

    def report_state(self, entry: OutboxEntry, state: MessageState, now: float) -> list[Output]:
        """Store and report a message's state; other payloads have none."""
        if not entry.kind.personal:
            return []
        moved = Notify(MessageMoved(entry.id, self._conversation, state, now))
        return [Persist(SetMessageState(entry.id, state)), moved]


def kind_of(payload: wire.Payload) -> OutboxKind:
    """Return the kind of a payload that waits."""
    match payload:
        case wire.RekeyOffer() | wire.RekeyAnswer():
            return OutboxKind.REKEY
        case wire.RecoveryOffer():
            return OutboxKind.RECOVERY
        case wire.Retention():
            return OutboxKind.RETENTION
        case wire.MeshRenewed():
            return OutboxKind.MESH
        case room_offers.RoomOffer() | room_offers.RoomAccepted():
            return OutboxKind.ROOM
        case room_offers.RoomOfferEnded() | room_offers.RoomWelcomePart():
            return OutboxKind.ROOM
        case introductions.IntroductionAsk() | introductions.IntroductionAgreed():
            return OutboxKind.INTRODUCTION
        case introductions.IntroductionKeys() | introductions.IntroductionAnswer():
            return OutboxKind.INTRODUCTION
        case introductions.IntroductionWelcome() | introductions.IntroductionEnded():
            return OutboxKind.INTRODUCTION
        case files.FileOffer() | files.FileAccepted() | files.FileEnded():
            return OutboxKind.FILE
        case content.Text() | wire.UnknownPayload() | content.UnknownContent():
            return OutboxKind.TEXT
        case content.Reaction() | content.Correction() | content.Withdrawal():
            return OutboxKind.REFERENCE
    assert_never(payload)
