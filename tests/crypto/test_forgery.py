"""Olm's initiator, played by its responder: the responder's own Olm takes it for the real one."""

from __future__ import annotations

import pytest

from p2pchat.crypto.forgery import ForgedInitiator, own_secrets
from p2pchat.crypto.olm import OlmSession, create_account
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy

KEY = b"p" * 32
INDEX_AT = 1 + 1 + 2 + 32 + 1
"""Of a message: after its type, the version, the ratchet key with tag and length, and the index's tag."""


def forged() -> tuple[ForgedInitiator, OlmSession]:
    """Alice, as bob plays her, and bob; each has said something."""
    alice, bob = create_account(KEY), create_account(KEY)
    bob.one_time_key()
    secrets = own_secrets(bob.pickle(), KEY)
    played = ForgedInitiator(alice.identity_key, secrets, SeededEntropy("forged"))
    session, hello = bob.accept_session(alice.identity_key, played.encrypt(b"hello"))
    assert hello == b"hello"
    assert played.decrypt(session.encrypt(b"welcome")) == b"welcome"
    return played, session


@pytest.mark.parametrize("size", [0, 15, 16, 200, 20_000])
def test_what_it_says_and_hears_is_as_long_as_people_write(size: int) -> None:
    alice, bob = forged()
    text = b"x" * size
    assert bob.decrypt(alice.encrypt(text)) == text
    assert alice.decrypt(bob.encrypt(text)) == text


def test_it_goes_on_after_messages_that_it_never_gets() -> None:
    alice, bob = forged()
    for _ in range(3):
        bob.encrypt(b"lost")
    assert alice.decrypt(bob.encrypt(b"heard")) == b"heard"


def test_a_message_that_was_changed_does_not_decrypt() -> None:
    alice, bob = forged()
    message = bytearray(bob.encrypt(b"as said"))
    message[-20] ^= 1
    with pytest.raises(Unreadable, match="does not decrypt"):
        alice.decrypt(bytes(message))


def test_a_number_that_does_not_end_is_refused() -> None:
    alice, bob = forged()
    message = bob.encrypt(b"as said")
    endless = message[:INDEX_AT] + b"\xff" * (len(message) - INDEX_AT)
    with pytest.raises(Unreadable, match="without an end"):
        alice.decrypt(endless)
