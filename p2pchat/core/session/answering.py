"""What an end does whose contact wants to begin anew: it has the contact show that it is there, listens for
another home that lives in the session, answers, and waits for the claimant.

Knows: what we were asked, whom we answered. Does not know: what we ask ourselves.

Nothing that was said before our challenge opens under it, so what a member of the mesh kept back and sends
later does nothing. What we were asked and what we answered are kept on disk, the knocks are not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from p2pchat.core.kit.moments import LATEST, NEVER
from p2pchat.core.kit.table import Table
from p2pchat.core.records import Identity, SessionState
from p2pchat.core.session.asking import begun, exchanged, name_of
from p2pchat.core.session.halves import OwnKeys, TheirKeys
from p2pchat.core.session.inquiry import Inquiry
from p2pchat.core.session.rivals import Claimant, Knocked, Rivals
from p2pchat.core.session.session import Session
from p2pchat.crypto.envelope import FUTURE_EPOCHS, TagDelta, epoch_at
from p2pchat.crypto.exchange import encapsulate
from p2pchat.crypto.kdf import KEY_BYTES
from p2pchat.crypto.olm import OlmAccount
from p2pchat.crypto.recovery import (
    HIDDEN_BYTES,
    PublicKey,
    derive_roots,
    open_under,
    proved,
    seal_under,
    secret_for,
)
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import ContactId
from p2pchat.wire import codec
from p2pchat.wire.recovery import (
    ASK_BYTES,
    KEY_NAME_BYTES,
    AnswerKeys,
    Challenge,
    Knock,
    Living,
    RecoveryAnswer,
    RecoveryAsk,
    Word,
    decode_ask_keys,
    encode_answer_keys,
    encode_ask_keys,
)

LISTEN_S = 10.0
"""What each of the questions has to be answered, whether somebody lives in the old session: cells and their
answers take a few seconds, ten with the strong profile. So an ask is answered after forty seconds."""

KNOCKS_MAX = 4
"""Knocks that are remembered; the oldest goes first, and whoever made it knocks again."""

REPEAT_S = 5.0
"""What was said already is said again at most so often."""

PENDING_S = 21_600.0
"""So long an answer may be confirmed: nodes that run for a minute now and then come back to it."""

SURE_S = 60.0
"""So long it waits before another ask is looked at."""

RIVALS_S = 30.0
"""Who has asked is answered so long after that at the soonest, and after a knock was passed over: another who
has the contact's keys may be about to ask."""

QUESTIONED_MAX = 3
"""So often a home that is heard in the old session, without it being clear since when, holds up an asker:
a member of the mesh may have kept back some cells of before."""


@dataclass(slots=True)
class _Pending:
    """What we answered, until the asker is heard in the new session."""

    name: bytes
    knock: bytes
    knocked: bytes = field(repr=False)
    secret: bytes = field(repr=False)
    box: bytes
    session: Session
    transcript: bytes
    at: float
    again_at: float
    key: bytes
    """The name of the recovery key that it has shown to have."""
    inquiry: Inquiry | None = None
    """Somebody was heard in the old session: since we answered, or did that cell come late?"""
    questioned: int = 0


