"""What comes on a way is taken for what can come there: at the end of a walk of ours only a reply."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest

from p2pchat.core.inputs import OfferMade
from p2pchat.core.membership.neighbours import Neighbours, OfferReceived, SendBlob
from p2pchat.core.membership.walk import WalkRef
from p2pchat.errors import RefusedInput
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId, NodeId
from p2pchat.wire.description import Description

WAY = WalkRef(LinkId(9), b"w" * 8, b"s" * 32)
THERE = Description("actpass", "ufragufrag", "p" * 22, bytes(32), ())


def neighbours(name: str) -> Neighbours:
    numbers = count(1)
    entropy = SeededEntropy(name)
    return Neighbours(
        bytes(32), NodeId(entropy.draw_bytes(8)), entropy, lambda: LinkId(next(numbers)), Counter()
    )


def offered(side: Neighbours) -> bytes:
    """The offer that a side makes on the way."""
    side.begin(WAY, 0.0, sought=True)
    (sent,) = side.happened(OfferMade(LinkId(1), THERE), 0.0)
    assert isinstance(sent, SendBlob)
    return sent.blob


def test_who_ends_a_walk_of_ours_cannot_offer_us_a_link_instead_of_answering() -> None:
    ours, theirs = neighbours("ours"), neighbours("theirs")
    offered(ours)
    offer = offered(theirs)
    with pytest.raises(RefusedInput):
        ours.replied(WAY, offer, 1.0)
    assert len(ours) == 1
    assert any(isinstance(each, OfferReceived) for each in ours.offered(WAY, offer, 1.0)), (
        "where an offer may come"
    )


def test_a_reply_to_no_offer_is_refused() -> None:
    with pytest.raises(RefusedInput):
        neighbours("ours").replied(WAY, bytes(2048), 1.0)
