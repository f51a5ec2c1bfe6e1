"""Errors for a caller whose invite fails.

Knows: the error and the words for each reason. Does not know: when an invite fails.
"""

from __future__ import annotations

from p2pchat.core.pairing.invites import CAP
from p2pchat.core.values.refusals import NO_ANSWER, InviteFailure, NoContact
from p2pchat.errors import (
    Ended,
    LimitError,
    Malformed,
    NetworkError,
    NotInTime,
    P2PChatError,
    TrustError,
    UsageError,
)
from p2pchat.wire.places import check_rendezvous
from p2pchat.wire.signalling import Refusal
from p2pchat.wire.version import other_version


def explain_failure(failure: InviteFailure) -> P2PChatError:
    """Return the error to raise, with a sentence for a person."""
    match failure.reason:
        case NoContact.ADDRESSES_MALFORMED:
            return UsageError(_what_is_wrong(failure.urls))
        case NoContact.PRIVATE_RENDEZVOUS:
            url = failure.urls[0]
            return UsageError(
                f"this link meets at {url}, an address of a private network; "
                f"if it is right, add --rendezvous {url}"
            )
        case NoContact.UNREACHABLE if all(reason == NO_ANSWER for _, reason in failure.unreached):
            return NetworkError(f"no rendezvous has answered in time ({_listed(failure, '{}')})")
        case NoContact.UNREACHABLE:
            return NetworkError(f"no rendezvous could be reached ({_listed(failure, '{}: {}')})")
        case NoContact.RENDEZVOUS_LOST:
            ((url, reason),) = failure.unreached
            return NetworkError(f"lost the rendezvous {url} half-way: {_word_cause(reason)}")
        case NoContact.NO_SUCH_INVITE:
            unasked = _listed(failure, "{} could not be asked: {}")
            known = "there is no such invite: mistyped, expired or used already; ask for a new one"
            return TrustError(f"{known} ({unasked})" if unasked else known)
        case NoContact.OTHER_VERSION:
            return NetworkError(f"the other side {other_version(failure.version)}; then make a new invite")
        case _:
            kind, line = _LINES[failure.reason]
            return kind(line)


def _what_is_wrong(urls: tuple[str, ...]) -> str:
    try:
        check_rendezvous(urls)
    except Malformed as error:
        return str(error)
    raise AssertionError("addresses that were refused have a fault")


def _listed(failure: InviteFailure, line: str) -> str:
    return "; ".join(line.format(url, _word_cause(reason)) for url, reason in failure.unreached)


def _word_cause(reason: str | Refusal) -> str:
    if reason is Refusal.BUSY:
        return "the rendezvous is full; try again later"
    return f"refused: {reason.name.lower()}" if isinstance(reason, Refusal) else reason


_LINES: dict[NoContact, tuple[type[P2PChatError], str]] = {
    NoContact.NO_RENDEZVOUS: (UsageError, "no rendezvous is known; name one with --rendezvous URL"),
    NoContact.NO_RENDEZVOUS_NOR_NETWORK: (
        UsageError,
        (
            "this machine is on no private network just now, and no rendezvous is known; name one with"
            " --rendezvous URL"
        ),
    ),
    NoContact.INVITES_FULL: (LimitError, f"{CAP} invites are open already; cancel one first"),
    NoContact.OWN_INVITE: (UsageError, "this is your own invite; give it to a friend"),
    NoContact.NUMBER_IN_USE: (
        UsageError,
        "another invite with this number is open here; wait until that is over",
    ),
    NoContact.TRIED_HERE: (
        TrustError,
        "someone began to answer this invite before its node went away, so it is used up; make a new one",
    ),
    NoContact.TRIED_FROM_HERE: (
        TrustError,
        "this invite was tried from here already, and each works once; ask for a new one",
    ),
    NoContact.MESH_UNKNOWN: (UsageError, "you are not in that mesh any more"),
    NoContact.NOT_IN_TIME: (NotInTime, "your friend did not come in time; the invite is no longer valid"),
    NoContact.NOBODY_NEARBY: (
        NetworkError,
        (
            "no machine on this network was heard to announce that invite, and no rendezvous is known; the"
            " other side needs --lan, too; a busy network may hide it, so try again"
        ),
    ),
    NoContact.TAKEN: (
        TrustError,
        "somebody else is trying this code, and the invite is still open; try again, or ask for a new one",
    ),
    NoContact.RENDEZVOUS_BUSY: (
        NetworkError,
        "the rendezvous is too busy just now; try again in a minute",
    ),
    NoContact.MESH_LEFT: (Ended, "the mesh into which this invite leads was left"),
    NoContact.FELL_SILENT: (NotInTime, "the other side fell silent half-way; make a new invite"),
    NoContact.WENT_AWAY: (
        Ended,
        "the other side went away before the pairing was complete; make a new invite",
    ),
    NoContact.WRONG_WORDS: (
        TrustError,
        "the words are wrong, and this invite is burnt now; ask for a new one",
    ),
    NoContact.WRONG_GUESS: (
        TrustError,
        (
            "someone tried this invite with the wrong words, so it is burnt; make a new one with 'p2pchat"
            " invite'"
        ),
    ),
    NoContact.WRONG_HOST: (
        TrustError,
        "the other side is not the one who made this link; do not trust it",
    ),
    NoContact.OWN_HOST: (TrustError, "this is your own invite; give it to a friend"),
    NoContact.OWN_GUEST: (TrustError, "you answered your own invite"),
    NoContact.OTHER_PAIRING: (
        TrustError,
        "the answer belongs to another pairing: an attacker may sit between you; no contact was made",
    ),
    NoContact.CLOCKS_APART: (
        NetworkError,
        (
            "the clocks of the two machines are more than a year apart; set the wrong one, then make a new"
            " invite"
        ),
    ),
}
