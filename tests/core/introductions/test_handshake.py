"""What two make of the words of an introduction, and what one in the middle can make of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.introductions.handshake import (
    APART_EPOCHS,
    Agreement,
    IntroducedSession,
    accept_answer,
    answer_keys,
    make_keys,
    take_welcome,
)
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.crypto.identity import safety_number
from p2pchat.crypto.olm import OlmAccount, create_account
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import IntroductionId
from p2pchat.wire.introductions import IntroductionAnswer, IntroductionKeys, IntroductionWelcome

ID, NOW, KEY = IntroductionId(b"i" * 16), 1.9e9, bytes(32)
BOTH = Agreement(b"s" * 32, (b"room", ID, b"#walkers", b"g" * 32, b"h" * 32))


class Side:
    """One person, with an identity."""

    def __init__(self) -> None:
        self.pickle = create_account(KEY).pickle()
        self.secrets = b""

    @property
    def account(self) -> OlmAccount:
        return OlmAccount(self.pickle, KEY)

    def keys(self) -> IntroductionKeys:
        word, self.secrets = make_keys(ID, self.account, SeededEntropy(1), NOW)
        return word

    def answer(
        self, keys: IntroductionKeys, agreement: Agreement = BOTH, now: float = NOW
    ) -> IntroductionAnswer:
        word, self.secrets = answer_keys(agreement, keys, self.account, now)
        return word

    def accept(
        self, keys: IntroductionKeys, answer: IntroductionAnswer, agreement: Agreement = BOTH
    ) -> tuple[IntroductionWelcome, IntroducedSession]:
        return accept_answer(agreement, keys, self.secrets, answer, KEY)

    def complete(
        self, keys: IntroductionKeys, welcome: IntroductionWelcome, agreement: Agreement = BOTH
    ) -> IntroducedSession:
        return take_welcome(agreement, keys, self.secrets, welcome, KEY)


def test_both_have_one_session_and_each_the_other_s_identity() -> None:
    host, guest = Side(), Side()
    keys = host.keys()
    welcome, at_host = host.accept(keys, guest.answer(keys))
    at_guest = guest.complete(keys, welcome)
    assert at_host.identity == guest.account.identity_key and at_guest.identity == host.account.identity_key
    assert at_host.renewal_key == at_guest.renewal_key and at_host.leads and not at_guest.leads
    assert at_guest.olm.decrypt(at_host.olm.encrypt(b"for you alone")) == b"for you alone"


@pytest.mark.parametrize(
    "other",
    [
        Agreement(b"t" * 32, BOTH.parts),
        Agreement(BOTH.seed, (*BOTH.parts[:4], b"e" * 32)),
        Agreement(BOTH.seed, (b"friend", ID)),
    ],
    ids=["another seed", "another member", "another way"],
)
def test_words_of_another_introduction_are_of_no_use(other: Agreement) -> None:
    host, guest = Side(), Side()
    keys = host.keys()
    with pytest.raises(Unreadable):
        host.accept(keys, guest.answer(keys, other))
    welcome, _ = host.accept(keys, guest.answer(keys))
    with pytest.raises(Unreadable):
        guest.complete(keys, welcome, other)


def test_who_alters_a_word_ends_the_introduction() -> None:
    host, guest, eve = Side(), Side(), Side()
    keys = host.keys()
    answer = guest.answer(keys)
    for altered in (
        replace(answer, identity=eve.account.identity_key),
        replace(answer, ciphertext=bytes(1088)),
        replace(answer, olm=b"\0" + answer.olm[1:-1] + b"x"),
    ):
        with pytest.raises(Unreadable):
            host.accept(keys, altered)
    with pytest.raises(Unreadable):
        guest.complete(keys, IntroductionWelcome(ID, b"\1welcome"))


def test_keys_of_another_year_or_our_own_are_not_answered() -> None:
    host, guest = Side(), Side()
    keys = host.keys()
    with pytest.raises(Unreadable):
        guest.answer(keys, now=NOW + (APART_EPOCHS + 2) * EPOCH_SECONDS)
    with pytest.raises(Unreadable):
        host.answer(keys)
    with pytest.raises(Unreadable):
        host.accept(keys, replace(guest.answer(keys), identity=host.account.identity_key))


def test_who_introduces_two_can_stand_between_them_and_their_safety_numbers_differ() -> None:
    """It knows the seed, and each has nothing else of the other: so it can be the other, to each."""
    bob, carol, to_bob, to_carol = Side(), Side(), Side(), Side()
    keys = bob.keys()
    _, bob_has = bob.accept(keys, to_bob.answer(keys))
    false = to_carol.keys()
    welcome, _ = to_carol.accept(false, carol.answer(false))
    carol_has = carol.complete(false, welcome)
    seen_by_bob = safety_number(bob.account.identity_key, bob_has.identity)
    seen_by_carol = safety_number(carol.account.identity_key, carol_has.identity)
    assert seen_by_bob != seen_by_carol
