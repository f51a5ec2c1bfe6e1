"""From a seed that two have, and who introduces them, to a session that these two alone have.

Knows: the keys of each step, and what binds a session to its introduction. Does not know: how words travel,
or when one is due.

As in a pairing (``pairing.binding``), the first Olm message each way carries a hash of all that was said: who
is in the middle, and passes words on unaltered, has neither session; who alters a word ends the introduction,
or, if it alone has brought the two together, has a session of its own with each: safety numbers show
that. Nothing is signed.
"""

from __future__ import annotations

import hmac
from dataclasses import field, replace
from typing import Final

from p2pchat.core.values.paired import Paired
from p2pchat.crypto.envelope import ReceiveChain, SendChain, epoch_at, roots
from p2pchat.crypto.exchange import SEED_BYTES, KemKey, encapsulate
from p2pchat.crypto.kdf import derive
from p2pchat.crypto.olm import OlmAccount, OlmSession
from p2pchat.data import dataclass
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import Epoch, IntroductionId
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.introductions import (
    IntroductionAnswer,
    IntroductionKeys,
    IntroductionWelcome,
    encode_word,
)

APART_EPOCHS: Final = 4 * 366
"""A year, as in a pairing: keys are derived epoch by epoch from the one that the host names."""

SECRETS_MAX: Final = 65_536


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both ends know of one introduction before it begins."""

    seed: bytes = field(repr=False)
    parts: tuple[bytes, ...]
    """Which introduction it is, and between whom."""

    def prove_hello(self, keys: bytes, answer: IntroductionAnswer) -> bytes:
        """What the guest's Olm message must say, 32 bytes."""
        return self._hash("introduction hello", keys, encode_word(replace(answer, olm=b"")))

    def prove_welcome(self, keys: bytes, answer: bytes) -> bytes:
        """What the host's Olm message must say, 32 bytes."""
        return self._hash("introduction welcome", keys, answer)

    def derive_keys(self, shared: bytes, keys: bytes, answer: bytes) -> tuple[bytes, bytes, bytes]:
        """The envelope's two roots, host's sending one first, and the renewal key, 32 bytes each."""
        secret = derive(shared, "introduction secret", self.seed, *self.parts, keys, answer)
        return *roots(secret), derive(secret, "renewal key")

    def _hash(self, label: str, *parts: bytes) -> bytes:
        return derive(self.seed, label, *self.parts, *parts)


@dataclass(frozen=True, slots=True)
class IntroducedSession:
    """A session that stands."""

    identity: bytes
    olm: OlmSession = field(repr=False)
    sending: SendChain = field(repr=False)
    receiving: ReceiveChain = field(repr=False)
    renewal_key: bytes = field(repr=False)
    leads: bool

    def as_paired(self, name: str, how: str, room: str, by: str) -> Paired:
        """As a pairing would bring it; where the two meet is known already."""
        return Paired(
            identity_key=self.identity,
            name=name,
            how=how,
            mesh_secret=b"",
            rendezvous=(),
            olm=self.olm,
            sending=self.sending,
            receiving=self.receiving,
            renewal_key=self.renewal_key,
            leads=self.leads,
            through_room=room,
            introduced_by=by,
        )


def make_keys(
    id: IntroductionId, account: OlmAccount, entropy: Entropy, now: float
) -> tuple[IntroductionKeys, bytes]:
    """The host's word, and what it keeps until the answer comes. ``account``: a copy of its own, for the
    one-time key lives and goes with the introduction."""
    kem = KemKey.generate(entropy)
    word = IntroductionKeys(
        id, account.identity_key, account.one_time_key(), kem.encapsulation_key, epoch_at(now)
    )
    return word, codec.pack({"account": account.pickle(), "kem": kem.seed})


def answer_keys(
    agreement: Agreement, keys: IntroductionKeys, account: OlmAccount, now: float
) -> tuple[IntroductionAnswer, bytes]:
    """The guest's word, and what it keeps until the welcome comes. Raises Unreadable."""
    if abs(keys.epoch - epoch_at(now)) > APART_EPOCHS or keys.identity == account.identity_key:
        raise Unreadable("keys from another time, or our own")
    shared, ciphertext = encapsulate(keys.encapsulation_key)
    olm = account.begin_session(keys.identity, keys.one_time)
    answer = IntroductionAnswer(keys.id, account.identity_key, ciphertext, b"")
    word = replace(answer, olm=olm.encrypt(agreement.prove_hello(encode_word(keys), answer)))
    kept = {"olm": olm.pickle(), "shared": shared, "answer": encode_word(word)}
    return word, codec.pack(kept)


def accept_answer(
    agreement: Agreement,
    keys: IntroductionKeys,
    secrets: bytes,
    answer: IntroductionAnswer,
    pickle_key: bytes,
) -> tuple[IntroductionWelcome, IntroducedSession]:
    """The host's last word, and its session. Raises RefusedInput on what is not of this introduction."""
    reader = Reader(codec.unpack(secrets, SECRETS_MAX))
    account = OlmAccount(reader.get_bytes("account"), pickle_key)
    kem = KemKey.from_seed(reader.get_bytes("kem", SEED_BYTES))
    if answer.identity == account.identity_key:
        raise Unreadable("our own identity")
    olm, hello = account.accept_session(answer.identity, answer.olm)
    first, second = encode_word(keys), encode_word(answer)
    if not hmac.compare_digest(hello, agreement.prove_hello(first, answer)):
        raise Unreadable("of another introduction")
    welcome = IntroductionWelcome(answer.id, olm.encrypt(agreement.prove_welcome(first, second)))
    mine, theirs, renewal = agreement.derive_keys(kem.decapsulate(answer.ciphertext), first, second)
    return welcome, _make_session(answer.identity, olm, (mine, theirs), renewal, keys.epoch, leads=True)


def take_welcome(
    agreement: Agreement,
    keys: IntroductionKeys,
    secrets: bytes,
    welcome: IntroductionWelcome,
    pickle_key: bytes,
) -> IntroducedSession:
    """The guest's session. Raises RefusedInput on what is not of this introduction."""
    reader = Reader(codec.unpack(secrets, SECRETS_MAX))
    olm = OlmSession.from_pickle(reader.get_bytes("olm"), pickle_key)
    first, second = encode_word(keys), reader.get_bytes("answer")
    if not hmac.compare_digest(olm.decrypt(welcome.olm), agreement.prove_welcome(first, second)):
        raise Unreadable("of another introduction")
    theirs, mine, renewal = agreement.derive_keys(reader.get_bytes("shared", 32), first, second)
    return _make_session(keys.identity, olm, (mine, theirs), renewal, keys.epoch, leads=False)


def _make_session(
    identity: bytes, olm: OlmSession, of_ends: tuple[bytes, bytes], renewal: bytes, epoch: Epoch, leads: bool
) -> IntroducedSession:
    mine, theirs = of_ends
    return IntroducedSession(
        identity, olm, SendChain(mine, epoch), ReceiveChain(theirs, epoch), renewal, leads
    )
