"""What an end does whose contact wants to begin anew: it has the contact show that it is there, listens for
another home that lives in the session, answers, and waits for the asker.

Knows: what we were asked, whom we answered. Does not know: what we ask ourselves.

Nothing that was said before our challenge opens under it, so what a member of the mesh kept back and sends
later does nothing. What we were asked and what we answered are kept on disk, the knocks are not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from p2pchat.core.asking import begun, exchanged, name_of
from p2pchat.core.inquiry import NEVER, Inquiry
from p2pchat.core.records import Identity, SessionState
from p2pchat.core.session import Session
from p2pchat.crypto.envelope import TagDelta, epoch_at
from p2pchat.crypto.exchange import encapsulate
from p2pchat.crypto.kdf import KEY_BYTES
from p2pchat.crypto.olm import OlmAccount
from p2pchat.crypto.recovery import (
    HIDDEN_BYTES,
    PublicKey,
    RecoveryKey,
    agreed,
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
    Answer,
    AnswerKeys,
    Ask,
    AskKeys,
    Challenge,
    Knock,
    Living,
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

QUESTIONED_MAX = 3
"""So often a home that is heard in the old session, without it being clear since when, holds up an asker:
a member of the mesh may have kept back some cells of before."""


@dataclass(slots=True)
class _Knocked:
    secret: bytes = field(repr=False)
    """Only who met the challenge knows it."""
    challenge: Challenge
    again_at: float = 0.0


@dataclass(slots=True)
class _Asked:
    """Somebody who is there, and has the contact's keys, asks; is there another home in the session?"""

    name: bytes
    knock: bytes
    secret: bytes = field(repr=False)
    keys: AskKeys
    inquiry: Inquiry