class Answering:
    """One contact's. ``moved``: there is something to keep."""

    def __init__(
        self,
        contact: ContactId,
        theirs: bytes,
        identity: Identity,
        entropy: Entropy,
        counters: Counter[str],
        asked: list[Any],
        pending: list[Any],
    ) -> None:
        """``theirs``: the contact's identity key; ``asked`` and ``pending``: of an earlier ``snapshot``."""
        self._contact = contact
        self._their_identity = theirs
        self._identity = identity
        self._entropy = entropy
        self._counters = counters
        self.moved = False
        self.not_before = -NEVER
        """No asker is answered: somebody may answer us."""
        self._knocks = Table[bytes, Knocked](KNOCKS_MAX)
        self._challenged_at = self._passed_at = -NEVER
        self._theirs: TheirKeys | None = None
        self._rivals: Rivals | None = None
        self._asked: Claimant | None = _asked(asked[0], entropy) if asked else None
        self._pending: _Pending | None = _pending(pending[0], contact, identity, entropy) if pending else None

    # --- what the parent asks

    @property
    def listening(self) -> bool:
        """Whether it is being found out if somebody lives in the session."""
        return self._asked is not None or self._rivals is not None

    @property
    def contended(self) -> bool:
        """Whether two who have the contact's keys are there, and want to begin anew."""
        return self._rivals is not None and len(self._rivals.there) > 1

    @property
    def answered(self) -> bool:
        """Whether an answer waits to be confirmed."""
        return self._pending is not None

    def inquiries(self) -> list[Inquiry]:
        """Whatever questions want to be asked in the session."""
        waiting = self._asked, self._pending, self._rivals
        return [one.inquiry for one in waiting if one is not None and one.inquiry is not None]

    def next_wakeup(self) -> float:
        """When ``tick`` is next due, beside the inquiries."""
        due = [self._pending.at + PENDING_S] if self._pending is not None else []
        if self._asked is not None and self._asked.inquiry.over:
            due.append(self._answer_at(self._asked))
        if self._rivals is not None:
            over = self._rivals.inquiry.over
            due += [self._rivals.next_wakeup(), self._rivals.since + RIVALS_S if over else NEVER]
        return min(due, default=NEVER)

    def _answer_at(self, claimant: Claimant) -> float:
        """Before that another who has the contact's keys may be about to ask."""
        return max(claimant.since + RIVALS_S, self._passed_at + RIVALS_S, self.not_before)

    def tags(self) -> list[bytes]:
        """Of the session that waits."""
        return self._pending.session.tags() if self._pending is not None else []

    def listen(self, now: float) -> TagDelta | None:
        """Follow the epochs."""
        return self._pending.session.listen(now) if self._pending is not None else None

    def connected(self, now: float) -> None:
        """A link came up: a clock that was ahead when we answered is right again. An answer from a time to
        come is of no use to the asker."""
        pending = self._pending
        if pending is not None and pending.at > now:
            far = epoch_at(pending.at) > epoch_at(now) + FUTURE_EPOCHS
            pending.at, self.moved = now - PENDING_S if far else now, True

    def offered(self, tag: bytes) -> Session | None:
        """The session of our answer, if the tag is one of its own and the asker may be heard there."""
        pending = self._pending
        if pending is None or pending.inquiry is not None or self._rivals is not None:
            return None
        if not pending.session.knows(tag):
            return None
        return pending.session

    def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        """All that must outlive a crash."""
        self.moved = False
        claimant, pending = self._asked, self._pending
        value: dict[str, list[dict[str, Any]]] = {"asked": [], "pending": []}
        if claimant is not None:
            kept = {
                "name": claimant.name,
                "knock": claimant.knock,
                "knocked": claimant.knocked,
                "secret": claimant.secret,
                "keys": encode_ask_keys(claimant.keys),
                "key": claimant.key,
                **claimant.inquiry.snapshot(),
            }
            value["asked"] = [kept]
        if pending is not None:
            state = pending.session.snapshot()
            waits = {
                "name": pending.name,
                "knock": pending.knock,
                "knocked": pending.knocked,
                "secret": pending.secret,
                "box": pending.box,
                "olm": state.olm,
                "chains": state.chains,
                "transcript": pending.transcript,
                "key": pending.key,
                "at": pending.at,
                "inquiry": [pending.inquiry.snapshot()] if pending.inquiry is not None else [],
                "questioned": pending.questioned,
            }
            value["pending"] = [waits]
        return value

    # --- what is heard outside the session

    def knocked(self, knock: Knock, own: OwnKeys, theirs: TheirKeys, now: float) -> list[Word]:
        """Have whoever knocks show that it is there, and has a key of the contact's that is good. If we have
        answered it, it may have missed that; or it is a copy that has forgotten what it asked. Raises
        Unreadable."""
        self._theirs = theirs
        name, pending = name_of(knock), self._pending
        words: list[Word] = []
        answered = pending is not None and pending.knock == name and self._rivals is None
        if pending is not None and answered and now >= pending.again_at:
            pending.again_at = now + REPEAT_S
            words.append(RecoveryAnswer(pending.name, pending.box))
        known = self._known(name)
        if known is None:
            opener, key = own.find_key(knock.key), theirs.choose_key(knock.own, now)
            if opener is None or key is None:
                self._counters["knocks under a key that is not good"] += 1
                return words
            if now < self._challenged_at + REPEAT_S:
                self._passed_at = now
                return words  # it knocks again
            self._challenged_at = now
            known = self._challenge(name, opener.decapsulate(knock.ciphertext), key, now)
            self._knocks.put(name, known)
        if now >= known.again_at:
            known.again_at = now + REPEAT_S
            words.append(known.challenge)
        return words

    def _challenge(self, name: bytes, secret: bytes, key: PublicKey, now: float) -> Knocked:
        met, ciphertext = secret_for(key)
        challenge = Challenge(name, seal_under(secret, "challenge", key.name + ciphertext))
        return Knocked(secret, proved(secret, met), key, challenge, now)

    def _known(self, knock: bytes) -> Knocked | None:
        rival = self._rivals.challenge_of(knock) if self._rivals is not None else None
        return rival or self._knocks.get(knock)

    def asked(self, ask: RecoveryAsk, session: Session, torn: bool, now: float) -> bool:
        """Look at what is asked, if it is by somebody who met our challenge. ``torn``: our session is of no
        use, and nobody can live there. Returns whether the asker only needs to hear us in the session. Raises
        Unreadable, or Malformed."""
        known, pending, rivals = self._known(ask.knock), self._pending, self._rivals
        if known is None:
            self._counters["asks to begin anew passed over"] += 1
            return False
        keys = decode_ask_keys(open_under(known.proved, "ask", ask.box))
        if keys.unheard == session.name and not torn:
            return True
        knock = ask.knock
        if pending is not None and keys.unheard == pending.session.name:
            knock = pending.knock  # it has our answer; what it says there confirms it
        inquiry = self._asked.inquiry if self._asked is not None else Inquiry(self._entropy, now, LISTEN_S)
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
        """Somebody asks; another may have asked before."""
        before, pending = self._asked or self._pending, self._pending
        if pending is not None and now < pending.at + SURE_S:
            self._counters["asks to begin anew passed over"] += 1
        elif before is None or before.knock == claimant.knock:
            if before is None or before.name != claimant.name:
                self._asked, self.moved = claimant, True
        else:
            assert self._theirs is not None, "somebody knocked"
            newest = self._theirs.newest
            knocks = {
                one.knock: self._challenge(
                    one.knock, one.knocked, self._theirs.choose_key(one.key, now) or newest, now
                )
                for one in (before, claimant)
            }
            self._rivals = Rivals(knocks, Inquiry(self._entropy, now, LISTEN_S), now)
            self._asked, self.moved = None, True

    # --- who of several is there

    def due_challenges(self, now: float) -> list[Challenge]:
        """What is to be said to those who have asked and may be gone."""
        return self._rivals.due_challenges(now, LISTEN_S) if self._rivals is not None else []

    def refuse_all(self) -> tuple[list[Word], TagDelta]:
        """Nothing tells which of those who are there is the contact: none is answered. What is to be said to
        them, and the tags that go."""
        claimants = [self._asked] if self._asked is not None else []
        claimants += self._rivals.there if self._rivals is not None else []
        words, gone = [_living(one) for one in claimants], self.give_up()
        self.clear()
        return words, gone

    # --- who lives

    def heard(self, session: Session, now: float) -> tuple[list[Word], TagDelta | None]:
        """Somebody was heard in our session. What is to be said to askers who lose by it, and the tags that
        go with what we answered them."""
        lost: list[Word] = []
        gone: TagDelta | None = None
        claimant, pending = self._asked, self._pending
        if claimant is not None and claimant.inquiry.answered(session):
            lost.append(_living(claimant))
            self._forget(claimant.knock)
            self._asked, self.moved = None, True
        if self._rivals is not None and self._rivals.inquiry.answered(session):
            lost += [_living(one) for one in self._rivals.there]
            self._rivals = None
        if pending is None:
            return lost, gone
        if pending.inquiry is None and pending.questioned < QUESTIONED_MAX:
            pending.inquiry = Inquiry(self._entropy, now, LISTEN_S)
            pending.questioned, self.moved = pending.questioned + 1, True
        elif pending.inquiry is not None and pending.inquiry.answered(session):
            lost.append(_living(pending))
            gone = self.give_up()
        return lost, gone

    def silent(self, now: float) -> bool:
        """Whether nobody lives in the session, and an asker is to be answered."""
        pending, rivals = self._pending, self._rivals
        if pending is not None and pending.inquiry is not None and pending.inquiry.over:
            pending.inquiry, self.moved = None, True
        if rivals is not None and rivals.inquiry.over and now >= rivals.since + RIVALS_S:
            # At most one is there. If that is whom we have answered, it is told so when it knocks.
            new = [one for one in rivals.there if pending is None or one.knock != pending.knock]
            self._asked, self._rivals, self.moved = next(iter(new), None), None, True
        claimant = self._asked
        return claimant is not None and claimant.inquiry.over and now >= self._answer_at(claimant)

    # --- answering

    def answer(self, now: float) -> tuple[Word, Session] | None:
        """Begin anew with whoever asked."""
        assert self._asked is not None, "silent"
        claimant, self._asked, self.moved = self._asked, None, True
        self._forget(claimant.knock)
        epoch, hidden = epoch_at(now), self._entropy.draw_bytes(HIDDEN_BYTES)
        own, theirs = self._identity.identity_key, self._their_identity
        try:
            account = OlmAccount(self._identity.account, self._identity.pickle_key)
            olm = account.begin_session(theirs, claimant.keys.one_time)
            secret, ciphertext = encapsulate(claimant.keys.encapsulation_key)
        except Unreadable:
            self._counters["asks to begin anew refused"] += 1
            return None
        keys = AnswerKeys(epoch, ciphertext, olm.encrypt(hidden))
        made = derive_roots(secret, hidden, *exchanged(claimant.name, keys, theirs, own))
        session = begun(self._contact, olm, made, epoch, False, now)
        box = seal_under(claimant.secret, "answer", encode_answer_keys(keys))
        again_at = now + REPEAT_S
        self._pending = _Pending(
            claimant.name,
            claimant.knock,
            claimant.knocked,
            claimant.secret,
            box,
            session,
            made.transcript,
            now,
            again_at,
            claimant.key,
        )
        return RecoveryAnswer(claimant.name, box), session

    def expired(self, now: float) -> bool:
        """Whether what we answered is too old to be confirmed."""
        return self._pending is not None and now >= self._pending.at + PENDING_S

    def confirmed(self) -> tuple[Session, bytes]:
        """The asker was heard: the session of our answer, and its transcript."""
        assert self._pending is not None, "answered"
        session, transcript = self._pending.session, self._pending.transcript
        self.clear()
        return session, transcript

    def give_up(self) -> TagDelta:
        """What we answered is not to be confirmed any more."""
        gone, self._pending, self.moved = self.tags(), None, True
        return TagDelta((), tuple(gone))

    def nobody_lives(self) -> None:
        """Our session is of no use: nobody can be found in it."""
        if self._asked is not None:
            self._asked.inquiry.end()
        if self._rivals is not None:
            self._rivals.inquiry.end()
        if self._pending is not None:
            self._pending.inquiry = None

    def pass_over(self) -> None:
        """Who asks is not to be answered, for it is we who are."""
        self.moved |= self._asked is not None
        self._asked = self._rivals = None

    def clear(self) -> None:
        """There is nothing to begin anew."""
        self._knocks.clear()
        self._asked = self._pending = self._rivals = None
        self.moved = True

    def _forget(self, knock: bytes) -> None:
        self._knocks.pop(knock, None)


