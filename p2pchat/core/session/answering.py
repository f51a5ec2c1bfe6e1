"""What an end does whose contact wants a new session: it listens for another home that lives in the session,
answers, and waits for the asker.

Knows: what we were asked, and whether by several homes. Does not know: what we ask ourselves. Parent of
``challenges``, ``rivals`` and, with ``reunion``, of ``unconfirmed``.

Nothing that was said before our challenge opens under it, so what a member of the mesh kept back and sends
later does nothing. What we were asked and what we answered are kept on disk, the knocks are not.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.challenges import REPEAT_S, Challenges, challenge_knock
from p2pchat.core.session.halves import OwnKeys, TheirKeys
from p2pchat.core.session.handshake import SessionEnds, answer_ask, name_of
from p2pchat.core.session.inquiry import LISTEN_S, Inquiry
from p2pchat.core.session.rivals import Claimant, Knocked, Rivals, living_word
from p2pchat.core.session.session import Session
from p2pchat.core.session.unconfirmed import UnconfirmedAnswer
from p2pchat.crypto.envelope import TagDelta
from p2pchat.crypto.recovery import open_under
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import Tag
from p2pchat.wire.recovery import Challenge, Knock, RecoveryAnswer, RecoveryAsk, Word, decode_ask_keys

SURE_S = 60.0
"""So long an answer waits before another ask is looked at."""

RIVALS_S = 30.0
"""An asker gets an answer so long after that at the soonest, and after a knock was passed over: another
home with the contact's keys may be about to ask."""


