"""How two ends whose session is out of step begin anew.

Knows: when this end asks, whom it answers, when it believes the answer. Does not know: what is said in a
session, or how cells travel.

An end that was put back to an older copy, or finds that another home uses its keys, stops its session and
asks. The other end first asks in the old session whether somebody is there: a home that lives is never
displaced by a copy of it. It then answers with an Olm session to the identity key that it knows, and changes
over when it has heard the asker in the new session. The asker changes over with the answer, and asks again
unless it is heard there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from p2pchat.core.records import Identity, RecoveryState, SessionState
from p2pchat.core.recovery import Line
from p2pchat.core.renewal import Renewal
from p2pchat.core.session import Position, Session
from p2pchat.crypto.envelope import FUTURE_EPOCHS, PAST_EPOCHS, ReceiveChain, SendChain, TagDelta, epoch_at
from p2pchat.crypto.exchange import KemKey, encapsulate
from p2pchat.crypto.kdf import digest
from p2pchat.crypto.olm import OlmAccount
from p2pchat.crypto.recovery import (
    HIDDEN_BYTES,
    PublicKey,
    RecoveryKey,
    agreed,
    asked,
    open_under,
    seal_under,
)
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy, uniform
from p2pchat.types import ContactId
from p2pchat.wire import codec
from p2pchat.wire.cell import Cell
from p2pchat.wire.payload import RecoveryOffer
from p2pchat.wire.recovery import (
    ASK_BYTES,
    Answer,
    AnswerKeys,
    Ask,
    AskKeys,
    Living,
    Standing,
    UnknownWord,
    Word,
    decode_answer_keys,
    decode_ask_keys,
    encode_answer_keys,
    encode_ask_keys,
    encode_word,
)

ASK_FIRST_S = (2.0, 10.0)
"""An end that is out of step asks after a random moment."""

ASK_AGAIN_S = (90.0, 21_600.0)
"""Then again, at gaps that double from the first to the second; each ask is three cells."""

LISTEN_S = 60.0
"""So long the other end listens whether somebody lives in the old session: cells and their answers take a few
seconds, ten with the strong profile."""

NUDGE_S = 20.0
"""Between the questions whether somebody is there."""

PENDING_S = 600.0
"""So long an answer waits to be confirmed before another ask is looked at."""

RESEND_S = 20.0
"""An ask that was answered already is answered again at most so often."""

UNHEARD_S = (600.0, 1200.0)
"""A contact who is not heard for so long is told where we stand: whoever went back far enough hears nothing
else of us."""

STANDING_MAX_S = 21_600.0
"""Gaps between two such words double up to this."""

REPLY_GAP_S = 600.0
"""Words about where we stand that another causes are at least this far apart."""

ASKS_KNOWN = 16
"""Asks that are remembered, so that one repeated or older does nothing."""

FORMER_KNOWN = 8
"""Names of former sessions that are remembered."""

WORDS_MAX = 4
"""Words that wait to be said."""

_SNAPSHOT_LIMIT = 4 << 20
_NEVER = 2.0**53


class Turn(Enum):
    """What people are told about their session."""

    BEHIND = "behind"
    """This home is not the newest one that the contact knows: it asks to begin anew."""
    LOST = "lost"
    """The same, and no recovery keys were exchanged: only pairing again helps."""
    TWIN = "twin"
    """Another copy of this home talks with the contact, and the contact stays with that one."""
    COPIED = "copied"
    """This home talks with the contact, and another copy of it writes, or asked to be taken for it."""
    RENEWED = "renewed"
    """We asked, and have begun anew."""
    RESTORED = "restored"
    """The contact asked, and we have begun anew."""
    TWO = "two"
    """Two copies of the contact's home are in use; the one that lives was kept."""


@dataclass(frozen=True, slots=True)
class Say:
    """A word outside the session."""

    word: Word


@dataclass(frozen=True, slots=True)
class Nudge:
    """Ask in the session whether somebody is there."""


@dataclass(frozen=True, slots=True)
class Warn:
    """Tell in the session that a copy asked to be taken for whoever is there."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Other tags to listen for."""

    delta: TagDelta


@dataclass(frozen=True, slots=True)
class Adopt:
    """Go on in this session."""

    session: Session
    transcript: bytes
    asked: bool
    """Whether it was we who asked."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell people."""

    turn: Turn


Step = Say | Nudge | Warn | Listen | Adopt | Tell


@dataclass(slots=True)
class _Ours:
    """What we asked."""

    name: bytes
    word: Ask
    account: OlmAccount
    kem: KemKey
    until: float
    """Then it is asked anew: the other end may have forgotten this."""
    secret: bytes = field(repr=False)


