"""An onion that comes in is peeled once, and what was in it goes on after the wait that was asked for."""

from __future__ import annotations

import pytest

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.onions import DELAYS, Onions
from p2pchat.core.stem.outputs import Relay, Spread
from p2pchat.core.stem.return_tracker import ReturnTracker
from p2pchat.core.stem.stem import Stem
from p2pchat.core.values.profile import BALANCED, FAST, Profile
from p2pchat.crypto.onion import Hop, HopCommand
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId
from p2pchat.wire.geometry import GEOMETRY
from tests.support.stems import Wired

FROM = LinkId(ord("b"))
CELL = bytes(GEOMETRY.cell)


class Scene:
    """A node between two others; onions are made for it."""

    def __init__(self) -> None:
        self.mesh = Wired("ab ac")
        self.entropy = SeededEntropy("forwarding")
        self.stem: Stem = self.mesh.stems["a"]
        self.forwarding = self.stem._forwarding

    def hop(self, name: str) -> Hop:
        epoch_map = self.mesh.stems[name]._maps.map_at(self.mesh.now)
        assert epoch_map is not None
        return Hop(epoch_map.id, epoch_map.key.public)

    def onion(self, command: HopCommand, *names: str, profile: Profile = FAST) -> bytes:
        onions = Onions(profile, self.entropy, ReturnTracker())
        return onions.make_onion(FROM, [*map(self.hop, names)], command, CELL).onion

    def counted(self, what: str) -> int:
        return self.mesh.counters["a"][what]


def test_the_next_hop_gets_what_is_left_and_the_last_one_broadcasts() -> None:
    scene = Scene()
    (relay,) = scene.forwarding.take_onion(FROM, scene.onion(HopCommand.BROADCAST, "a", "c"), scene.mesh.now)
    assert isinstance(relay, Relay) and (relay.link, relay.source) == (LinkId(ord("c")), FROM)
    (spread,) = scene.forwarding.take_onion(FROM, scene.onion(HopCommand.BROADCAST, "a"), scene.mesh.now)
    assert isinstance(spread, Spread) and (spread.cell, spread.source) == (CELL, FROM)


def test_a_repeated_onion_and_one_for_another_go_no_further() -> None:
    scene = Scene()
    onion = scene.onion(HopCommand.BROADCAST, "a")
    assert scene.forwarding.take_onion(FROM, onion, scene.mesh.now)
    assert scene.forwarding.take_onion(FROM, onion, scene.mesh.now) == []
    assert scene.forwarding.take_onion(FROM, scene.onion(HopCommand.DROP, "b"), scene.mesh.now) == []
    assert scene.counted("onions refused: repeated") == scene.counted("onions refused: unreadable") == 1


def test_an_onion_for_an_unknown_node_is_lost() -> None:
    scene = Scene()
    onion = scene.onion(HopCommand.BROADCAST, "a", "c")
    scene.mesh.unlink("a", "c")
    assert scene.forwarding.take_onion(FROM, onion, scene.mesh.now) == []
    assert scene.counted("onions without a way") == 1


@pytest.mark.parametrize("command", [HopCommand.DROP, HopCommand.LOOP])
def test_cover_ends_here_and_a_loop_may_be_one_of_ours(command: HopCommand) -> None:
    scene = Scene()
    assert scene.forwarding.take_onion(FROM, scene.onion(command, "a"), scene.mesh.now) == []


def test_what_waits_leaves_in_its_time_or_when_the_node_stops() -> None:
    scene = Scene()
    onion = scene.onion(HopCommand.BROADCAST, "a", profile=BALANCED)
    assert DELAYS[1:] and scene.forwarding.take_onion(FROM, onion, scene.mesh.now) == []
    due = scene.forwarding.mix.next_wakeup()
    assert scene.mesh.now < due < NEVER
    (spread,) = scene.stem.flush_waiting(scene.mesh.now)
    assert isinstance(spread, Spread)
