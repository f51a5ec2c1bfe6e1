"""How two ends whose session is out of step make a new one.

Knows: when this end asks, which home it answers, when it believes the answer. Does not know: what is said in
a session, or how cells travel. Parent of ``key_announcement``, ``asking``, ``answering``, ``unconfirmed``,
``questions``, ``delayed_steps`` and ``standing``.

An end that was put back to an older copy, or finds that another home uses its keys, stops its session and
asks. The other end first asks in the old session whether a home is there: a home that lives is never
displaced by a copy of it. It then answers with an Olm session to the identity key that it knows, and changes
over when it has heard the asker in the new session. The asker changes over with the answer, and asks again
unless it is heard there.

What only makes it likely that the session is of no use is a doubt: it is asked in the session whether the
contact is there, and outside it. Only a contact that answers outside it, and not in it, ends it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.answering import Answering
from p2pchat.core.session.asking import UNHEARD, Asking
from p2pchat.core.session.delayed_steps import DelayedSteps
from p2pchat.core.session.handshake import SessionEnds
from p2pchat.core.session.inquiry import Inquiry
from p2pchat.core.session.kept_reunion import read_reunion
from p2pchat.core.session.key_announcement import KeyAnnouncement
from p2pchat.core.session.questions import Questions
from p2pchat.core.session.session import Session
from p2pchat.core.session.standing import FORMER_KNOWN, Seems, Standings, standing
from p2pchat.core.session.turns import Adopt, Nudge, RegisterTags, SendWord, Step, Tell, Turn, Warn
from p2pchat.core.session.unconfirmed import UnconfirmedAnswer
from p2pchat.core.values.records import Identity, RecoveryState
from p2pchat.crypto.envelope import TagDelta
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, Tag
from p2pchat.wire import codec
from p2pchat.wire.cell import Cell
from p2pchat.wire.recovery import (
    Challenge,
    Knock,
    Living,
    RecoveryAnswer,
    RecoveryAsk,
    SessionPosition,
    UnknownWord,
    Word,
)

DOUBT_S = 5.0
"""What each of the questions has to be answered, whether the contact, who is there, still hears us in the
session."""

DOUBT_GAP_S = 600.0
"""Doubts, and what people are told of copies, are at least this far apart."""


class Reunion:
    """Finds one session with a contact again after a restored backup or a copied home. Each method returns
    what to do; ``moved``: there is something to store."""

    def __init__(
        self,
        contact: ContactId,
        theirs: bytes,
        identity: Identity,
        entropy: Entropy,
        counters: Counter[str],
        kept: RecoveryState | None,
    ) -> None:
        """``theirs``: the contact's identity key."""
        self._contact = contact
        self._entropy = entropy
        self._counters = counters
        self._moved = kept is None
        reader = read_reunion(kept, entropy)
        self.keys = KeyAnnouncement(entropy, reader)
        self.torn = reader.get_flag("torn")
        """Whether our session is of no use."""
        self.unconfirmed = reader.get_flag("unconfirmed")
        """We have changed over, and were not heard yet."""
        self.contended = reader.get_flag("contended")
        """Two homes want a new session, and the person has not decided yet."""
        self._standings = Standings(entropy, reader.get_list("former", FORMER_KNOWN))
        ends = SessionEnds(contact, theirs, identity)
        self.asking = Asking(ends, entropy, reader.get_list("knock", 1))
        self._unconfirmed = UnconfirmedAnswer(ends, entropy, reader.get_list("pending", 1))
        answering = reader.get_list("asked", 1)
        self.answering = Answering(ends, entropy, counters, self._unconfirmed, answering)
        doubt = [codec.Reader(kept_doubt) for kept_doubt in reader.get_list("doubt", 1)]
        self._doubt = Inquiry.restore(entropy, doubt[0], DOUBT_S, counts=False) if doubt else None
        if (self.torn or self.unconfirmed or self._doubt is not None) and not self.contended:
            self.asking.at_once(0.0)
        self._first = identity.identity_key < theirs
        """If the session is useless at both ends, the end with the lower key is answered."""
        self._doubt_at = -NEVER
        self.questions = Questions(
            lambda: [*([self._doubt] if self._doubt is not None else []), *self.answering.list_inquiries()]
        )
        self._delayed = DelayedSteps(entropy)
        self._warned_at = -NEVER

    # --- what may be asked

    @property
    def moved(self) -> bool:
        """Whether there is something to keep."""
        parts = self.keys, self.asking, self.answering, self._unconfirmed, self.questions
        return self._moved or any(part.moved for part in parts)

    def snapshot(self) -> RecoveryState:
        """All that must outlive a crash."""
        self._moved = False
        value: dict[str, Any] = {
            **self.keys.as_values(),
            "torn": self.torn,
            "unconfirmed": self.unconfirmed,
            "contended": self.contended,
            "former": self._standings.former,
            "knock": self.asking.snapshot(),
            "doubt": [self._doubt.snapshot()] if self._doubt is not None else [],
            "asked": self.answering.snapshot(),
            "pending": self._unconfirmed.as_values(),
        }
        return RecoveryState(self._contact, codec.pack(value))

    def list_tags(self) -> list[Tag]:
        """Every tag that is listened for outside the session."""
        return self.keys.list_tags() + self._unconfirmed.list_tags()

    def next_wakeup(self) -> float:
        """When ``tick`` is next due, while there is a link."""
        if self.keys.line is None:
            return NEVER
        due = [self.asking.at, self.asking.heed_at, self._standings.at]
        due += [self.answering.next_wakeup(), self._unconfirmed.expires_at]
        due += [self.questions.next_wakeup(), self._delayed.next_wakeup()]
        return min(*due, NEVER if self.torn else self.keys.tell_at)

    # --- what happens

    def on_paired(self, before: Session) -> None:
        """Paired again: the session is a new one, and other keys are told. A copy of one of the homes has
        none of them."""
        self.left_behind(before)
        self.keys.draw_first()
        self.torn = self.unconfirmed = self.contended = False
        self.asking.stop_asking()
        self.answering.drop_answers()
        self._doubt = None
        self._delayed.forget_all()

    def follow_epochs(self, now: float) -> list[Step]:
        """Follow the epochs."""
        deltas = self.keys.follow_clock(now), self._unconfirmed.follow_clock(now)
        return [RegisterTags(delta) for delta in deltas if delta is not None]

    def on_connected(self, alone_s: float, now: float) -> None:
        """A link came up, after ``alone_s`` without one: an end that is not heard now is told where we stand.
        A silence of before does not count, and whether the contact is there is to be shown again."""
        if self._doubt is not None:
            self._doubt.counts = False
        self.questions.interrupt_all(now)
        self._standings.on_connected(alone_s, now)
        self.asking.on_connected(now)
        self._unconfirmed.correct_clock(now)

    def mark_torn(self, now: float) -> list[Step]:
        """The contact certainly knows a later state of this home than this one."""
        if self.torn:
            return []
        self.torn = self._moved = True
        self._counters["sessions out of step"] += 1
        self._doubt = None
        self._delayed.forget_session()
        if not self.contended:
            self.asking.ask_soon(now)
        self.answering.nobody_lives()
        if self._first:
            self.answering.pass_over()
        return [Tell(Turn.BEHIND if self.keys.line is not None else Turn.LOST)]

    def ask_soon(self, session: Session, now: float) -> None:
        """A person wants it: ask at once, or find out whether there is anything to ask for; of two askers,
        the one that asks now may be accepted."""
        if self.keys.line is None:
            return
        self._moved |= self.contended
        self.contended = False
        if self.torn or self.unconfirmed:
            self.asking.at_once(now)
        else:
            self._delayed.put_first(SendWord(standing(session)), now)

    def on_contact_active(self, session: Session, now: float) -> list[Step]:
        """The contact was heard in the session that we are in."""
        self._standings.on_contact_active(now)
        steps: list[Step] = []
        if self.unconfirmed:
            self.unconfirmed, self._moved = False, True
            self.asking.stop_asking()
            steps.append(Tell(Turn.RENEWED))
        lost, gone = self.answering.on_home_active(session, now)
        for word in lost:
            self._delayed.put_step(SendWord(word), now)
            self._delayed.put_step(Warn(), now)
            steps.append(Tell(Turn.TWO))
        return steps + ([RegisterTags(gone)] if gone is not None else [])

    def on_vouched(self, session: Session) -> None:
        """The contact said in the session what it has of ours, and it is nothing else than we sent."""
        if self._doubt is not None and self._doubt.is_answered(session):
            self._doubt, self._moved = None, True
            if not self.unconfirmed:
                self.asking.stop_asking()

    def on_warned(self, now: float) -> list[Step]:
        """The contact says that a copy of this home asked to be taken for it."""
        if now < self._warned_at + DOUBT_GAP_S:
            return []
        self._warned_at = now
        return [Tell(Turn.COPIED)]

    def on_doubt(self, now: float) -> None:
        """The contact may have gone on without us: find out whether it still hears us."""
        if self.torn or self.contended or self.keys.line is None or self._doubt is not None:
            return
        if now >= self._doubt_at + DOUBT_GAP_S:
            self._doubt = Inquiry(self._entropy, now, DOUBT_S, counts=False)
            self._doubt_at = now
            self.asking.ask_soon(now)

    def on_confirmed(self) -> list[Step]:
        """The asker was heard in that session."""
        session, transcript = self._unconfirmed.take_session()
        self.answering.drop_answers()
        self.torn, self.unconfirmed, self._moved = False, False, True
        self.asking.stop_asking()
        self._doubt = None
        return [Adopt(session, transcript), Tell(Turn.RESTORED)]

    def left_behind(self, session: Session) -> None:
        """The session is no longer ours; the contact may still be in it."""
        self._standings.leave_session(session)
        self._delayed.forget_session()
        self.keys.tell_anew()

    def on_cell(self, cell: Cell, session: Session, now: float) -> list[Step]:
        """The contact, or a copy of its home, says something outside the session. Raises RefusedInput."""
        word = self.keys.read_cell(cell)
        match word:
            case Knock():
                theirs = self.keys.theirs
                if theirs is not None and not (self.contended or (self.torn and self._first)):
                    words = self.answering.on_knock(word, self.keys.own, theirs, now)
                    self._delayed.put_words(words, now)
                return []
            case Challenge():
                return self._challenged(word, session, now)
            case RecoveryAsk():
                if self.torn and self._first:
                    return []
                if self.answering.on_ask(word, session, self.torn, now):
                    self._delayed.put_step(Nudge(), now)
                return self._contend(now) if self.answering.contended else []
            case RecoveryAnswer():
                return self._contend(now) if self.asking.on_answer(word, now) else []
            case Living():
                return [Tell(Turn.TWIN)] if self.asking.on_living(word, now) else []
            case SessionPosition():
                self._stands(word, session, now)
                return []
            case UnknownWord() | None:
                return []

    def tick(self, session: Session, now: float) -> list[Step]:
        """Do what is due; there is a link."""
        if self.keys.line is None or self.keys.theirs is None:
            return []
        if session.runs_ahead(now):
            self.on_doubt(now)
        self.keys.pass_time(now)
        steps: list[Step] = [*self._delayed.take_due(now)]
        if now >= self.asking.at:
            steps.append(SendWord(self.asking.make_knock(self.keys.theirs.newest, self.keys.own, now)))
            steps += [SendWord(word) for word in self._ask(session, now)]
        if heeded := self._heed(now):
            return steps + heeded
        if now >= self._standings.at:
            self._standings.on_told(now)
            steps += [] if self.torn else [SendWord(standing(session))]
        steps += [Nudge()] if self.questions.ask_due(now) else []
        self._delayed.put_words(self.answering.due_challenges(now), now)
        if self.answering.is_silent(now):
            steps += self._answer(now)
        if now >= self._unconfirmed.expires_at:
            steps.append(RegisterTags(self._unconfirmed.give_up()))
        return steps + self._on_doubtful(session, now)

    # --- asking

    def _ask(self, session: Session, now: float) -> list[Word]:
        """Ask, if there is a reason and the contact has shown to be there, now or in an earlier run."""
        if not (self.torn or self.unconfirmed):
            return []
        words = self.asking.make_asks(self.keys.own, session.name if self.unconfirmed else UNHEARD, now)
        self.answering.not_before = self.asking.awaited_until
        return words

    def _challenged(self, challenge: Challenge, session: Session, now: float) -> list[Step]:
        """The contact is there. Raises Unreadable."""
        if not self.asking.on_challenge(challenge, self.keys.own, now):
            return []
        self._delayed.put_words(self._ask(session, now), now)
        if self._doubt is not None:
            self._doubt.start_counting(now)
        return []

    def _on_doubtful(self, session: Session, now: float) -> list[Step]:
        """The contact is there, and does not hear us in the session."""
        if self._doubt is None or not self._doubt.over:
            return []
        steps = self.mark_torn(now)
        self._delayed.put_words(self._ask(session, now), now)
        return steps

    def _heed(self, now: float) -> list[Step]:
        """Take an answer if no other home has answered. A home that asks does not answer as well; two homes
        may."""
        if self.asking.new and self.asking.heed_at <= now and self.answering.listening:
            return self._contend(now)
        made = self.asking.heed_answer(now)
        if made is None:
            return []
        self.torn, self.unconfirmed, self._moved = False, True, True
        gone = self.answering.drop_answers()  # the asker is asked for in the new session
        return [RegisterTags(gone), Adopt(made.session, made.transcript)]

    # --- answering

    def _contend(self, now: float) -> list[Step]:
        """Two homes with the contact's keys are there: a person must find out which is the contact's."""
        words, gone = self.answering.refuse_all()
        self._delayed.put_words(words, now)
        self._counters["renewals contended"] += 1
        self.contended = self._moved = True
        self._doubt = None
        self.asking.stop_asking()
        return [RegisterTags(gone), Tell(Turn.RIVALS)]

    def _answer(self, now: float) -> list[Step]:
        """No home is alive in the old session: make a new session with the home that asked."""
        gone = TagDelta((), tuple(self._unconfirmed.list_tags()))
        made = self.answering.make_answer(now)
        if made is None:
            return []
        word, session = made
        self._delayed.put_step(SendWord(word), now)
        return [RegisterTags(gone), RegisterTags(session.follow_epochs(now))]

    # --- where we stand

    def _stands(self, theirs: SessionPosition, session: Session, now: float) -> None:
        if self.torn:
            return
        seems = self._standings.judge_position(theirs, session)
        if seems is not Seems.FINE and self._standings.should_reply(now):
            self._delayed.put_step(SendWord(standing(session)), now)
        changing = theirs.session != session.name and (self.answering.answered or self.unconfirmed)
        if seems is Seems.APART and not changing:
            self.on_doubt(now)
