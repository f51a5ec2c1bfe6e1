"""A hop that may have lost something is tested alone, by a loop that comes back to us."""

from __future__ import annotations

from p2pchat.core.stem.epoch_map import EpochMap
from p2pchat.core.stem.outputs import Relay
from p2pchat.core.values.profile import BALANCED, FAST, Profile
from p2pchat.types import HopId
from tests.support.stems import Wired


class Scene:
    def __init__(self, profile: Profile = FAST) -> None:
        self.mesh = Wired("ab bc ac cd", profile)
        self.mesh.run(5.0)
        self.probes = self.mesh.stems["a"]._probes

    def epoch_map(self, name: str = "a") -> EpochMap:
        epoch_map = self.mesh.stems[name]._maps.map_at(self.mesh.now)
        assert epoch_map is not None
        return epoch_map

    def links(self, *names: str) -> list[str]:
        """By which neighbours the tests of those leave."""
        nodes = [self.epoch_map(name).id for name in names]
        out = self.probes.test_hops(nodes, self.mesh.now)
        return [chr(each.link) for each in out if isinstance(each, Relay)]


def test_a_neighbour_is_tested_over_its_link_and_its_neighbour_over_it() -> None:
    assert Scene().links("b", "d") == ["b", "c"]


def test_where_there_is_cover_a_test_takes_the_place_of_one_now_and_then() -> None:
    scene = Scene(BALANCED)
    assert scene.probes.send_test(scene.epoch_map(), scene.mesh.now) is None
    assert scene.links("b", "b") == []
    sent = [scene.probes.send_test(scene.epoch_map(), scene.mesh.now) for _ in range(100)]
    assert sum(each is not None for each in sent) == 1, "the same is not tested twice"


def test_what_was_in_doubt_and_is_so_still_is_left() -> None:
    scene = Scene()
    scene.mesh.submit("a", bytes(925))
    stem = scene.mesh.stems["a"]
    (first, *_) = stem.path
    for _ in range(3):
        stem._failures.on_failure([first], scene.mesh.now)
    assert scene.probes.test_suspected(scene.mesh.now)
    assert stem.path
    assert scene.probes.test_suspected(scene.mesh.now) == []
    assert not stem.path


def test_before_the_first_link_there_is_nothing_to_test() -> None:
    mesh = Wired("ab")
    mesh.add("z")
    assert mesh.stems["z"]._probes.test_hops([HopId(b"nobody")], mesh.now) == []


def test_a_loop_over_a_lost_neighbour_does_not_leave() -> None:
    scene = Scene()
    assert scene.probes.send_loop(scene.epoch_map(), scene.mesh.now)
    epoch_map = scene.epoch_map()
    for name in "bc":
        scene.mesh.unlink("a", name)
    assert scene.probes.send_loop(epoch_map, scene.mesh.now) == []
    assert scene.probes._send_over(epoch_map, [HopId(b"nobody")], scene.mesh.now) == []
