"""An onion of ours asks for the delays of its profile, and is awaited the longer the further it goes."""

from __future__ import annotations

import pytest

from p2pchat.core.stem.onions import DELAYS, RETURN_HOP_S, RETURN_S, Onions
from p2pchat.core.stem.return_tracker import ReturnTracker
from p2pchat.core.values.profile import BALANCED, FAST, STRONG, Profile
from p2pchat.crypto.onion import Hop, HopCommand, OnionKey, peel
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId, LinkId
from p2pchat.wire.geometry import GEOMETRY


@pytest.mark.parametrize("profile", [FAST, BALANCED, STRONG])
def test_the_only_hop_finds_the_payload_and_the_delay(profile: Profile) -> None:
    entropy = SeededEntropy("onions")
    key, payload = OnionKey.generate(entropy), bytes(GEOMETRY.cell)
    hop = Hop(HopId(b"far away"), key.public)
    made = Onions(profile, entropy, ReturnTracker()).make_onion(
        LinkId(1), [hop], HopCommand.LOOP, payload, b"was"
    )
    peeled = peel(key, made.onion)
    assert (made.link, made.source, made.parent) == (LinkId(1), None, b"was")
    assert (peeled.command, peeled.payload, DELAYS[peeled.delay]) == (
        HopCommand.LOOP,
        payload,
        profile.delay_s,
    )


def test_what_goes_over_more_hops_is_lost_later() -> None:
    watch = ReturnTracker()
    onions = Onions(BALANCED, SeededEntropy("onions"), watch)
    way = HopId(b"one"), HopId(b"two")
    onions.expect_return(b"cell", way, 100.0)
    assert watch.next_wakeup() == 100.0 + RETURN_S + 2 * (RETURN_HOP_S + 3 * BALANCED.delay_s)
    assert watch.on_return(b"cell", 101.0) == way
