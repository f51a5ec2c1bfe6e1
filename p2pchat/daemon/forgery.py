"""The demonstration of ``p2pchat forge``, with temporary accounts.

Knows: its messages, and the sources of time and randomness. Does not know: how a transcript is made, forged
or judged (``core.deniability``), or how it is printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from p2pchat.control.offline import ForgeryInfo, GuestReferenceInfo, TranscriptInfo
from p2pchat.core.deniability import (
    GUEST,
    HOST,
    Disclosure,
    PersonalContent,
    SealedTranscript,
    Utterance,
    altered,
    forged,
    honest,
    host,
    verify,
)
from p2pchat.core.values.references import ReferenceKind
from p2pchat.crypto.identity import fingerprint, received_id
from p2pchat.crypto.olm import create_account
from p2pchat.daemon.clock import SystemClock, SystemEntropy
from p2pchat.errors import RefusedInput
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.content import Correction, Reaction, Text, Withdrawal

SCRIPT: Final[tuple[Utterance, ...]] = (
    Utterance(GUEST, "Meet me at nine."),
    Utterance(HOST, "Where?"),
    Utterance(GUEST, "At the old bridge. Come alone."),
    Utterance(HOST, "👍", ReferenceKind.REACTION, about=2),
    Utterance(GUEST, "Meet me at ten.", ReferenceKind.CORRECTION, about=0),
    Utterance(GUEST, "", ReferenceKind.WITHDRAWAL, about=2),
)

Name = Literal["true", "forged", "invented", "altered"]

PUT_INTO_THE_MOUTH: Final = "I owe you a million, and I will deny it."


def demonstrate(words: str | None = None) -> ForgeryInfo:
    """Make a true transcript and two forged ones, and have one judge look at each. ``words``: what the guest
    is made to say in the last."""
    entropy, now = SystemEntropy(), SystemClock().now()
    guest, who = create_account(entropy.draw_bytes(32)), host(entropy)
    invented = [
        Utterance(GUEST, words or PUT_INTO_THE_MOUTH),
        Utterance(HOST, "Thank you. I shall keep this."),
        Utterance(GUEST, "👍", ReferenceKind.REACTION, about=1),
    ]
    cases: dict[Name, tuple[SealedTranscript, Disclosure]] = {
        "true": honest(who, guest, SCRIPT, entropy, now),
        "forged": forged(who, guest.identity_key, SCRIPT, entropy, now),
        "invented": forged(who, guest.identity_key, invented, entropy, now),
    }
    transcript, disclosed = cases["true"]
    cases["altered"] = altered(transcript), disclosed
    judged = [_judged(name, *case) for name, case in cases.items()]
    return ForgeryInfo(guest=guest.identity_key.hex(), host=who.identity.hex(), transcripts=judged)


def _judged(name: Name, transcript: SealedTranscript, disclosed: Disclosure) -> TranscriptInfo:
    try:
        contents, accepted = verify(transcript, disclosed), True
    except RefusedInput:
        contents, accepted = [], False
    texts = {content.id: content.text for content in contents if isinstance(content, Text)}
    return TranscriptInfo(
        name=name,
        accepted=accepted,
        cells=sum(len(cells) for _, cells in transcript.lines),
        guest_said=list(texts.values()),
        guest_referred=_referred(contents, texts, fingerprint(transcript.guest)),
    )


def _referred(
    contents: Iterable[PersonalContent], texts: Mapping[MessageId, str], guest: ContactId
) -> list[GuestReferenceInfo]:
    names = {received_id(guest, id): text for id, text in texts.items()}
    referred = []
    for content in contents:
        match content:
            case Reaction(to=to, sign=sign):
                of = names.get(MessageId(to))
                referred.append(GuestReferenceInfo(kind="reaction", text=sign, of=of))
            case Correction(of=id, text=text):
                referred.append(GuestReferenceInfo(kind="correction", text=text, of=texts.get(id)))
            case Withdrawal(of=id):
                referred.append(GuestReferenceInfo(kind="withdrawal", text="", of=texts.get(id)))
            case Text():
                pass
    return referred