class Answering:
    """The answers to one contact's asks. ``moved``: there is something to store."""

    def __init__(
        self,
        ends: SessionEnds,
        entropy: Entropy,
        counters: Counter[str],
        unconfirmed: UnconfirmedAnswer,
        kept: list[Any],
    ) -> None:
        """``unconfirmed``: where what we answer waits; ``kept``: an earlier ``snapshot``."""
        self._ends = ends
        self._entropy = entropy
        self._counters = counters
        self._unconfirmed = unconfirmed
        self.moved = False
        self.not_before = -NEVER
        """No asker is answered: a home may answer us."""
        self._challenges = Challenges(counters)
        self._theirs: TheirKeys | None = None
        self._rivals: Rivals | None = None
        self._claimant: Claimant | None = Claimant.read_kept(kept[0], entropy) if kept else None

    # --- what the parent asks

    @property
    def listening(self) -> bool:
        """Whether the node is asking if a home is alive in the session."""
        return self._claimant is not None or self._rivals is not None

    @property
    def contended(self) -> bool:
        """Whether two homes with the contact's keys are there, and want a new session."""
        return self._rivals is not None and len(self._rivals.there) > 1

    @property
    def answered(self) -> bool:
        """Whether an answer waits to be confirmed."""
        return self._unconfirmed.pending is not None

    def list_inquiries(self) -> list[Inquiry]:
        """The questions to be asked in the session."""
        waiting = self._claimant, self._unconfirmed.pending, self._rivals
        return [pending.inquiry for pending in waiting if pending is not None and pending.inquiry is not None]

    def next_wakeup(self) -> float:
        """When ``is_silent`` or ``due_challenges`` is next due, beside the inquiries."""
        due = [NEVER]
        if self._claimant is not None and self._claimant.inquiry.over:
            due.append(self._answer_at(self._claimant))
        if self._rivals is not None:
            over = self._rivals.inquiry.over
            due += [self._rivals.next_wakeup(), self._rivals.since + RIVALS_S if over else NEVER]
        return min(due)

    def _answer_at(self, claimant: Claimant) -> float:
        """Return when to answer. Until then another home with the contact's keys may still ask."""
        return max(claimant.since + RIVALS_S, self._challenges.passed_at + RIVALS_S, self.not_before)

    def session_for(self, tag: Tag) -> Session | None:
        """The session of our answer, if the tag is one of its own and the asker may be heard there."""
        return self._unconfirmed.find_session(tag) if self._rivals is None else None

    def snapshot(self) -> list[dict[str, Any]]:
        """What we were asked, for the next run; empty if there is nothing."""
        self.moved = False
        return [self._claimant.as_values()] if self._claimant is not None else []

    # --- what is heard outside the session

    def on_knock(self, knock: Knock, own: OwnKeys, theirs: TheirKeys, now: float) -> list[Word]:
        """Make the knocker prove that it is there, and has a valid key of the contact's. If we have
        answered it, it may have missed that; or it is a copy that has forgotten what it asked. Raises
        Unreadable."""
        self._theirs = theirs
        name = name_of(knock)
        words = self._unconfirmed.repeat_answer(name, now) if self._rivals is None else []
        known = self._known(name) or self._challenges.take_knock(name, knock, own, theirs, now)
        if known is not None and now >= known.repeat_at:
            known.repeat_at = now + REPEAT_S
            words.append(known.challenge)
        return words

    def _known(self, knock: bytes) -> Knocked | None:
        rival = self._rivals.challenge_of(knock) if self._rivals is not None else None
        return rival or self._challenges.find_knock(knock)

    def on_ask(self, ask: RecoveryAsk, session: Session, torn: bool, now: float) -> bool:
        """Examine an ask, if its sender met our challenge. ``torn``: our session does not work, so no home
        can be alive in it. Returns whether the asker only needs to hear us in the session. Raises
        Unreadable, or Malformed."""
        known, pending, rivals = self._known(ask.knock), self._unconfirmed.pending, self._rivals
        if known is None:
            self._counters["asks to begin anew passed over"] += 1
            return False
        keys = decode_ask_keys(open_under(known.proved, "ask", ask.box))
        if keys.unheard == session.name and not torn:
            return True
        knock = ask.knock
        if pending is not None and keys.unheard == pending.session.name:
            knock = pending.knock  # it has our answer; what it says there confirms it
        inquiry = (
            self._claimant.inquiry if self._claimant is not None else Inquiry(self._entropy, now, LISTEN_S)
        )
        claimant = Claimant(
            name_of(ask), knock, known.secret, known.proved, keys, inquiry, known.key.name, now
        )
        if rivals is not None:
            claimant.inquiry = rivals.inquiry
            rivals.note_ask(claimant, known)
        elif pending is None or knock != pending.knock:
            self._look_at(claimant, now)
        if torn:
            self.nobody_lives()
        return False

    def _look_at(self, claimant: Claimant, now: float) -> None:
        """A home asks; another may have asked before."""
        pending = self._unconfirmed.pending
        before = self._claimant or pending
        if pending is not None and now < pending.at + SURE_S:
            self._counters["asks to begin anew passed over"] += 1
        elif before is None or before.knock == claimant.knock:
            if before is None or before.name != claimant.name:
                self._claimant, self.moved = claimant, True
        else:
            assert self._theirs is not None, "somebody knocked"
            newest = self._theirs.newest
            knocks = {
                one.knock: challenge_knock(
                    one.knock, one.knocked, self._theirs.choose_key(one.key, now) or newest, now
                )
                for one in (before, claimant)
            }
            self._rivals = Rivals(knocks, Inquiry(self._entropy, now, LISTEN_S), now)
            self._claimant, self.moved = None, True

    # --- which of several homes are there

    def due_challenges(self, now: float) -> list[Challenge]:
        """The words for askers that may be gone."""
        return self._rivals.due_challenges(now, LISTEN_S) if self._rivals is not None else []

    def refuse_all(self) -> tuple[list[Word], TagDelta]:
        """Answer no home, because no sign shows which of them is the contact's. Return the words for them,
        and the tags to drop."""
        claimants = [self._claimant] if self._claimant is not None else []
        claimants += self._rivals.there if self._rivals is not None else []
        words: list[Word] = [living_word(one.name, one.secret) for one in claimants]
        return words, self.drop_answers()

    # --- homes that are alive

    def on_home_active(self, session: Session, now: float) -> tuple[list[Word], TagDelta | None]:
        """A home was heard in our session. The words for the losing askers, and the tags of our answers
        to them."""
        lost: list[Word] = []
        claimant = self._claimant
        if claimant is not None and claimant.inquiry.is_answered(session):
            lost.append(living_word(claimant.name, claimant.secret))
            self._challenges.forget_knock(claimant.knock)
            self._claimant, self.moved = None, True
        if self._rivals is not None and self._rivals.inquiry.is_answered(session):
            lost += [living_word(rival.name, rival.secret) for rival in self._rivals.there]
            self._rivals = None
        more, gone = self._unconfirmed.on_old_session(session, now)
        return [*lost, *more], gone

    def is_silent(self, now: float) -> bool:
        """Whether no home is alive in the session, and an asker gets an answer."""
        pending, rivals = self._unconfirmed.pending, self._rivals
        self._unconfirmed.note_silence()
        if rivals is not None and rivals.inquiry.over and now >= rivals.since + RIVALS_S:
            # At most one is there. If we have answered that home, it is told so when it knocks.
            new = [rival for rival in rivals.there if pending is None or rival.knock != pending.knock]
            self._claimant, self._rivals, self.moved = next(iter(new), None), None, True
        claimant = self._claimant
        return claimant is not None and claimant.inquiry.over and now >= self._answer_at(claimant)

    # --- answering

    def make_answer(self, now: float) -> tuple[Word, Session] | None:
        """Make a new session with the asker."""
        assert self._claimant is not None, "silent"
        claimant, self._claimant, self.moved = self._claimant, None, True
        self._challenges.forget_knock(claimant.knock)
        try:
            new = answer_ask(self._ends, claimant.name, claimant.secret, claimant.keys, self._entropy, now)
        except Unreadable:
            self._counters["asks to begin anew refused"] += 1
            return None
        self._unconfirmed.put_answer(claimant, new, now)
        return RecoveryAnswer(claimant.name, new.box), new.session

    def nobody_lives(self) -> None:
        """End all questions in our session: no home can be heard in it."""
        if self._claimant is not None:
            self._claimant.inquiry.end_unanswered()
        if self._rivals is not None:
            self._rivals.inquiry.end_unanswered()
        self._unconfirmed.end_inquiry()

    def pass_over(self) -> None:
        """Forget the asker, which gets no answer: our session is with the home that gets one."""
        self.moved |= self._claimant is not None
        self._claimant = self._rivals = None

    def drop_answers(self) -> TagDelta:
        """Forget all askers, because there is no session to renew. Return the tags of our answers, which are
        dropped."""
        self._challenges.forget_all()
        self._claimant = self._rivals = None
        self.moved = True
        return self._unconfirmed.give_up()
