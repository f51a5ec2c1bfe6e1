"""The demonstration of ``p2pchat forge``, with temporary accounts.

Knows: its messages, and the sources of time and randomness. Does not know: how a transcript is made, forged
or judged (``core.deniability``), or how it is printed.
"""

from __future__ import annotations

from typing import Final, Literal

from p2pchat.control.offline import ForgeryInfo, TranscriptInfo
from p2pchat.core.deniability import (
    GUEST,
    HOST,
    Disclosure,
    Said,
    SealedTranscript,
    altered,
    forged,
    honest,
    host,
    verify,
)
from p2pchat.crypto.olm import create_account
from p2pchat.daemon.clock import SystemClock, SystemEntropy
from p2pchat.errors import RefusedInput

SAID: Final[tuple[Said, ...]] = (
    (GUEST, "Meet me at nine."),
    (HOST, "Where?"),
    (GUEST, "At the old bridge. Come alone."),
)

Name = Literal["true", "forged", "invented", "altered"]

PUT_INTO_THE_MOUTH: Final = "I owe you a million, and I will deny it."


def demonstrate(words: str | None = None) -> ForgeryInfo:
    """Make a true transcript and two forged ones, and have one judge look at each. ``words``: what the guest
    is made to say in the last."""
    entropy, now = SystemEntropy(), SystemClock().now()
    guest, who = create_account(entropy.draw_bytes(32)), host(entropy)
    invented = [(GUEST, words or PUT_INTO_THE_MOUTH), (HOST, "Thank you. I shall keep this.")]
    cases: dict[Name, tuple[SealedTranscript, Disclosure]] = {
        "true": honest(who, guest, SAID, entropy, now),
        "forged": forged(who, guest.identity_key, SAID, entropy, now),
        "invented": forged(who, guest.identity_key, invented, entropy, now),
    }
    transcript, disclosed = cases["true"]
    cases["altered"] = altered(transcript), disclosed
    judged = [_judged(name, *case) for name, case in cases.items()]
    return ForgeryInfo(guest=guest.identity_key.hex(), host=who.identity.hex(), transcripts=judged)


def _judged(name: Name, transcript: SealedTranscript, disclosed: Disclosure) -> TranscriptInfo:
    try:
        texts, accepted = [text for _, text in verify(transcript, disclosed)], True
    except RefusedInput:
        texts, accepted = [], False
    cells = sum(len(cells) for _, cells in transcript.lines)
    return TranscriptInfo(name=name, accepted=accepted, cells=cells, guest_said=texts)
