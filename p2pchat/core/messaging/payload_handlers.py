"""What follows from each payload that a contact sends.

Knows: the handler of each type of payload. Does not know: how a payload came, or what is in a session.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from p2pchat.core.effects import MessageArrived, Notify, Persist
from p2pchat.core.messaging.delivery import Delivery
from p2pchat.core.messaging.outputs import MeshTold, Output, RetentionDecided, TagsChanged
from p2pchat.core.messaging.retention import Purge, counts, outdated
from p2pchat.core.messaging.session_changes import SessionChanges
from p2pchat.core.records import Contact, Message, PutMessage
from p2pchat.core.session.reunion import Reunion
from p2pchat.crypto.identity import received_id
from p2pchat.types import ConversationId, MessageState
from p2pchat.wire import content
from p2pchat.wire import payload as wire

AT_PAST_S = 60 * 86_400.0
"""A line is shown as written this long ago at most, whatever its writer says, and never as written in the
time to come. Nobody's clock, or will, puts it elsewhere."""


class PayloadHandlers:
    """One conversation's."""

    def __init__(
        self,
        conversation: ConversationId,
        contact: Callable[[], Contact],
        delivery: Delivery,
        reunion: Reunion,
        changes: SessionChanges,
        purge: Purge,
        counters: Counter[str],
    ) -> None:
        """``contact``: the contact's record as it is now."""
        self._conversation = conversation
        self._contact = contact
        self._delivery = delivery
        self._reunion = reunion
        self._changes = changes
        self._purge = purge
        self._counters = counters
        self._handlers: dict[type[wire.Payload], Callable[[Any, float], list[Output]]] = {
            content.Text: self._on_text,
            wire.RekeyOffer: self._on_rekey_offer,
            wire.RekeyAnswer: self._on_rekey_answer,
            wire.Retention: self._on_retention,
            wire.RecoveryOffer: self._on_recovery_offer,
            wire.MeshRenewed: self._on_mesh_renewed,
            content.Reaction: self._on_unknown,
            content.Correction: self._on_unknown,
            content.Withdrawal: self._on_unknown,
            content.UnknownContent: self._on_unknown,
            wire.UnknownPayload: self._on_unknown,
        }

    def handle_payload(self, payload: wire.Payload, now: float) -> list[Output]:
        """Return what is to be done about one payload. Raises RefusedInput."""
        return self._handlers[type(payload)](payload, now)

    def _on_text(self, text: content.Text, now: float) -> list[Output]:
        contact = self._contact()
        expires = self._purge.line(contact, now)
        id = received_id(contact.id, text.id)
        at = min(max(text.at, now - AT_PAST_S), now)
        line = Message(id, self._conversation, contact.id, at, text.text, MessageState.DELIVERED, expires)
        return [Persist(PutMessage(line)), Notify(MessageArrived(line))]

    def _on_rekey_offer(self, offer: wire.RekeyOffer, now: float) -> list[Output]:
        agreed = self._delivery.session.answer_renewal(offer, now)
        if agreed is None:
            return []
        answer, delta = agreed
        return [TagsChanged(delta), *self._delivery.queue.enqueue_payload(answer)]

    def _on_rekey_answer(self, answer: wire.RekeyAnswer, now: float) -> list[Output]:
        delta = self._delivery.session.complete_renewal(answer, now)
        return [TagsChanged(delta)] if delta is not None else []

    def _on_retention(self, decision: wire.Retention, now: float) -> list[Output]:
        contact = self._contact()
        if counts(contact, decision):
            return [RetentionDecided(decision.seconds, decision.turn, by_them=True)]
        if outdated(contact, decision):
            ours = wire.Retention(contact.lasts_s, contact.lasts_turn)
            return self._delivery.queue.replace_payload(ours, now)
        return []

    def _on_recovery_offer(self, offer: wire.RecoveryOffer, now: float) -> list[Output]:
        return self._changes.carry_out(self._reunion.learn(offer, now), now)

    def _on_mesh_renewed(self, renewed: wire.MeshRenewed, now: float) -> list[Output]:
        return [MeshTold(renewed)]

    def _on_unknown(self, payload: wire.Payload, now: float) -> list[Output]:
        self._counters["payloads not understood"] += 1
        return []
