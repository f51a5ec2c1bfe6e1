"""How two ends whose session is out of step begin anew.

Knows: when this end asks, whom it answers, when it believes the answer. Does not know: what is said in a
session, or how cells travel. Parent of ``asking``, ``answering``, ``inquiry`` and ``standing``.

An end that was put back to an older copy, or finds that another home uses its keys, stops its session and
asks. The other end first asks in the old session whether somebody is there: a home that lives is never
displaced by a copy of it. It then answers with an Olm session to the identity key that it knows, and changes
over when it has heard the asker in the new session. The asker changes over with the answer, and asks again
unless it is heard there.

What only makes it likely that the session is of no use is a doubt: it is asked in the session whether the
contact is there, and outside it. Only a contact who answers outside it, and not in it, ends it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.records import Identity, RecoveryState
from p2pchat.core.session.answering import Answering
from p2pchat.core.session.asking import UNHEARD, Asking
from p2pchat.core.session.halves import OwnKeys, TheirKeys, both_as_values
from p2pchat.core.session.handshake import SessionEnds
from p2pchat.core.session.inquiry import SAY_S, Inquiry
from p2pchat.core.session.own_tags import Position
from p2pchat.core.session.recovery import RecoveryChannel
from p2pchat.core.session.session import Session
from p2pchat.core.session.standing import FORMER_KNOWN, Seems, Standings, standing
from p2pchat.core.session.turns import Adopt, Nudge, RegisterTags, SendWord, Step, Tell, Turn, Warn
from p2pchat.core.session.unconfirmed import UnconfirmedAnswer
from p2pchat.crypto.envelope import TagDelta, epoch_at
from p2pchat.crypto.recovery import PublicKey
from p2pchat.ports import Entropy, uniform
from p2pchat.types import ContactId
from p2pchat.wire import codec
from p2pchat.wire.cell import Cell
from p2pchat.wire.payload import RecoveryOffer
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

WAITING_MAX = 4
"""What waits to be said, in the session and outside it."""

_SNAPSHOT_LIMIT = 4 << 20


class Reunion:
    """One contact's. Each method returns what is to be done; ``moved``: there is something to keep."""

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
        reader = codec.Reader(_kept(kept) if kept is not None else _fresh(entropy))
        self._own = OwnKeys.read_kept(reader)
        self._theirs = TheirKeys.read_kept(reader)
        self._line: RecoveryChannel | None = None
        if self._theirs is not None:
            self._line = RecoveryChannel(self._own.newest, self._theirs.newest, entropy)
        self._told = reader.get_flag("told")
        self._alone = reader.get_flag("alone")
        """Until the contact has heard it, whatever it is told says that those of before are good no more."""
        self._tell_at = 0.0
        """When; contacts are not told all in one moment, or a neighbour would count them."""
        self.torn = reader.get_flag("torn")
        """Whether our session is of no use."""
        self.unconfirmed = reader.get_flag("unconfirmed")
        """We have changed over, and were not heard yet."""
        self.contended = reader.get_flag("contended")
        """Two want to begin anew, and the person has not said yet that one may."""
        self._standings = Standings(entropy, reader.get_list("former", FORMER_KNOWN))
        ends = SessionEnds(contact, theirs, identity)
        self._asking = Asking(ends, entropy, reader.get_list("knock", 1))
        self._unconfirmed = UnconfirmedAnswer(ends, entropy, reader.get_list("pending", 1))
        asked = reader.get_list("asked", 1)
        self._answering = Answering(ends, entropy, counters, self._unconfirmed, asked)
        doubt = [codec.Reader(each) for each in reader.get_list("doubt", 1)]
        self._doubt = Inquiry.restore(entropy, doubt[0], DOUBT_S, counts=False) if doubt else None
        if (self.torn or self.unconfirmed or self._doubt is not None) and not self.contended:
            self._asking.at_once(0.0)
        self._first = identity.identity_key < theirs
        """Of two whose session is of no use at both ends, this one is answered."""
        self._doubted_at = -NEVER
        self._due: list[Inquiry] = []
        """Whose question is about to leave."""
        self._waiting: list[tuple[float, SendWord | Nudge | Warn]] = []
        self._warned_at = -NEVER

    @staticmethod
    def begin_torn(own: OwnKeys, theirs: TheirKeys | None) -> bytes:
        """The state of an end that has nothing but the keys."""
        return codec.pack({**_nothing(), **both_as_values(own, theirs), "torn": True})

    # --- what may be asked

    @property
    def moved(self) -> bool:
        """Whether there is something to keep."""
        parts = self._moved or self._asking.moved or self._answering.moved or self._unconfirmed.moved
        return parts or any(inquiry.moved for inquiry in self._inquiries())

    @property
    def possible(self) -> bool:
        """Whether both ends know each other's recovery keys, as far as we know."""
        return self._line is not None

    @property
    def listening(self) -> bool:
        """Whether it is being found out if somebody lives in the session."""
        return self._answering.listening

    def snapshot(self) -> RecoveryState:
        """All that must outlive a crash."""
        self._moved = False
        value: dict[str, Any] = {
            **both_as_values(self._own, self._theirs),
            "told": self._told,
            "alone": self._alone,
            "torn": self.torn,
            "unconfirmed": self.unconfirmed,
            "contended": self.contended,
            "former": self._standings.former,
            "knock": self._asking.snapshot(),
            "doubt": [self._doubt.snapshot()] if self._doubt is not None else [],
            "asked": self._answering.snapshot(),
            "pending": self._unconfirmed.as_values(),
        }
        return RecoveryState(self._contact, codec.pack(value))

    def tags(self) -> list[bytes]:
        """Every tag that is listened for outside the session."""
        return (self._line.tags() if self._line is not None else []) + self._unconfirmed.list_tags()

    def knows(self, tag: bytes) -> bool:
        """Whether the contact may write a cell with this tag outside the session."""
        return self._line is not None and self._line.knows(tag)

    def cells(self, word: Word, now: float) -> list[bytes]:
        """The cells of a word."""
        return self._line.say(word, epoch_at(now)) if self._line is not None else []

    def next_wakeup(self) -> float:
        """When ``tick`` is next due, while there is a link."""
        if self._line is None:
            return NEVER
        due = [self._asking.at, self._asking.heed_at, self._standings.at]
        due += [self._answering.next_wakeup(), self._unconfirmed.expires_at]
        due += [self._tell_at] if self._tell_at and not self.torn else []
        return min(*due, *(each.at for each in self._inquiries()), *(at for at, _ in self._waiting), NEVER)

    def _inquiries(self) -> list[Inquiry]:
        doubt = [self._doubt] if self._doubt is not None else []
        return doubt + self._answering.inquiries()

    # --- keys

    def offer(self, now: float) -> RecoveryOffer | None:
        """What the contact is to be told, once."""
        if self._told or now < self._tell_at:
            return None
        self._told = self._moved = True
        own = self._own.newest.public
        return RecoveryOffer(own.x25519, own.encapsulation_key, self._alone)

    def draw_key(self) -> None:
        """A backup is about to be made, and is to have a key of its own."""
        self._own.draw_next(self._entropy)
        self._moved = True

    def tell_key(self, alone: bool, at: float) -> None:
        """The backup is made; say so then. ``alone``: there is none, and those of before are to be good no
        more."""
        self._own.use_drawn()
        self._tell_at = at
        self._told, self._moved = False, True
        self._alone |= alone

    def note_known(self, offer: RecoveryOffer) -> None:
        """The contact has what it was told."""
        self._own.note_known(offer.encapsulation_key)
        self._alone &= not offer.alone
        self._moved = True

    def learn(self, offer: RecoveryOffer, now: float) -> list[Step]:
        """The contact told its public half: the first of a pairing, or that of a new backup. Raises
        Unreadable on a key that is none."""
        if self._theirs is not None:
            self._moved |= self._theirs.take_offer(offer, now)
            return []
        theirs = TheirKeys(PublicKey(offer.x25519, offer.encapsulation_key))
        line = RecoveryChannel(self._own.newest, theirs.newest, self._entropy)
        self._theirs, self._line, self._moved = theirs, line, True
        return [RegisterTags(line.listen(epoch_at(now)))]

    def paired(self, before: Session) -> None:
        """Paired anew: the session is a new one, and other keys are told. Whoever has a copy of one of the
        homes has none of them."""
        self.left_behind(before)
        self._own = OwnKeys.draw_first(self._entropy)
        self._theirs = self._line = None
        self._alone = False
        self.torn = self.unconfirmed = self.contended = False
        self._asking.cease()
        self._answering.clear()
        self._doubt = None
        self._waiting = []

    # --- what happens

    def listen(self, now: float) -> list[Step]:
        """Follow the epochs."""
        line = self._line.listen(epoch_at(now)) if self._line is not None else None
        deltas = line, self._unconfirmed.follow_clock(now)
        return [RegisterTags(delta) for delta in deltas if delta is not None]

    def connected(self, now: float) -> None:
        """A link came up: an end that is not heard now is told where we stand. A silence of before does not
        count, and whether the contact is there is to be shown again."""
        if self._doubt is not None:
            self._doubt.counts = False
        for each in self._inquiries():
            each.interrupted(now)
        self._standings.connected(now)
        self._asking.connected(now)
        self._unconfirmed.correct_clock(now)

    def stopped(self, now: float) -> None:
        """The node stops, with a link."""
        for each in self._inquiries():
            each.stopped(now)

    def tear(self, now: float) -> list[Step]:
        """There is no doubt that the contact knows a later state of this home than this one."""
        if self.torn:
            return []
        self.torn = self._moved = True
        self._counters["sessions out of step"] += 1
        self._doubt = None
        self._say_no_more()
        if not self.contended:
            self._asking.soon(now)
        self._answering.nobody_lives()
        if self._first:
            self._answering.pass_over()
        return [Tell(Turn.BEHIND if self.possible else Turn.LOST)]

    def ask_at(self, at: float) -> None:
        """Ask then, if at once was wanted."""
        self._asking.put_off(at)

    def ask_soon(self, session: Session, now: float) -> None:
        """A person wants it: ask at once, or find out whether there is anything to ask for; of two who asked,
        whoever asks now may be heeded."""
        if self._line is None:
            return
        self._moved |= self.contended
        self.contended = False
        if self.torn or self.unconfirmed:
            self._asking.at_once(now)
        else:
            self._waiting.append((now, SendWord(standing(session))))

    def heard(self, session: Session, now: float) -> list[Step]:
        """The contact was heard in the session that we are in."""
        self._standings.heard(now)
        steps: list[Step] = []
        if self.unconfirmed:
            self.unconfirmed, self._moved = False, True
            self._asking.cease()
            steps.append(Tell(Turn.RENEWED))
        lost, gone = self._answering.heard(session, now)
        for word in lost:
            self._later(SendWord(word), now)
            self._later(Warn(), now)
            steps.append(Tell(Turn.TWO))
        return steps + ([RegisterTags(gone)] if gone is not None else [])

    def vouched(self, session: Session) -> None:
        """The contact said in the session what it has of ours, and it is nothing else than we sent."""
        if self._doubt is not None and self._doubt.answered(session):
            self._doubt, self._moved = None, True
            if not self.unconfirmed:
                self._asking.cease()

    def warned(self, now: float) -> list[Step]:
        """The contact says that a copy of this home asked to be taken for it."""
        if now < self._warned_at + DOUBT_GAP_S:
            return []
        self._warned_at = now
        return [Tell(Turn.COPIED)]

    def doubt(self, now: float) -> None:
        """The contact may have gone on without us: find out whether it still hears us."""
        if self.torn or self.contended or self._line is None or self._doubt is not None:
            return
        if now >= self._doubted_at + DOUBT_GAP_S:
            self._doubt = Inquiry(self._entropy, now, DOUBT_S, counts=False)
            self._doubted_at = now
            self._asking.soon(now)

    def nudged(self, before: Position, now: float) -> None:
        """It was asked whether somebody is there; ``before``: where the session stood until then."""
        for each in self._due:
            each.asked(before, now)
        self._due = []

    def offered(self, tag: bytes) -> Session | None:
        """The session that was offered in an answer, if the tag is one of its own and it may be confirmed."""
        return self._answering.offered(tag)

    def confirmed(self) -> list[Step]:
        """The asker was heard in that session."""
        session, transcript = self._unconfirmed.take_session()
        self._answering.clear()
        self.torn, self.unconfirmed, self._moved = False, False, True
        self._asking.cease()
        self._doubt = None
        return [Adopt(session, transcript), Tell(Turn.RESTORED)]

    def left_behind(self, session: Session) -> None:
        """The session is not ours any more; the contact may still be in it."""
        self._standings.leave(session)
        self._say_no_more()
        self._told, self._moved = False, True

    def hear(self, cell: Cell, session: Session, now: float) -> list[Step]:
        """The contact, or a copy of its home, says something outside the session. Raises RefusedInput."""
        word = self._line.hear(cell) if self._line is not None else None
        match word:
            case Knock():
                return self._knocked(word, now)
            case Challenge():
                return self._challenged(word, session, now)
            case RecoveryAsk():
                if self.torn and self._first:
                    return []
                if self._answering.asked(word, session, self.torn, now):
                    self._later(Nudge(), now)
                return self._contend(now) if self._answering.contended else []
            case RecoveryAnswer():
                return self._answered(word, now)
            case Living():
                return [Tell(Turn.TWIN)] if self._asking.refused(word, now) else []
            case SessionPosition():
                self._stands(word, session, now)
                return []
            case UnknownWord() | None:
                return []

    def tick(self, session: Session, now: float) -> list[Step]:
        """Do what is due; there is a link."""
        if self._line is None:
            return []
        if session.runs_ahead(now):
            self.doubt(now)
        if now >= self._tell_at:
            self._tell_at = 0.0
        steps: list[Step] = [step for at, step in self._waiting if at <= now]
        self._waiting = [(at, step) for at, step in self._waiting if at > now]
        if now >= self._asking.at:
            steps += self._knock(session, now)
        if heeded := self._heed(now):
            return steps + heeded
        if now >= self._standings.at:
            steps += self._say_standing(session, now)
        self._due = [each for each in self._inquiries() if each.tick(now)]
        steps += [Nudge()] if self._due else []
        for word in self._answering.due_challenges(now):
            self._later(SendWord(word), now)
        if self._answering.silent(now):
            steps += self._answer(now)
        if now >= self._unconfirmed.expires_at:
            steps.append(RegisterTags(self._unconfirmed.give_up()))
        return steps + self._doubted(session, now)

    # --- asking

    def _knock(self, session: Session, now: float) -> list[Step]:
        assert self._theirs is not None, "there is a line"
        knock = SendWord(self._asking.knock(self._theirs.newest, self._own, now))
        return [knock, *(SendWord(word) for word in self._ask(session, now))]

    def _ask(self, session: Session, now: float) -> list[Word]:
        """Ask, if there is a reason and the contact has shown to be there, now or in an earlier run."""
        if not (self.torn or self.unconfirmed):
            return []
        words = self._asking.ask(self._own, session.name if self.unconfirmed else UNHEARD, now)
        self._answering.not_before = self._asking.awaited_until
        return words

    def _challenged(self, challenge: Challenge, session: Session, now: float) -> list[Step]:
        """The contact is there. Raises Unreadable."""
        if not self._asking.heard(challenge, self._own, now):
            return []
        for word in self._ask(session, now):
            self._later(SendWord(word), now)
        if self._doubt is not None:
            self._doubt.count(now)
        return []

    def _doubted(self, session: Session, now: float) -> list[Step]:
        """The contact is there, and does not hear us in the session."""
        if self._doubt is None or not self._doubt.over:
            return []
        steps = self.tear(now)
        for word in self._ask(session, now):
            self._later(SendWord(word), now)
        return steps

    def _answered(self, answer: RecoveryAnswer, now: float) -> list[Step]:
        """The contact begins anew with us, or somebody who has its keys. Raises Unreadable, or Malformed."""
        return self._contend(now) if self._asking.answered(answer, now) else []

    def _heed(self, now: float) -> list[Step]:
        """Nobody else has answered. A home that asks does not answer as well; two may."""
        if self._asking.new and self._asking.heed_at <= now and self._answering.listening:
            return self._contend(now)
        made = self._asking.heed_answer(now)
        if made is None:
            return []
        self.torn, self.unconfirmed, self._moved = False, True, True
        gone = self._answering.clear()  # who asks is asked for in the new session
        return [RegisterTags(gone), Adopt(made.session, made.transcript)]

    # --- answering

    def _knocked(self, knock: Knock, now: float) -> list[Step]:
        if self._theirs is not None and not (self.contended or (self.torn and self._first)):
            for word in self._answering.knocked(knock, self._own, self._theirs, now):
                self._later(SendWord(word), now)
        return []

    def _contend(self, now: float) -> list[Step]:
        """Two who have the contact's keys are there: a person is to find out who is who."""
        words, gone = self._answering.refuse_all()
        for word in words:
            self._later(SendWord(word), now)
        self._counters["renewals contended"] += 1
        self.contended = self._moved = True
        self._doubt = None
        self._asking.cease()
        return [RegisterTags(gone), Tell(Turn.RIVALS)]

    def _answer(self, now: float) -> list[Step]:
        """Nobody lives in the old session: begin anew with whoever asked."""
        gone = TagDelta((), tuple(self._unconfirmed.list_tags()))
        made = self._answering.answer(now)
        if made is None:
            return []
        word, session = made
        self._later(SendWord(word), now)
        return [RegisterTags(gone), RegisterTags(session.listen(now))]

    # --- where we stand

    def _say_standing(self, session: Session, now: float) -> list[Step]:
        self._standings.told(now)
        return [] if self.torn else [SendWord(standing(session))]

    def _stands(self, theirs: SessionPosition, session: Session, now: float) -> None:
        if self.torn:
            return
        seems = self._standings.judge(theirs, session)
        if seems is not Seems.FINE and self._standings.reply(now):
            self._later(SendWord(standing(session)), now)
        changing = theirs.session != session.name and (self._answering.answered or self.unconfirmed)
        if seems is Seems.APART and not changing:
            self.doubt(now)

    def _later(self, step: SendWord | Nudge | Warn, now: float) -> None:
        """What another caused does not leave at once: a neighbour who brought the cell would see it."""
        if len(self._waiting) < WAITING_MAX:
            self._waiting.append((now + uniform(self._entropy, *SAY_S), step))

    def _say_no_more(self) -> None:
        """What was to be said in the session is to be said in no other."""
        self._waiting = [(at, step) for at, step in self._waiting if isinstance(step, SendWord)]


def _nothing() -> dict[str, Any]:
    """Nothing happened yet."""
    nothing: dict[str, Any] = dict.fromkeys(("told", "alone", "torn", "unconfirmed", "contended"), False)
    return nothing | {name: [] for name in ("former", "knock", "doubt", "asked", "pending")}


def _fresh(entropy: Entropy) -> dict[str, Any]:
    """What is known of a contact at first."""
    return {**both_as_values(OwnKeys.draw_first(entropy), None), **_nothing()}


def _kept(kept: RecoveryState) -> Any:
    """An earlier snapshot; what homes of before had asked or answered is of no use."""
    value: Any = codec.unpack(kept.state, _SNAPSHOT_LIMIT)
    of_before = isinstance(value, dict) and "asked" not in value
    if of_before:
        value |= {"knock": [], "asked": [], "pending": []}
    if isinstance(value, dict) and value.pop("anew", False):
        value["theirs"] = b""  # paired anew, and not told the contact's key since
    return {"contended": False, "alone": False, "doubt": [], **value} if isinstance(value, dict) else value
