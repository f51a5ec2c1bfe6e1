"""What becomes of a conversation when its session is out of step, and when another takes its place.

Knows: how each step that a reunion asks for is carried out. Does not know: when it asks for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from p2pchat.core.messaging.delivery import Delivery
from p2pchat.core.messaging.outputs import Output, Renewed, SendCell, TagsChanged, Turned
from p2pchat.core.messaging.presence import GREET_S, Presence
from p2pchat.core.session.inquiry import SAY_S
from p2pchat.core.session.reunion import Reunion
from p2pchat.core.session.session import Session
from p2pchat.core.session.turns import Adopt, Nudge, RegisterTags, SendWord, Step, Tell, Turn, Warn
from p2pchat.core.values.records import Contact
from p2pchat.crypto.envelope import TagDelta
from p2pchat.ports import Entropy, uniform
from p2pchat.types import MessageState
from p2pchat.wire import payload as wire

TELL_GAP_S = 600.0
"""People are told the same of one session at most so often."""


class SessionChanges:
    """Carries out the steps by which one conversation finds a working session. Each method returns what is to
    be done."""

    def __init__(
        self,
        contact: Callable[[], Contact],
        delivery: Delivery,
        presence: Presence,
        reunion: Reunion,
        entropy: Entropy,
    ) -> None:
        """``contact``: the contact's record as it is now."""
        self._contact = contact
        self._delivery = delivery
        self._presence = presence
        self._reunion = reunion
        self._entropy = entropy
        self._turned_at: dict[Turn, float] = {}

    def apply_steps(self, steps: Iterable[Step], now: float) -> list[Output]:
        """Carry out the steps that a reunion asks for."""
        return [output for step in steps for output in self._apply_step(step, now)]

    def _apply_step(self, step: Step, now: float) -> list[Output]:
        match step:
            case SendWord(word):
                return [SendCell(cell) for cell in self._reunion.keys.make_cells(word, now)]
            case RegisterTags(delta):
                return [TagsChanged(delta)]
            case Nudge():
                return self._nudge(now)
            case Warn():
                space = self._delivery.session.window.answer_space(now)
                return self._delivery.say_notice(wire.Copied(), space, now)
            case Adopt(session, transcript):
                # No matter which end asked: a copy of the contact's home may have answered.
                trust = self._contact().trust
                hold = trust.verified or trust.verified_before
                self._reunion.left_behind(self._delivery.session)
                effects = self.change_session(session, hold, now)
                self._delivery.answer_at = now + uniform(self._entropy, *SAY_S)  # what waits leaves then
                return [Renewed(transcript), *effects]
            case Tell(turn):
                return self._tell(turn, now)

    def _nudge(self, now: float) -> list[Output]:
        session = self._delivery.session
        before = session.current_position()
        asks = wire.PresenceNotice(here=True, asks=True, receipt=self._delivery.make_receipt())
        cells = self._delivery.say_notice(asks, session.window.answer_space(now), now)
        if cells:
            self._reunion.questions.note_question(before, now)
        return cells

    def _tell(self, turn: Turn, now: float) -> list[Output]:
        """People are told; not for ever, however often a contact makes it happen. Between two contentions a
        person has said something."""
        if turn is not Turn.RIVALS and now < self._turned_at.get(turn, float("-inf")) + TELL_GAP_S:
            return []
        self._turned_at[turn] = now
        return [Turned(turn, len(self._delivery.outbox.held))]

    def change_session(self, session: Session, hold: bool, now: float) -> list[Output]:
        """Continue in another session: what waits is sealed again under it. ``hold``: it waits for the
        person's consent. The retention time is told again, as the contact may have forgotten it."""
        delivery = self._delivery
        gone = TagDelta((), tuple(delivery.session.list_tags()))
        changes: list[Output] = [TagsChanged(gone), TagsChanged(session.follow_epochs(now))]
        delivery.change_session(session)
        self._presence.greet_by(now + uniform(self._entropy, *GREET_S))
        for item in delivery.outbox:
            if not item.entry.kind.outlives_session:
                changes += delivery.queue.finish_entries([item], MessageState.CANCELLED, now)
                continue
            held = item.entry.held or hold
            changes += delivery.queue.keep_entry(replace(item.entry, number=None, ciphertext=None, held=held))
        preferences = self._contact().preferences
        if preferences.retention_turn:
            retention = wire.Retention(preferences.retention_s, preferences.retention_turn)
            changes += delivery.queue.enqueue_payload(retention)
        return changes
