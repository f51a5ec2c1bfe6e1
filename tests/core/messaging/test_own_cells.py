"""What came with a frame shows nowhere in how the frame is handed on: a cell of ours is opened later, and
what rests on the disk never holds up what does not."""

from __future__ import annotations

from p2pchat.core.messaging.letterbox import CAP, OPEN_MAX, Letterbox, ReceivedCell
from p2pchat.core.values import effects, inputs
from p2pchat.core.values.profile import OPEN_S
from p2pchat.core.values.settings import Settings
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch, MessageState, Tag
from p2pchat.wire.cell import Cell
from tests.support.world import Machine, World

NEVER_S = 1e9


def in_a_row(*names: str) -> World:
    """Friends that each reach only their own neighbours."""
    world = World()
    for name in names:
        world.add(name)
        world.start(name, Settings(profile=None))
    for name in names[1:]:
        world.pair(names[0], name)
    for place, name in enumerate(names):
        for other in names[place + 2 :]:
            world.separate(name, other)
    world.run(60.0)
    return world


def watch(machine: Machine) -> list[effects.Effect]:
    """All that its node wants done because frames came."""
    wanted: list[effects.Effect] = []
    node = machine.running
    handle = node.handle

    def watched(input: inputs.Input, now: float) -> list[effects.Effect]:
        out = handle(input, now)
        if isinstance(input, inputs.FrameReceived):
            wanted.extend(out)
        return out

    node.handle = watched  # type: ignore[method-assign]
    return wanted


def test_no_frame_has_anything_kept_or_told_or_answered_in_its_own_moment() -> None:
    world = in_a_row("alice", "victim", "carol")
    wanted = watch(world.machines["victim"])
    for number in range(5):
        world.send("alice", "victim", f"for the victim {number}")
        world.send("alice", "carol", f"for another {number}")
        world.run(10.0)
    assert world.machines["victim"].store.received() == [f"for the victim {number}" for number in range(5)]
    handed_on = [each for each in wanted if isinstance(each, effects.SendFrame)]
    rests = [each for each in wanted if isinstance(each, (effects.Persist, effects.WhenKept))]
    told = [each.event for each in wanted if isinstance(each, effects.Notify)]
    assert handed_on and not rests
    assert {type(event) for event in told} == {effects.CellSeen}


def test_a_node_whose_disk_does_not_answer_relays_others_cells_and_sends_none_of_its_own() -> None:
    world = in_a_row("alice", "victim", "carol")
    world.machines["victim"].host.commit_s = NEVER_S
    own = world.send("alice", "victim", "hello")
    others = [world.send("alice", "carol", f"{number}") for number in range(20)]
    world.run(60.0)
    world.send("victim", "alice", "from here")
    world.run(10.0)
    assert world.machines["carol"].store.received() == [f"{number}" for number in range(20)]
    assert not world.machines["alice"].store.received()
    states = {world.machines["alice"].store.state(message) for message in others}
    assert states == {MessageState.DELIVERED}
    assert world.machines["alice"].store.state(own) is MessageState.RELAYED


def test_a_node_that_dies_before_it_opened_what_came_gets_it_again() -> None:
    world = in_a_row("alice", "victim", "carol")
    victim = world.machines["victim"]
    message = world.send("alice", "victim", "hello")
    letterbox = victim.running._conversations.intake._letterbox
    world.run_until(lambda: len(letterbox) > 0)
    world.kill("victim")
    assert not victim.store.received()
    world.start("victim", Settings(profile=None))
    world.run(300.0)
    assert victim.store.received() == ["hello"]
    assert world.machines["alice"].store.state(message) is MessageState.DELIVERED


def test_what_is_others_leaves_before_a_cell_of_ours_is_opened() -> None:
    world = in_a_row("alice", "victim", "carol")
    victim = world.machines["victim"].running
    world.send("alice", "victim", "hello")
    letterbox = victim._conversations.intake._letterbox
    world.run_until(lambda: len(letterbox) > 0)
    later = world.now + 4.0  # heartbeats are due as well
    first = victim.handle(inputs.TimerFired(), later)
    assert any(isinstance(each, effects.SendFrame) for each in first) and len(letterbox) > 0
    second = victim.handle(inputs.TimerFired(), later)
    assert any(isinstance(each, effects.Persist) for each in second) and not len(letterbox)


def make_cell(number: int) -> ReceivedCell:
    return ReceivedCell(Cell(Tag(number.to_bytes(16, "big")), Epoch(1), bytes(8), bytes(897)))


def test_what_lies_in_the_letterbox_is_opened_together_after_a_while_and_in_order() -> None:
    box = Letterbox(SeededEntropy(1), OPEN_S)
    box.put_cell(make_cell(1), 100.0)
    first = box.open_at
    assert OPEN_S[0] <= first - 100.0 <= OPEN_S[1]
    box.put_cell(make_cell(2), 100.01)
    assert box.open_at == first
    assert box.pop_due(first - 0.001) == []
    assert box.pop_due(first) == [make_cell(1), make_cell(2)]
    assert box.open_at == float("inf")


def test_much_is_opened_a_little_at_a_time_and_a_flood_is_cut() -> None:
    box = Letterbox(SeededEntropy(1), OPEN_S)
    for number in range(CAP + 5):
        box.put_cell(make_cell(number), 100.0)
    opened: list[ReceivedCell] = []
    while len(box):
        some = box.pop_due(101.0)
        assert 0 < len(some) <= OPEN_MAX
        opened += some
    assert opened == [make_cell(number) for number in range(CAP)]
