"""The demonstration: what the guest is shown to have said is the same, true or forged."""

from __future__ import annotations

import pytest

from p2pchat.control.offline import GuestReferenceInfo
from p2pchat.core.deniability import GUEST, Utterance
from p2pchat.core.values.references import ReferenceKind
from p2pchat.daemon import forgery
from p2pchat.daemon.forgery import PUT_INTO_THE_MOUTH, SCRIPT, demonstrate


def test_what_the_host_forges_says_what_the_true_one_says() -> None:
    true, forged, invented, altered = demonstrate().transcripts
    assert (true.name, forged.name, invented.name, altered.name) == ("true", "forged", "invented", "altered")
    assert true.with_changes(name="forged") == forged
    assert true.guest_said == ["Meet me at nine.", "At the old bridge. Come alone."]
    assert true.guest_referred == [
        GuestReferenceInfo(kind="correction", text="Meet me at ten.", of="Meet me at nine."),
        GuestReferenceInfo(kind="withdrawal", text="", of="At the old bridge. Come alone."),
    ]
    assert (altered.accepted, altered.guest_said, altered.guest_referred) == (False, [], [])


def test_a_reaction_is_invented_too() -> None:
    invented = demonstrate().transcripts[2]
    assert invented.guest_said == [PUT_INTO_THE_MOUTH]
    assert invented.guest_referred == [GuestReferenceInfo(kind="reaction", text="👍", of=None)]


def test_a_reaction_of_the_guest_s_to_its_own_message_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Utterance(GUEST, "🎉", ReferenceKind.REACTION, about=0)
    monkeypatch.setattr(forgery, "SCRIPT", (SCRIPT[0], own))
    assert demonstrate().transcripts[0].guest_referred == [
        GuestReferenceInfo(kind="reaction", text="🎉", of=SCRIPT[0].text)
    ]
