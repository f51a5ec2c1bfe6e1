"""What follows from each payload that a contact sends.

Knows: the handler of each type of payload. Does not know: how a payload came, or what is in a session.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from p2pchat.core.messaging.contents import ConversationContent
from p2pchat.core.messaging.delivery import Delivery
from p2pchat.core.messaging.outputs import (
    FileTold,
    IntroductionTold,
    MeshTold,
    Output,
    RetentionDecided,
    RoomWordTold,
    TagsChanged,
)
from p2pchat.core.messaging.retention import counts, outdated
from p2pchat.core.messaging.session_changes import SessionChanges
from p2pchat.core.session.reunion import Reunion
from p2pchat.core.values.records import Contact
from p2pchat.wire import content, files, introductions, room_offers
from p2pchat.wire import payload as wire


class PayloadHandlers:
    """Handles the payloads of one contact, by type."""

    def __init__(
        self,
        contact: Callable[[], Contact],
        delivery: Delivery,
        reunion: Reunion,
        changes: SessionChanges,
        content_of_people: ConversationContent,
        counters: Counter[str],
    ) -> None:
        """``contact``: the contact's record as it is now."""
        self._contact = contact
        self._delivery = delivery
        self._reunion = reunion
        self._changes = changes
        self._counters = counters
        self._handlers: dict[type[wire.Payload], Callable[[Any, float], list[Output]]] = {
            content.Text: content_of_people.take_content,
            wire.RekeyOffer: self._on_rekey_offer,
            wire.RekeyAnswer: self._on_rekey_answer,
            wire.Retention: self._on_retention,
            wire.RecoveryOffer: self._on_recovery_offer,
            wire.MeshRenewed: self._on_mesh_renewed,
            content.Reaction: content_of_people.take_content,
            content.Correction: content_of_people.take_content,
            content.Withdrawal: content_of_people.take_content,
            content.UnknownContent: content_of_people.take_content,
            room_offers.RoomOffer: self._on_room_word,
            room_offers.RoomAccepted: self._on_room_word,
            room_offers.RoomOfferEnded: self._on_room_word,
            room_offers.RoomWelcomePart: self._on_room_word,
            introductions.IntroductionAsk: self._on_introduction,
            introductions.IntroductionAgreed: self._on_introduction,
            introductions.IntroductionKeys: self._on_introduction,
            introductions.IntroductionAnswer: self._on_introduction,
            introductions.IntroductionWelcome: self._on_introduction,
            introductions.IntroductionEnded: self._on_introduction,
            files.FileOffer: self._on_file_word,
            files.FileAccepted: self._on_file_word,
            files.FileEnded: self._on_file_word,
            wire.UnknownPayload: self._on_unknown,
        }

    def handle_payload(self, payload: wire.Payload, now: float) -> list[Output]:
        """Return what follows from one payload. Raises RefusedInput."""
        return self._handlers[type(payload)](payload, now)

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
            ours = wire.Retention(contact.preferences.retention_s, contact.preferences.retention_turn)
            return self._delivery.queue.replace_payload(ours, now)
        return []

    def _on_recovery_offer(self, offer: wire.RecoveryOffer, now: float) -> list[Output]:
        delta = self._reunion.keys.learn_theirs(offer, now)
        return [TagsChanged(delta)] if delta is not None else []

    def _on_mesh_renewed(self, renewed: wire.MeshRenewed, now: float) -> list[Output]:
        return [MeshTold(renewed)]

    def _on_room_word(self, word: room_offers.RoomWord, now: float) -> list[Output]:
        return [RoomWordTold(word)]

    def _on_introduction(self, word: introductions.IntroductionWord, now: float) -> list[Output]:
        return [IntroductionTold(word)]

    def _on_file_word(self, word: files.FileWord, now: float) -> list[Output]:
        return [FileTold(word)]

    def _on_unknown(self, payload: wire.Payload, now: float) -> list[Output]:
        self._counters["payloads not understood"] += 1
        return []
