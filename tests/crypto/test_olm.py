"""The double ratchet as we use it: the expected peer only, nothing changed by what fails."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.crypto import olm
from p2pchat.crypto.olm import OlmAccount, OlmSession, create_account
from p2pchat.errors import StoreError, Unreadable

KEY = b"p" * 32
HEADER = 40
TAIL = 24
"""One block of ciphertext and the MAC."""


def pair() -> tuple[OlmSession, OlmSession]:
    alice, bob = create_account(KEY), create_account(KEY)
    outbound = alice.begin_session(bob.identity_key, bob.one_time_key())
    inbound, hello = bob.accept_session(alice.identity_key, outbound.encrypt(b"hello"))
    assert hello == b"hello"
    assert outbound.decrypt(inbound.encrypt(b"welcome")) == b"welcome"
    return outbound, inbound


def test_messages_pass_both_ways_through_pickles() -> None:
    alice, bob = pair()
    for number in range(5):
        alice, bob = OlmSession.from_pickle(alice.pickle(), KEY), OlmSession.from_pickle(bob.pickle(), KEY)
        assert bob.decrypt(alice.encrypt(b"a%d" % number)) == b"a%d" % number
        assert alice.decrypt(bob.encrypt(b"b%d" % number)) == b"b%d" % number


def test_an_account_comes_back_from_its_pickle() -> None:
    account = create_account(KEY)
    assert OlmAccount(account.pickle(), KEY).identity_key == account.identity_key


def test_each_one_time_key_begins_one_session_however_many_are_out() -> None:
    bob = create_account(KEY)
    keys = [bob.one_time_key() for _ in range(3)]
    assert len(set(keys)) == 3
    for key in keys:
        alice = create_account(KEY)
        hello = alice.begin_session(bob.identity_key, key).encrypt(b"hello")
        assert bob.accept_session(alice.identity_key, hello)[1] == b"hello"
        with pytest.raises(Unreadable):
            bob.accept_session(alice.identity_key, hello)


def test_a_session_of_somebody_else_is_not_accepted() -> None:
    alice, bob, eve = (create_account(KEY) for _ in range(3))
    hello = alice.begin_session(bob.identity_key, bob.one_time_key()).encrypt(b"hello")
    with pytest.raises(Unreadable):
        bob.accept_session(eve.identity_key, hello)
    bob.accept_session(alice.identity_key, hello)


@settings(max_examples=50)
@given(st.integers(0, TAIL * 8 - 1))
def test_a_damaged_first_message_uses_no_one_time_key_up(bit: int) -> None:
    alice, bob = create_account(KEY), create_account(KEY)
    hello = alice.begin_session(bob.identity_key, bob.one_time_key()).encrypt(b"hello")
    before = bob.pickle()
    damaged = bytearray(hello)
    damaged[-1 - bit // 8 % TAIL] ^= 1 << bit % 8
    for attempt in (bytes(damaged), hello[:-1], hello[:1], b""):
        with pytest.raises(Unreadable):
            bob.accept_session(alice.identity_key, attempt)
    assert bob.pickle() == before
    assert bob.accept_session(alice.identity_key, hello)[1] == b"hello"


def test_a_normal_message_begins_no_session() -> None:
    alice, _ = pair()
    with pytest.raises(Unreadable):
        create_account(KEY).accept_session(b"\5" * 32, alice.encrypt(b"x"))


@settings(max_examples=50)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_what_does_not_decrypt_changes_nothing(junk: bytes, bit: int) -> None:
    alice, bob = pair()
    message = alice.encrypt(b"the real one")
    damaged = bytearray(message)
    # Not in the header: vodozemac checks its MAC over the header as it understood it, so a bit that says the
    # same thing otherwise passes. The envelope around it authenticates every bit.
    damaged[HEADER + bit // 8 % (len(message) - HEADER)] ^= 1 << bit % 8
    before = bob.pickle()
    for attempt in (junk, bytes(damaged), message[:-1]):
        with pytest.raises(Unreadable):
            bob.decrypt(attempt)
    assert bob.pickle() == before
    assert bob.decrypt(message) == b"the real one"


def test_a_message_decrypts_once() -> None:
    alice, bob = pair()
    message = alice.encrypt(b"once")
    bob.decrypt(message)
    with pytest.raises(Unreadable):
        bob.decrypt(message)


@pytest.mark.parametrize("key", [bytes(32), bytes(31), b"\1" + bytes(31)])
def test_keys_that_contribute_nothing_are_refused(key: bytes) -> None:
    account, other = create_account(KEY), create_account(KEY)
    for identity, one_time in ((other.identity_key, key), (key, other.one_time_key())):
        with pytest.raises(Unreadable):
            account.begin_session(identity, one_time)


def test_a_damaged_pickle_is_a_damaged_store() -> None:
    alice, _ = pair()
    with pytest.raises(StoreError):
        OlmSession.from_pickle(alice.pickle(), b"x" * 32)
    with pytest.raises(StoreError):
        OlmAccount(b"nonsense", KEY)


def test_nothing_is_ever_signed() -> None:
    assert ".sign(" not in inspect.getsource(olm)


def test_secrets_do_not_show_in_representations() -> None:
    alice, _ = pair()
    assert repr(alice) == "OlmSession(…)"
    assert repr(create_account(KEY)) == "OlmAccount(…)"
