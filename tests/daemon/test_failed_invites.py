"""Each reason for which no contact comes of an invite has its error, and words for a person."""

from __future__ import annotations

import pytest

from p2pchat.core.values.refusals import NO_ANSWER, InviteFailure, NoContact
from p2pchat.daemon.failed_invites import explain_failure
from p2pchat.errors import Ended, LimitError, NetworkError, NotInTime, P2PChatError, TrustError, UsageError
from p2pchat.wire.signalling import Refusal
from p2pchat.wire.version import VERSION

URL = "wss://meet.example"

TOLD: dict[NoContact, tuple[type[P2PChatError], str]] = {
    NoContact.ADDRESSES_MALFORMED: (UsageError, "http://no"),
    NoContact.NO_RENDEZVOUS: (UsageError, "name one with --rendezvous URL"),
    NoContact.NO_RENDEZVOUS_NOR_NETWORK: (UsageError, "no private network just now"),
    NoContact.PRIVATE_RENDEZVOUS: (UsageError, "add --rendezvous http://no"),
    NoContact.INVITES_FULL: (LimitError, "16 invites are open"),
    NoContact.OWN_INVITE: (UsageError, "your own invite"),
    NoContact.NUMBER_IN_USE: (UsageError, "wait until that is over"),
    NoContact.TRIED_HERE: (TrustError, "used up; make a new one"),
    NoContact.TRIED_FROM_HERE: (TrustError, "tried from here already"),
    NoContact.MESH_UNKNOWN: (UsageError, "not in that mesh"),
    NoContact.UNREACHABLE: (NetworkError, f"no rendezvous could be reached ({URL}: refused: full)"),
    NoContact.NOT_IN_TIME: (NotInTime, "did not come in time"),
    NoContact.NOBODY_NEARBY: (NetworkError, "the other side needs --lan"),
    NoContact.NO_SUCH_INVITE: (TrustError, f"mistyped, expired or used already; ask for a new one ({URL} "),
    NoContact.TAKEN: (TrustError, "somebody else is trying this code, and the invite is still open"),
    NoContact.RENDEZVOUS_BUSY: (NetworkError, "try again in a minute"),
    NoContact.MESH_LEFT: (Ended, "was left"),
    NoContact.FELL_SILENT: (NotInTime, "fell silent half-way"),
    NoContact.WENT_AWAY: (Ended, "went away"),
    NoContact.RENDEZVOUS_LOST: (NetworkError, f"lost the rendezvous {URL} half-way: refused: full"),
    NoContact.OTHER_VERSION: (NetworkError, f"speaks version {VERSION + 1} of the protocol"),
    NoContact.WRONG_WORDS: (TrustError, "the words are wrong"),
    NoContact.WRONG_GUESS: (TrustError, "someone tried this invite with the wrong words"),
    NoContact.WRONG_HOST: (TrustError, "not the one who made this link"),
    NoContact.OWN_HOST: (TrustError, "your own invite"),
    NoContact.OWN_GUEST: (TrustError, "answered your own invite"),
    NoContact.OTHER_PAIRING: (TrustError, "an attacker may sit between you"),
    NoContact.CLOCKS_APART: (NetworkError, "more than a year apart"),
}


@pytest.mark.parametrize("reason", list(NoContact))
def test_each_reason_has_its_error_and_words(reason: NoContact) -> None:
    kind, words = TOLD[reason]
    told = explain_failure(InviteFailure(reason, ((URL, Refusal.FULL),), ("http://no",), VERSION + 1))
    assert type(told) is kind
    assert words in str(told)


def test_what_a_connection_says_is_told_as_it_is() -> None:
    lost = ((URL, "it is shutting down"), ("wss://other.example", "no route"))
    told = explain_failure(InviteFailure(NoContact.UNREACHABLE, lost))
    assert f"({URL}: it is shutting down; wss://other.example: no route)" in str(told)


def test_rendezvous_that_never_answered_are_named() -> None:
    silent = ((URL, NO_ANSWER), ("wss://other.example", NO_ANSWER))
    told = explain_failure(InviteFailure(NoContact.UNREACHABLE, silent))
    assert str(told) == f"no rendezvous has answered in time ({URL}; wss://other.example)"
    told = explain_failure(InviteFailure(NoContact.UNREACHABLE, (silent[0], ("wss://off.example", "off"))))
    assert str(told) == f"no rendezvous could be reached ({URL}: {NO_ANSWER}; wss://off.example: off)"


def test_a_rendezvous_without_room_for_a_topic_is_full() -> None:
    told = explain_failure(InviteFailure(NoContact.UNREACHABLE, ((URL, Refusal.BUSY),)))
    assert f"({URL}: the rendezvous is full; try again later)" in str(told)


def test_an_invite_without_a_waiting_host_is_not_there() -> None:
    told = explain_failure(InviteFailure(NoContact.NO_SUCH_INVITE))
    assert str(told) == "there is no such invite: mistyped, expired or used already; ask for a new one"
