"""The key exchange by which two ends make a new session: one asks with fresh keys, the other answers.

Knows: the keys of both ends, and all that goes into the new roots. Does not know: which end should answer,
or when.

::

    initiator                                      responder
      │ ── AskKeys(one-time key, KEM key) ───────────► │  begins an Olm session to the asker's identity key
      │ ◄──────── AnswerKeys(epoch, ciphertext, olm) ─ │  has the new session, and waits to be heard in it
      │  has the new session                           │
"""

from __future__ import annotations

from dataclasses import field

from p2pchat.core.session.renewal import Renewal
from p2pchat.core.session.session import Session
from p2pchat.core.values.records import Identity
from p2pchat.crypto.envelope import FUTURE_EPOCHS, PAST_EPOCHS, ReceiveChain, SendChain, epoch_at
from p2pchat.crypto.exchange import KemKey, encapsulate
from p2pchat.crypto.kdf import digest
from p2pchat.crypto.olm import OlmAccount, OlmSession
from p2pchat.crypto.recovery import HIDDEN_BYTES, RecoveryRoots, derive_roots, open_under, seal_under
from p2pchat.data import dataclass
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, Epoch
from p2pchat.wire.recovery import (
    ASK_BYTES,
    AnswerKeys,
    AskKeys,
    Knock,
    RecoveryAsk,
    decode_answer_keys,
    encode_answer_keys,
    encode_word,
)


@dataclass(frozen=True, slots=True)
class SessionEnds:
    """The two ends of a session."""

    contact: ContactId
    theirs: bytes
    """The contact's identity key."""
    identity: Identity
    """Ours."""

    @property
    def account(self) -> OlmAccount:
        """Our account, for one exchange."""
        return OlmAccount(self.identity.account, self.identity.pickle_key)


@dataclass(frozen=True, slots=True)
class NewSession:
    """What an exchange has made at one end."""

    session: Session
    transcript: bytes = field(repr=False)
    """A hash of what was exchanged, the same at both ends."""
    box: bytes
    """The answer, sealed."""


def name_of(word: Knock | RecoveryAsk) -> bytes:
    """Return the name of a word. It depends on all that was exchanged before."""
    return digest(encode_word(word), ASK_BYTES)


def answer_ask(
    ends: SessionEnds, name: bytes, secret: bytes, keys: AskKeys, entropy: Entropy, now: float
) -> NewSession:
    """Answer an ask that is called ``name``; ``secret``: what the asker has proved to know. Raises
    Unreadable."""
    epoch, hidden = epoch_at(now), entropy.draw_bytes(HIDDEN_BYTES)
    olm = ends.account.begin_session(ends.theirs, keys.one_time)
    shared, ciphertext = encapsulate(keys.encapsulation_key)
    answer = AnswerKeys(epoch, ciphertext, olm.encrypt(hidden))
    made = derive_roots(shared, hidden, *exchanged(name, answer, ends.theirs, ends.identity.identity_key))
    session = _begin(ends.contact, olm, made, epoch, False, now)
    return NewSession(session, made.transcript, seal_under(secret, "answer", encode_answer_keys(answer)))


def take_answer(
    ends: SessionEnds, account: OlmAccount, kem: KemKey, name: bytes, secret: bytes, box: bytes, now: float
) -> NewSession:
    """Take the answer in ``box`` to what we asked under ``name`` with the one-time key of ``account`` and
    ``kem``. Raises Unreadable, or Malformed."""
    answer = decode_answer_keys(open_under(secret, "answer", box))
    if not -FUTURE_EPOCHS <= epoch_at(now) - answer.epoch <= PAST_EPOCHS:
        raise Unreadable("an answer from another time")
    olm, hidden = account.accept_session(ends.theirs, answer.olm)
    if len(hidden) != HIDDEN_BYTES:
        raise Unreadable("an answer that hides nothing")
    shared = kem.decapsulate(answer.ciphertext)
    made = derive_roots(shared, hidden, *exchanged(name, answer, ends.identity.identity_key, ends.theirs))
    return NewSession(_begin(ends.contact, olm, made, answer.epoch, True, now), made.transcript, box)


def _begin(
    contact: ContactId, olm: OlmSession, made: RecoveryRoots, epoch: Epoch, initiated: bool, now: float
) -> Session:
    """``initiated``: whether this end has asked; the other one leads the renewals of the keys."""
    own, theirs = (made.initiator, made.responder) if initiated else (made.responder, made.initiator)
    renewal = Renewal(not initiated, made.renewal_key, now)
    return Session(contact, olm, SendChain(own, epoch), [ReceiveChain(theirs, epoch)], renewal)


def exchanged(name: bytes, keys: AnswerKeys, initiator: bytes, responder: bytes) -> tuple[bytes, ...]:
    """All that the roots of the new session take in."""
    return name, initiator, responder, keys.epoch.to_bytes(4, "big"), keys.ciphertext, keys.olm
