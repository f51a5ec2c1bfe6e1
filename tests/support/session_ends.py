"""Two people's ends of one session, and a session between them."""

from __future__ import annotations

from p2pchat.core.session.handshake import SessionEnds
from p2pchat.core.session.renewal import Renewal
from p2pchat.core.session.session import Session
from p2pchat.core.values.records import Identity
from p2pchat.crypto.envelope import EPOCH_SECONDS, ReceiveChain, SendChain
from p2pchat.crypto.identity import fingerprint
from p2pchat.crypto.olm import create_account
from p2pchat.types import Epoch

EPOCH = Epoch(1000)
NOW = float(EPOCH * EPOCH_SECONDS)
PICKLE_KEY = b"k" * 32


def person(name: str) -> Identity:
    account = create_account(PICKLE_KEY)
    return Identity(name, account.pickle(), PICKLE_KEY, account.identity_key, (), NOW)


def two_ends() -> tuple[SessionEnds, SessionEnds]:
    """Ana's, and Bob's."""
    ana, bob = person("ana"), person("bob")
    return (
        SessionEnds(fingerprint(bob.identity_key), bob.identity_key, ana),
        SessionEnds(fingerprint(ana.identity_key), ana.identity_key, bob),
    )


def two_sessions(ana: SessionEnds, bob: SessionEnds) -> tuple[Session, Session]:
    """One session at both ends, as a pairing makes it."""
    account = bob.account
    sending = ana.account.begin_session(ana.theirs, account.one_time_key())
    receiving, _ = account.accept_session(bob.theirs, sending.encrypt(b"hello"))
    of_ana, of_bob, renewal = b"a" * 32, b"b" * 32, b"r" * 32
    return (
        Session(
            ana.contact,
            sending,
            SendChain(of_ana, EPOCH),
            [ReceiveChain(of_bob, EPOCH)],
            Renewal(True, renewal, NOW),
        ),
        Session(
            bob.contact,
            receiving,
            SendChain(of_bob, EPOCH),
            [ReceiveChain(of_ana, EPOCH)],
            Renewal(False, renewal, NOW),
        ),
    )