@dataclass(slots=True)
class _Pending:
    """What we answered, until the asker is heard in the new session."""

    name: bytes
    knock: bytes
    secret: bytes = field(repr=False)
    box: bytes
    session: Session
    transcript: bytes
    at: float
    again_at: float
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
        self._knocks: dict[bytes, _Knocked] = {}
        self._challenged_at = -NEVER
        self._asked: _Asked | None = _asked(asked[0], entropy) if asked else None
        self._pending: _Pending | None = _pending(pending[0], contact, identity, entropy) if pending else None

    # --- what the parent asks

    @property
    def listening(self) -> bool:
        """Whether it is being found out if somebody lives in the session."""
        return self._asked is not None

    @property
    def answered(self) -> bool:
        """Whether an answer waits to be confirmed."""
        return self._pending is not None

    def inquiries(self) -> list[Inquiry]:
        """Whatever questions want to be asked in the session."""
        each = [self._asked, self._pending]
        return [one.inquiry for one in each if one is not None and one.inquiry is not None]

    def next_wakeup(self) -> float:
        """When ``tick`` is next due, beside the inquiries."""
        return self._pending.at + PENDING_S if self._pending is not None else NEVER

    def tags(self) -> list[bytes]:
        """Of the session that waits."""
        return self._pending.session.tags() if self._pending is not None else []

    def listen(self, now: float) -> TagDelta | None:
        """Follow the epochs."""
        return self._pending.session.listen(now) if self._pending is not None else None

    def connected(self, now: float) -> None:
        """A link came up: a clock that was ahead when we answered is right again."""
        pending = self._pending
        if pending is not None and pending.at > now:
            pending.at, self.moved = now, True

    def offered(self, tag: bytes) -> Session | None:
        """The session of our answer, if the tag is one of its own and the asker may be heard there."""
        pending = self._pending
        if pending is None or pending.inquiry is not None or not pending.session.knows(tag):
            return None
        return pending.session

    def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        """All that must outlive a crash."""
        self.moved = False
        asked, pending = self._asked, self._pending
        value: dict[str, list[dict[str, Any]]] = {"asked": [], "pending": []}
        if asked is not None:
            kept = {
                "name": asked.name,
                "knock": asked.knock,
                "secret": asked.secret,
                "keys": encode_ask_keys(asked.keys),
                **asked.inquiry.snapshot(),
            }
            value["asked"] = [kept]
        if pending is not None:
            state = pending.session.snapshot()
            waits = {
                "name": pending.name,
                "knock": pending.knock,
                "secret": pending.secret,
                "box": pending.box,
                "olm": state.olm,
                "chains": state.chains,
                "transcript": pending.transcript,
                "at": pending.at,
                "inquiry": [pending.inquiry.snapshot()] if pending.inquiry is not None else [],
                "questioned": pending.questioned,
            }
            value["pending"] = [waits]
        return value

    # --- what is heard outside the session

    def knocked(self, knock: Knock, own: RecoveryKey, theirs: PublicKey, now: float) -> list[Word]:
        """Have whoever knocks show that it is there, and has the contact's keys. If we have answered it, it
        may have missed that; or it is a copy that has forgotten what it asked. Raises Unreadable."""
        name, pending = name_of(knock), self._pending
        words: list[Word] = []
        if pending is not None and pending.knock == name and now >= pending.again_at:
            pending.again_at = now + REPEAT_S
            words.append(Answer(pending.name, pending.box))
        known = self._knocks.get(name)
        if known is None:
            if now < self._challenged_at + REPEAT_S:
                return words  # it knocks again
            self._challenged_at = now
            known = self._challenged(name, knock, own, theirs)
        if now >= known.again_at:
            known.again_at = now + REPEAT_S
            words.append(known.challenge)
        return words

    def _challenged(self, name: bytes, knock: Knock, own: RecoveryKey, theirs: PublicKey) -> _Knocked:
        secret = own.open(knock.ciphertext)
        met, ciphertext = secret_for(theirs)
        challenge = Challenge(name, seal_under(secret, "challenge", ciphertext))
        made = self._knocks[name] = _Knocked(proved(secret, met), challenge)
        if len(self._knocks) > KNOCKS_MAX:
            del self._knocks[next(iter(self._knocks))]
        return made

    def asked(self, ask: Ask, session: Session, torn: bool, now: float) -> bool:
        """Look at what is asked, if it is by somebody who met our challenge. ``torn``: our session is of no
        use, and nobody can live there. Returns whether the asker only needs to hear us in the session. Raises
        Unreadable, or Malformed."""
        known, pending = self._knocks.get(ask.knock), self._pending
        before = self._asked
        other = before is not None and before.knock != ask.knock
        busy = other or (pending is not None and now < pending.at + SURE_S)
        if known is None or busy:
            self._counters["asks to begin anew passed over"] += 1
            return False
        keys = decode_ask_keys(open_under(known.secret, "ask", ask.box))
        if keys.unheard == session.name and not torn:
            return True
        if pending is not None and keys.unheard == pending.session.name:
            return False  # what it says there confirms it
        if before is not None and before.name == name_of(ask):
            return False
        inquiry = before.inquiry if before is not None else Inquiry(self._entropy, now, LISTEN_S)
        if torn:
            inquiry.end(now)
        self._asked, self.moved = _Asked(name_of(ask), ask.knock, known.secret, keys, inquiry), True
        return False

    # --- who lives

    def heard(self, session: Session, now: float) -> tuple[list[Word], TagDelta | None]:
        """Somebody was heard in our session. What is to be said to askers who lose by it, and the tags that
        go with what we answered them."""
        lost: list[Word] = []
        gone: TagDelta | None = None
        asked, pending = self._asked, self._pending
        if asked is not None and asked.inquiry.answered(session):
            lost.append(_living(asked))
            self._forget(asked.knock)
            self._asked, self.moved = None, True
        if pending is None:
            return lost, gone
        if pending.inquiry is None and pending.questioned < QUESTIONED_MAX:
            pending.inquiry = Inquiry(self._entropy, now, LISTEN_S)
            pending.questioned, self.moved = pending.questioned + 1, True
        elif pending.inquiry is not None and pending.inquiry.answered(session):
            lost.append(_living(pending))
            gone = self.give_up()
        return lost, gone

    def silent(self) -> bool:
        """Whether nobody lives in the session, and an asker is to be answered."""
        asked, pending = self._asked, self._pending
        if pending is not None and pending.inquiry is not None and pending.inquiry.over:
            pending.inquiry, self.moved = None, True
        return asked is not None and asked.inquiry.over

    # --- answering

    def answer(self, now: float) -> tuple[Word, Session] | None:
        """Begin anew with whoever asked."""
        assert self._asked is not None, "silent"
        asked, self._asked, self.moved = self._asked, None, True
        self._forget(asked.knock)
        epoch, hidden = epoch_at(now), self._entropy.bytes(HIDDEN_BYTES)
        own, theirs = self._identity.identity_key, self._their_identity
        try:
            account = OlmAccount(self._identity.account, self._identity.pickle_key)
            olm = account.outbound(theirs, asked.keys.one_time)
            secret, ciphertext = encapsulate(asked.keys.encapsulation_key)
        except Unreadable:
            self._counters["asks to begin anew refused"] += 1
            return None
        keys = AnswerKeys(epoch, ciphertext, olm.encrypt(hidden))
        made = agreed(secret, hidden, *exchanged(asked.name, keys, theirs, own))
        session = begun(self._contact, olm, made, epoch, False, now)
        box = seal_under(asked.secret, "answer", encode_answer_keys(keys))
        again_at = now + REPEAT_S
        self._pending = _Pending(
            asked.name, asked.knock, asked.secret, box, session, made.transcript, now, again_at
        )
        return Answer(asked.name, box), session

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

    def nobody_lives(self, now: float) -> None:
        """Our session is of no use: nobody can be found in it."""
        if self._asked is not None:
            self._asked.inquiry.end(now)
        if self._pending is not None:
            self._pending.inquiry = None

    def clear(self) -> None:
        """There is nothing to begin anew."""
        self._knocks, self._asked, self._pending, self.moved = {}, None, None, True

    def _forget(self, knock: bytes) -> None:
        self._knocks.pop(knock, None)


def _living(one: _Asked | _Pending) -> Word:
    return Living(one.name, seal_under(one.secret, "living", b""))


def _asked(kept: object, entropy: Entropy) -> _Asked:
    read = codec.Reader(kept)
    return _Asked(
        read.bytes("name", ASK_BYTES),
        read.bytes("knock", ASK_BYTES),
        read.bytes("secret", KEY_BYTES),
        decode_ask_keys(read.bytes("keys")),
        Inquiry.restore(entropy, read, LISTEN_S),
    )


def _pending(kept: object, contact: ContactId, identity: Identity, entropy: Entropy) -> _Pending:
    read = codec.Reader(kept)
    state = SessionState(contact, read.bytes("olm"), read.bytes("chains"))
    pending = _Pending(
        read.bytes("name", ASK_BYTES),
        read.bytes("knock", ASK_BYTES),
        read.bytes("secret", KEY_BYTES),
        read.bytes("box"),
        Session.restore(state, identity.pickle_key),
        read.bytes("transcript", 32),
        read.number("at", 0.0, NEVER),
        0.0,
    )
    if "questioned" in read:  # homes of before kept no questions
        pending.questioned = read.integer("questioned", 0, QUESTIONED_MAX)
        inquiries = read.items("inquiry", 1)
        if inquiries:
            pending.inquiry = Inquiry.restore(entropy, codec.Reader(inquiries[0]), LISTEN_S)
    return pending