@dataclass(slots=True)
class _Theirs:
    """What we were asked, and how long we have listened for somebody in the old session."""

    name: bytes
    keys: AskKeys
    secret: bytes = field(repr=False)
    nudge_at: float
    decide_at: float = _NEVER
    since: Position | None = None


@dataclass(slots=True)
class _Pending:
    """What we answered, until the asker is heard in the new session."""

    name: bytes
    word: bytes
    """The answer's box."""
    session: Session
    transcript: bytes
    until: float
    again_at: float


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
        self._their_identity = theirs
        self._identity = identity
        self._entropy = entropy
        self._counters = counters
        self.moved = kept is None
        self.torn = False
        """Whether our session is of no use."""
        self.unconfirmed = False
        """We have changed over, and were not heard yet."""
        self._told = False
        self._line: Line | None = None
        self._their_key: PublicKey | None = None
        self._former: list[bytes] = []
        self._known: list[bytes] = []
        self._pending: _Pending | None = None
        if kept is None:
            self._own = RecoveryKey.generate(entropy)
        else:
            self._restore(kept.state)
        self._ours: _Ours | None = None
        self._ask_at = 0.0 if self.torn or self.unconfirmed else _NEVER
        self._ask_gap = ASK_AGAIN_S[0]
        self._theirs: _Theirs | None = None
        self._words: list[tuple[float, Word]] = []
        self._standing_at = _NEVER
        self._standing_gap = UNHEARD_S[0]
        self._doubt_at = _NEVER
        self._doubt_since: Position | None = None
        self._doubted_at = -_NEVER
        self._reply_at = 0.0
        self._warned_at = -_NEVER

    # --- what may be asked

    @property
    def possible(self) -> bool:
        """Whether both ends know each other's recovery keys, as far as we know."""
        return self._line is not None

    @property
    def listening(self) -> bool:
        """Whether it is being found out if somebody lives in the session."""
        return self._theirs is not None

    def snapshot(self) -> RecoveryState:
        """All that must outlive a crash."""
        self.moved = False
        key, pending = self._their_key, self._pending
        waiting = None
        if pending is not None:
            state = pending.session.snapshot()
            waiting = {
                "name": pending.name,
                "word": pending.word,
                "olm": state.olm,
                "chains": state.chains,
                "transcript": pending.transcript,
                "until": pending.until,
            }
        value = {
            "own": self._own.secret,
            "theirs": key.x25519 + key.encapsulation_key if key is not None else b"",
            "told": self._told,
            "torn": self.torn,
            "unconfirmed": self.unconfirmed,
            "former": self._former,
            "known": self._known,
            "pending": [waiting] if waiting is not None else [],
        }
        return RecoveryState(self._contact, codec.pack(value))

    def tags(self) -> list[bytes]:
        """Every tag that is listened for outside the session."""
        tags = self._line.tags() if self._line is not None else []
        return tags + (self._pending.session.tags() if self._pending is not None else [])

    def knows(self, tag: bytes) -> bool:
        """Whether the contact may write a cell with this tag outside the session."""
        return self._line is not None and self._line.knows(tag)

    def cells(self, word: Word, now: float) -> list[bytes]:
        """The cells of a word."""
        return self._line.say(word, epoch_at(now)) if self._line is not None else []

    def next_wakeup(self) -> float:
        """When ``tick`` is next due, while there is a link."""
        due = [self._ask_at, self._standing_at, self._doubt_at, *(at for at, _ in self._words)]
        if self._theirs is not None:
            due += [self._theirs.nudge_at, self._theirs.decide_at]
        return min(due) if self._line is not None else self._doubt_at

    # --- keys

    def offer(self) -> RecoveryOffer | None:
        """What the contact is to be told, once."""
        if self._told:
            return None
        self._told = self.moved = True
        own = self._own.public
        return RecoveryOffer(own.x25519, own.encapsulation_key)

    def learn(self, offer: RecoveryOffer, now: float) -> list[Step]:
        """The contact told its public half. Raises Unreadable on a key that is none."""
        key = PublicKey(offer.x25519, offer.encapsulation_key)
        if key == self._their_key:
            return []
        asked(key)  # raises on a key that cannot be used
        line = Line(self._own, key, self._entropy)
        gone = tuple(self._line.tags()) if self._line is not None else ()
        self._their_key, self._line, self.moved = key, line, True
        return [Listen(TagDelta((), gone)), Listen(line.listen(epoch_at(now)))]

    def paired(self) -> None:
        """Paired anew: the session is a new one, and the keys are told again."""
        self.torn = self.unconfirmed = self._told = False
        self._ours = self._theirs = self._pending = None
        self._ask_at = self._doubt_at = _NEVER
        self.moved = True

    # --- what happens

    def listen(self, now: float) -> list[Step]:
        """Follow the epochs."""
        steps: list[Step] = [Listen(self._line.listen(epoch_at(now)))] if self._line is not None else []
        if self._pending is not None:
            steps.append(Listen(self._pending.session.listen(now)))
        return steps

    def connected(self, now: float) -> None:
        """A link came up: whoever is not heard now is told where we stand."""
        if self._standing_at == _NEVER:
            self._standing_at = now + uniform(self._entropy, *UNHEARD_S) / 4

    def tear(self, now: float) -> list[Step]:
        """There is no doubt that the contact knows a later state of this home than this one."""
        if self.torn:
            return []
        self.torn = self.moved = True
        self._counters["sessions out of step"] += 1
        self._ask_at, self._ask_gap = now + uniform(self._entropy, *ASK_FIRST_S), ASK_AGAIN_S[0]
        self._doubt_at, self._theirs = _NEVER, None
        return [Tell(Turn.BEHIND if self.possible else Turn.LOST)]

    def ask_soon(self, session: Session, now: float) -> None:
        """A person wants it: ask at once, or find out whether there is anything to ask for."""
        if self._line is None:
            return
        if self.torn or self.unconfirmed:
            self._ask_at, self._ask_gap = now, ASK_AGAIN_S[0]
        else:
            self._words.append((now, _standing(session)))

    def heard(self, session: Session, now: float) -> list[Step]:
        """The contact was heard in the session that we are in."""
        self._standing_at = now + uniform(self._entropy, *UNHEARD_S)
        self._standing_gap = UNHEARD_S[0]
        steps: list[Step] = []
        if self._doubt_since is not None and session.answered(self._doubt_since):
            self._doubt_at, self._doubt_since = _NEVER, None
            steps += self.warned(now)
        if self.unconfirmed:
            self.unconfirmed, self.moved, self._ask_at = False, True, _NEVER
            steps.append(Tell(Turn.RENEWED))
        theirs = self._theirs
        if theirs is not None and theirs.since is not None and session.answered(theirs.since):
            self._decided(theirs)
            self._later(Living(theirs.name), now)
            steps += [Tell(Turn.TWO), Warn()]
        return steps

    def warned(self, now: float) -> list[Step]:
        """The contact says that a copy of this home asked to be taken for it."""
        if now < self._warned_at + REPLY_GAP_S:
            return []
        self._warned_at = now
        return [Tell(Turn.COPIED)]

    def doubt(self, session: Session, now: float) -> list[Step]:
        """Somebody else writes as we do, or the contact may have gone on without us: find out whether it
        still hears us."""
        if self.torn or self._doubt_at != _NEVER or now < self._doubted_at + REPLY_GAP_S:
            return []
        self._doubted_at, self._doubt_at, self._doubt_since = now, now + LISTEN_S, None
        self._later(_standing(session), now)
        return [Nudge()]

    def nudged(self, before: Position, now: float) -> None:
        """It was asked whether somebody is there; ``before``: where the session stood until then."""
        if self._doubt_at != _NEVER and self._doubt_since is None:
            self._doubt_since = before
        if self._theirs is not None and self._theirs.since is None:
            self._theirs.since, self._theirs.decide_at = before, now + LISTEN_S

    def pending(self, tag: bytes) -> Session | None:
        """The session that was offered in an answer, if the tag is one of its own."""
        pending = self._pending
        return pending.session if pending is not None and pending.session.knows(tag) else None

    def confirmed(self) -> list[Step]:
        """The asker was heard in that session."""
        assert self._pending is not None, "heard"
        pending, self._pending = self._pending, None
        self.torn, self.unconfirmed, self.moved = False, False, True
        self._ask_at, self._ours = _NEVER, None
        return [Adopt(pending.session, pending.transcript, asked=False), Tell(Turn.RESTORED)]

    def left_behind(self, session: Session) -> None:
        """The session is not ours any more; the contact may still be in it."""
        self._former = [*self._former, session.name][-FORMER_KNOWN:]
        self._told, self.moved = False, True

    def hear(self, cell: Cell, session: Session, now: float) -> list[Step]:
        """The contact, or a copy of its home, says something outside the session. Raises RefusedInput."""
        word = self._line.hear(cell) if self._line is not None else None
        match word:
            case Ask():
                return self._asked(word, now)
            case Answer():
                return self._answered(word, now)
            case Living(ask=ask):
                if self._ours is None or ask != self._ours.name:
                    return []
                self._ours = None
                self._ask_gap = max(self._ask_gap, ASK_AGAIN_S[1] / 4)
                self._ask_at = now + self._ask_gap
                return [Tell(Turn.TWIN)]
            case Standing():
                return self._stands(word, session, now)
            case UnknownWord() | None:
                return []

    def tick(self, session: Session, now: float) -> list[Step]:
        """Do what is due; there is a link."""
        steps: list[Step] = self.tear(now) if now >= self._doubt_at else []
        if self._line is None:
            return steps
        steps += [Say(word) for at, word in self._words if at <= now]
        self._words = [(at, word) for at, word in self._words if at > now]
        if now >= self._ask_at:
            steps += self._ask(now)
        if now >= self._standing_at:
            steps += self._say_standing(session, now)
        if self._theirs is not None:
            steps += self._decide(self._theirs, now)
        return steps

    # --- asking

    def _ask(self, now: float) -> list[Step]:
        assert self._their_key is not None, "there is a line"
        if self._ours is None or now >= self._ours.until:
            secret, ciphertext = asked(self._their_key)
            account = OlmAccount(self._identity.account, self._identity.pickle_key)
            kem = KemKey.generate(self._entropy)
            keys = AskKeys(account.one_time_key(), kem.encapsulation_key)
            word = Ask(ciphertext, seal_under(secret, "ask", encode_ask_keys(keys)))
            self._ours = _Ours(_name(word), word, account, kem, now + 3 * PENDING_S, secret)
        self._ask_at = now + self._ask_gap * uniform(self._entropy, 0.8, 1.2)
        self._ask_gap = min(ASK_AGAIN_S[1], self._ask_gap * 2)
        return [Say(self._ours.word)]

    def _answered(self, answer: Answer, now: float) -> list[Step]:
        """The contact begins anew with us. Raises Unreadable, or Malformed."""
        ours = self._ours
        if ours is None or answer.ask != ours.name:
            return []
        keys = decode_answer_keys(open_under(ours.secret, "answer", answer.box))
        if not -FUTURE_EPOCHS <= epoch_at(now) - keys.epoch <= PAST_EPOCHS:
            raise Unreadable("an answer from another time")
        olm, hidden = ours.account.inbound(self._their_identity, keys.olm)
        if len(hidden) != HIDDEN_BYTES:
            raise Unreadable("an answer that hides nothing")
        own, theirs = self._identity.identity_key, self._their_identity
        made = agreed(
            ours.kem.decapsulate(keys.ciphertext), hidden, *_exchanged(ours.name, keys, own, theirs)
        )
        session = Session(
            self._contact,
            olm,
            SendChain(made.asker, keys.epoch),
            [ReceiveChain(made.answerer, keys.epoch)],
            Renewal(False, made.renewal_key, now),
        )
        self._ours, self.torn, self.unconfirmed, self.moved = None, False, True, True
        self._ask_gap = ASK_AGAIN_S[0]
        self._ask_at = now + 2 * self._ask_gap
        return [Adopt(session, made.transcript, asked=True)]

    # --- answering

    def _asked(self, ask: Ask, now: float) -> list[Step]:
        name, pending = _name(ask), self._pending
        if pending is not None and pending.name == name:
            if now >= pending.again_at:
                pending.again_at = now + RESEND_S
                self._later(Answer(name, pending.word), now)
            return []
        busy = self._theirs is not None or (pending is not None and now < pending.until)
        first = self._identity.identity_key < self._their_identity
        if name in self._known or busy or (self.torn and first):  # of two who ask, the first is answered
            self._counters["asks to begin anew passed over"] += 1
            return []
        secret = self._own.open(ask.ciphertext)
        keys = decode_ask_keys(open_under(secret, "ask", ask.box))
        self._theirs = _Theirs(name, keys, secret, now + uniform(self._entropy, *ASK_FIRST_S) / 4)
        if self.torn:
            self._theirs.nudge_at, self._theirs.decide_at = _NEVER, self._theirs.nudge_at
        return []

    def _decide(self, theirs: _Theirs, now: float) -> list[Step]:
        if now >= theirs.decide_at:
            self._decided(theirs)
            return self._answer(theirs, now)
        if now < theirs.nudge_at:
            return []
        theirs.nudge_at = now + NUDGE_S
        return [Nudge()]

    def _decided(self, theirs: _Theirs) -> None:
        self._theirs, self.moved = None, True
        self._known = [*self._known, theirs.name][-ASKS_KNOWN:]

    def _answer(self, asked: _Theirs, now: float) -> list[Step]:
        """Nobody lives in the old session: begin anew with whoever asked."""
        epoch, hidden = epoch_at(now), self._entropy.bytes(HIDDEN_BYTES)
        own, theirs = self._identity.identity_key, self._their_identity
        try:
            account = OlmAccount(self._identity.account, self._identity.pickle_key)
            olm = account.outbound(theirs, asked.keys.one_time)
            secret, ciphertext = encapsulate(asked.keys.encapsulation_key)
        except Unreadable:
            self._counters["asks to begin anew refused"] += 1
            return []
        keys = AnswerKeys(epoch, ciphertext, olm.encrypt(hidden))
        made = agreed(secret, hidden, *_exchanged(asked.name, keys, theirs, own))
        session = Session(
            self._contact,
            olm,
            SendChain(made.answerer, epoch),
            [ReceiveChain(made.asker, epoch)],
            Renewal(True, made.renewal_key, now),
        )
        box = seal_under(asked.secret, "answer", encode_answer_keys(keys))
        gone = tuple(self._pending.session.tags()) if self._pending is not None else ()
        self._pending = _Pending(asked.name, box, session, made.transcript, now + PENDING_S, now + RESEND_S)
        self.moved = True
        return [Listen(TagDelta((), gone)), Listen(session.listen(now)), Say(Answer(asked.name, box))]

    # --- where we stand

    def _say_standing(self, session: Session, now: float) -> list[Step]:
        self._standing_at = now + self._standing_gap * uniform(self._entropy, 0.8, 1.2)
        self._standing_gap = min(STANDING_MAX_S, self._standing_gap * 2)
        return [] if self.torn else [Say(_standing(session))]

    def _stands(self, theirs: Standing, session: Session, now: float) -> list[Step]:
        """Where the contact stands, or stood when it said so: only what lies ahead of us tells anything."""
        if self.torn:
            return []
        if theirs.session == session.name:
            if theirs.next > session.next_number:
                return self.tear(now)
            if theirs.next < session.told or theirs.sent < session.expected:
                self._reply(session, now)
            return []
        self._reply(session, now)
        known = theirs.session in self._former or self._pending is not None or self.unconfirmed
        return [] if known else self.doubt(session, now)

    def _reply(self, session: Session, now: float) -> None:
        if now >= self._reply_at:
            self._reply_at = now + REPLY_GAP_S
            self._later(_standing(session), now)

    def _later(self, word: Word, now: float) -> None:
        """What another caused does not leave at once."""
        if len(self._words) < WORDS_MAX:
            self._words.append((now + uniform(self._entropy, *ASK_FIRST_S) / 4, word))

    # --- memory

    def _restore(self, state: bytes) -> None:
        read = codec.Reader(codec.unpack(state, _SNAPSHOT_LIMIT))
        self._own = RecoveryKey(read.bytes("own", 96))
        theirs = read.bytes("theirs", limit=1216)
        if theirs:
            self._their_key = PublicKey(theirs[:32], theirs[32:])
            self._line = Line(self._own, self._their_key, self._entropy)
        self._told, self.torn = read.flag("told"), read.flag("torn")
        self.unconfirmed = read.flag("unconfirmed")
        self._former = read.items("former", FORMER_KNOWN)
        self._known = read.items("known", ASKS_KNOWN)
        kept = read.items("pending", 1)
        if kept:
            pending = codec.Reader(kept[0])
            session = Session.restore(
                SessionState(self._contact, pending.bytes("olm"), pending.bytes("chains")),
                self._identity.pickle_key,
            )
            until = pending.number("until", 0.0, _NEVER)
            self._pending = _Pending(
                pending.bytes("name", ASK_BYTES),
                pending.bytes("word"),
                session,
                pending.bytes("transcript", 32),
                until,
                0.0,
            )


def _standing(session: Session) -> Standing:
    return Standing(session.name, session.expected, session.next_number)


def _name(ask: Ask) -> bytes:
    return digest(encode_word(ask), ASK_BYTES)


def _exchanged(ask: bytes, keys: AnswerKeys, asker: bytes, answerer: bytes) -> tuple[bytes, ...]:
    """All that the roots of the new session take in."""
    return ask, asker, answerer, keys.epoch.to_bytes(4, "big"), keys.ciphertext, keys.olm
