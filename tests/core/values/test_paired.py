"""What a pairing brings shows no secret where it is printed."""

from __future__ import annotations

from p2pchat.core.values.paired import Paired
from p2pchat.crypto.envelope import ReceiveChain, SendChain
from p2pchat.crypto.olm import create_account
from p2pchat.types import Epoch


def test_no_secret_is_shown_in_an_error_or_a_log() -> None:
    ana, bob = create_account(b"a" * 32), create_account(b"b" * 32)
    olm = ana.begin_session(bob.identity_key, bob.one_time_key())
    chains = SendChain(b"s" * 32, Epoch(1)), ReceiveChain(b"r" * 32, Epoch(1))
    paired = Paired(bob.identity_key, "bob", "words", b"m" * 32, ("ws://a",), olm, *chains, b"k" * 32, True)
    shown = repr(paired)
    assert "bob" in shown
    assert not any(letter * 8 in shown for letter in "srmk")
