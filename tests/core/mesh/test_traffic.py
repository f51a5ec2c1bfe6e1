"""Each message of a neighbour is for one machine, by its family on the wire."""

from __future__ import annotations

from collections import Counter

import pytest

from p2pchat.core.broadcast.cells import CellArrived
from p2pchat.core.broadcast.plumtree import Plumtree
from p2pchat.core.mesh.outputs import CellMoved, MarksGiven, MeshOutput
from p2pchat.core.mesh.surroundings import MeshSurroundings
from p2pchat.core.mesh.traffic import LinkTraffic
from p2pchat.core.stem.stem import Stem
from p2pchat.core.values.effects import CellSeen, Notify, SendFrame
from p2pchat.core.values.profile import FAST
from p2pchat.core.values.settings import Settings
from p2pchat.core.values.user_inputs import CellFate, Haste
from p2pchat.crypto.envelope import epoch_at
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId, MeshId, Tag
from p2pchat.wire import marks
from p2pchat.wire.cell import Cell, encode_cell, tag_of
from p2pchat.wire.control import Credit, ListensAt
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.gossip import Graft
from p2pchat.wire.marks import MARK_BYTES, NONCE_BYTES, Marks
from p2pchat.wire.topology import DescriptorRequest
from tests.support.sides import Side, linked

NOW = 1_700_000_000.0
MARKS = Marks(bytes(NONCE_BYTES), (bytes(MARK_BYTES),) * marks.MARKS)
CELL = encode_cell(
    Cell(Tag(bytes(GEOMETRY.cell_tag)), epoch_at(NOW), bytes(GEOMETRY.stamp), bytes(GEOMETRY.box))
)


class Scene:
    """A node with one neighbour, and what its traffic tells the mesh."""

    def __init__(self, settings: Settings) -> None:
        self.ana, self.counters = Side("ana"), Counter[str]()
        self.neighbour, _ = linked(self.ana, Side("bob"), NOW)
        self.link = self.neighbour.id
        self.listeners: list[tuple[LinkId, int]] = []
        self.traffic = LinkTraffic(
            MeshId(bytes(16)),
            self.ana.table,
            settings,
            SeededEntropy("traffic"),
            self.counters,
            Plumtree,
            (),
            Stem,
            lambda link, now: [],
            lambda link, port: self.listeners.append((link, port)),
        )
        self.opened = self.traffic.link_up(self.neighbour, NOW)


def frames(outputs: list[MeshOutput]) -> int:
    return sum(isinstance(each, SendFrame) for each in outputs)


@pytest.fixture
def scene() -> Scene:
    return Scene(Settings(profile=None))


def test_a_new_neighbour_learns_our_identity_and_where_we_listen(scene: Scene) -> None:
    assert frames(scene.opened) >= 1
    assert frames(Scene(Settings(profile=None, listen=8750)).opened) == frames(scene.opened) + 1


def test_a_cell_that_is_new_arrives_and_the_same_again_does_not(scene: Scene) -> None:
    frame = Frame(FrameKind.CELL, CELL)
    assert any(isinstance(each, CellArrived) for each in scene.traffic.on_message(scene.link, frame, NOW))
    assert scene.traffic.on_message(scene.link, frame, NOW) == []
    assert scene.counters["cells seen again"] == 1


def test_an_onion_costs_credit_as_a_cell_does(scene: Scene) -> None:
    onion = Frame(FrameKind.ONION, bytes(GEOMETRY.onion))
    while not scene.counters["onions refused: no credit"]:
        assert scene.traffic.on_message(scene.link, onion, NOW) == []
    assert scene.counters["onions refused: unreadable"] > 0


def test_what_a_neighbour_says_goes_to_its_family(scene: Scene) -> None:
    said = scene.traffic.on_message
    assert said(scene.link, MARKS, NOW) == [MarksGiven(scene.link, MARKS)]
    assert said(scene.link, ListensAt(8750), NOW) == [] and scene.listeners == [(scene.link, 8750)]
    assert said(scene.link, Graft((), eager=True), NOW) == []
    assert said(scene.link, DescriptorRequest(epoch_at(NOW)), NOW) == []
    assert said(scene.link, Credit(1), NOW) == [], "credit is the link's own"


def test_a_cell_of_our_own_enters_the_broadcast_where_there_is_no_stem(scene: Scene) -> None:
    outputs = scene.traffic.submit_cell(CELL, NOW, Haste.SOON)
    assert CellMoved(tag_of(CELL), CellFate.LEFT) in outputs and frames(outputs) == 1
    assert CellMoved(tag_of(CELL), CellFate.RETURNED) in outputs


def test_with_stems_it_waits_for_an_identified_neighbour() -> None:
    scene = Scene(Settings(profile=FAST))
    (queued,) = scene.traffic.submit_cell(CELL, NOW, Haste.SOON)
    assert isinstance(queued, Notify) and isinstance(queued.event, CellSeen)
    assert scene.traffic.send_waiting(NOW) == [], "also when the node stops"


def test_when_a_link_is_gone_nothing_is_pushed_over_it(scene: Scene) -> None:
    use = MeshSurroundings(scene.traffic.cells, scene.traffic.stem)
    assert not use.is_idle(scene.link)
    scene.traffic.link_down(scene.link, True, NOW)
    assert use.is_idle(scene.link)


def test_time_passes(scene: Scene) -> None:
    scene.traffic.count_members(NOW)
    scene.traffic.count_members(NOW)
    assert scene.traffic.next_wakeup() < NOW + 60.0
    scene.traffic.tick(scene.traffic.next_wakeup())
    assert scene.traffic.on_fetched((), (), NOW) == []