def _living(one: Claimant | _Pending) -> Word:
    return Living(one.name, seal_under(one.secret, "living", b""))


def _knocked(reader: codec.Reader) -> bytes:
    """Homes of before kept none: no challenge under this one is met."""
    return reader.get_bytes("knocked", KEY_BYTES) if "knocked" in reader else bytes(KEY_BYTES)


def _key(reader: codec.Reader) -> bytes:
    """Homes of before kept none: the newest stands for it."""
    return reader.get_bytes("key", KEY_NAME_BYTES) if "key" in reader else b""


def _asked(kept: object, entropy: Entropy) -> Claimant:
    reader = codec.Reader(kept)
    return Claimant(
        reader.get_bytes("name", ASK_BYTES),
        reader.get_bytes("knock", ASK_BYTES),
        _knocked(reader),
        reader.get_bytes("secret", KEY_BYTES),
        decode_ask_keys(reader.get_bytes("keys")),
        Inquiry.restore(entropy, reader, LISTEN_S),
        _key(reader),
    )


def _pending(kept: object, contact: ContactId, identity: Identity, entropy: Entropy) -> _Pending:
    reader = codec.Reader(kept)
    state = SessionState(contact, reader.get_bytes("olm"), reader.get_bytes("chains"))
    pending = _Pending(
        reader.get_bytes("name", ASK_BYTES),
        reader.get_bytes("knock", ASK_BYTES),
        _knocked(reader),
        reader.get_bytes("secret", KEY_BYTES),
        reader.get_bytes("box"),
        Session.restore(state, identity.pickle_key),
        reader.get_bytes("transcript", 32),
        reader.get_float("at", 0.0, LATEST),
        0.0,
        _key(reader),
    )
    if "questioned" in reader:  # homes of before kept no questions
        pending.questioned = reader.get_integer("questioned", 0, QUESTIONED_MAX)
        inquiries = reader.get_list("inquiry", 1)
        if inquiries:
            pending.inquiry = Inquiry.restore(entropy, codec.Reader(inquiries[0]), LISTEN_S)
    return pending
