"""Plumtree as a conversation: what one node does about what its neighbours push, announce and ask."""

from __future__ import annotations

from collections import Counter

import pytest

from p2pchat.core.broadcast import announcements, fetches, plumtree
from p2pchat.core.broadcast.damping import Damping
from p2pchat.core.broadcast.fetches import ANNOUNCERS_MAX, FETCHED_BURST
from p2pchat.core.broadcast.plumtree import LATELY_S, Plumtree
from p2pchat.core.broadcast.strategy import Push, SendGossip, Sending
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import CellId, LinkId
from p2pchat.wire.gossip import IDS_MAX, Graft, Ihave, Prune

A, B, C = LinkId(1), LinkId(2), LinkId(3)
RULES = Damping()


class Cells:
    """What this node has."""

    def __init__(self) -> None:
        self.bodies: dict[CellId, bytes] = {}

    def has_seen(self, id: CellId) -> bool:
        return id in self.bodies

    def find_body(self, id: CellId) -> bytes | None:
        return self.bodies.get(id)


class Scene:
    """One node with some neighbours."""

    def __init__(self, *links: LinkId) -> None:
        self.cells = Cells()
        self.counters: Counter[str] = Counter()
        self.tree = Plumtree(SeededEntropy("plumtree"), self.cells, self.counters)
        self.now = 1000.0
        self.number = 1_000
        for link in links:
            assert self.tree.link_up(link, self.now) == []

    def pushed(self, number: int, source: LinkId | None) -> list[Sending]:
        """A cell comes from a neighbour; None: we wrote it."""
        cell = name(number)
        if source is not None and self.cells.has_seen(cell):
            return self.tree.on_duplicate(cell, source, self.now)
        self.cells.bodies[cell] = body(number)
        return self.tree.on_new_cell(cell, body(number), source, self.now)

    def after(self, seconds: float) -> list[Sending]:
        """What is due until then, in order."""
        end, out = self.now + seconds, []
        while (due := self.tree.next_wakeup()) is not None and due <= end:
            self.now = due
            out += self.tree.tick(due)
        self.now = end
        return out

    def lazy(self, link: LinkId) -> None:
        """That neighbour and we have agreed to announce only: we had proposed it."""
        self.tree._tree.branches[link].agree_by = self.now
        assert self.tree.on_message(Prune(agreed=True), link, self.now) == []

    def come(self, count: int, first: LinkId | None, second: LinkId | None, apart: float) -> list[Sending]:
        """Cells that come by two links, so far apart; a second between them. What is said about the links."""
        said: list[Sending] = []
        for _ in range(count):
            self.number += 1
            self.pushed(self.number, first)
            self.now += apart
            if second is not None:
                said += self.pushed(self.number, second)
            self.now += 1.0
        return said


def name(number: int) -> CellId:
    return CellId(number.to_bytes(16, "big"))


def body(number: int) -> bytes:
    return b"body of %d" % number


def test_a_new_cell_is_pushed_to_everybody_but_its_source() -> None:
    scene = Scene(A, B, C)
    assert scene.pushed(1, A) == [Push(B, body(1)), Push(C, body(1))]
    assert scene.pushed(2, None) == [Push(A, body(2)), Push(B, body(2)), Push(C, body(2))]


MANY = 4 * RULES.crossings_max
SOON, LATE = RULES.lead_s / 3, RULES.lead_s * 3


def test_a_link_over_which_nothing_comes_first_is_proposed_for_pruning() -> None:
    scene = Scene(A, B)
    said = scene.come(MANY, A, B, LATE)
    assert said[0] == SendGossip(B, Prune(agreed=False))
    assert set(said) == {said[0]}, "the same again, as long as it is not taken up"
    assert scene.tree.pushing_links() == {A: True, B: True}, "nothing changes before the other end agrees"
    assert scene.tree.on_message(Prune(agreed=True), B, scene.now) == []
    assert scene.tree.pushing_links() == {A: True, B: False}


def test_an_agreement_that_answers_no_proposal_of_ours_changes_nothing() -> None:
    scene = Scene(A, B, C)
    for link in (A, B, C, B):
        assert scene.tree.on_message(Prune(agreed=True), link, scene.now) == []
    assert scene.tree.pushing_links() == {A: True, B: True, C: True}


def test_a_proposal_is_answered_once_by_its_receiver_and_soon() -> None:
    scene = Scene(A, B, C)
    assert scene.come(MANY, A, B, LATE)[0] == SendGossip(B, Prune(agreed=False))
    scene.tree.on_message(Prune(agreed=True), C, scene.now)
    assert scene.tree.pushing_links() == {A: True, B: True, C: True}, "another answered"
    scene.now += 1000.0
    scene.tree.on_message(Prune(agreed=True), B, scene.now)
    assert scene.tree.pushing_links() == {A: True, B: True, C: True}, "too late"
    scene.come(MANY, A, B, LATE)
    scene.tree.on_message(Prune(agreed=True), B, scene.now)
    assert scene.tree.pushing_links() == {A: True, B: False, C: True}
    scene.tree.on_message(Graft((), eager=True), B, scene.now)
    scene.tree.on_message(Prune(agreed=True), B, scene.now)
    assert scene.tree.pushing_links() == {A: True, B: True, C: True}, "the answer was given"


def test_a_link_over_which_cells_come_first_by_a_little_is_proposed_too() -> None:
    scene = Scene(A, B)
    for _ in range(MANY):
        said = scene.come(1, A, B, SOON) + scene.come(1, B, A, LATE)
        if said:
            break
    assert said == [SendGossip(A, Prune(agreed=False))]


def test_a_link_that_gains_enough_is_kept() -> None:
    scene = Scene(A, B)
    for _ in range(MANY):
        assert scene.come(1, A, B, LATE) + scene.come(1, B, A, LATE) == []


def test_a_proposal_is_taken_up_if_the_link_gains_us_little_either() -> None:
    scene = Scene(A, B)
    scene.come(MANY, A, B, LATE)
    assert scene.tree.on_message(Prune(agreed=False), A, scene.now) == []
    assert scene.tree.on_message(Prune(agreed=False), B, scene.now) == [SendGossip(B, Prune(agreed=True))]
    assert scene.tree.pushing_links() == {A: True, B: False}


def test_after_a_prune_no_other_is_taken_up_for_some_cells() -> None:
    scene = Scene(A, B, C)
    scene.come(MANY, A, B, LATE)
    scene.lazy(B)
    assert scene.tree.on_message(Prune(agreed=False), C, scene.now) == []
    scene.come(MANY, A, None, 0.0)
    assert scene.tree.on_message(Prune(agreed=False), C, scene.now) == [SendGossip(C, Prune(agreed=True))]


def test_the_last_eager_link_is_never_given_up_by_us() -> None:
    scene = Scene(A, B)
    scene.lazy(B)
    assert scene.come(MANY, None, A, LATE) == []
    assert scene.tree.on_message(Prune(agreed=False), A, scene.now) == []
    assert scene.tree.pushing_links() == {A: True, B: False}


def test_a_long_text_does_not_bend_the_tree_to_its_writer() -> None:
    scene = Scene(A, B)
    said: list[Sending] = []
    for number in range(500):
        scene.pushed(number, A)
        scene.now += RULES.score_gap_s / 100
        said += scene.pushed(number, B)
    assert said == []


def test_over_a_lazy_link_cells_are_told_in_batches() -> None:
    scene = Scene(A, B)
    scene.lazy(B)
    assert scene.pushed(1, A) == [] == scene.pushed(2, A)
    assert scene.after(RULES.batch_s[1]) == [SendGossip(B, Ihave((name(1), name(2)), late=False))]
    assert scene.after(60.0) == []


def test_a_batch_fills_frames() -> None:
    scene = Scene(A, B)
    scene.lazy(B)
    for number in range(IDS_MAX + 1):
        scene.pushed(number, A)
    batches = [each.message for each in scene.after(1.0) if isinstance(each, SendGossip)]
    assert [len(each.ids) for each in batches if isinstance(each, Ihave)] == [IDS_MAX, 1]


def test_an_announced_cell_that_comes_by_itself_is_not_asked_for() -> None:
    scene = Scene(A, B, C)
    scene.tree.on_message(Ihave((name(1),), late=False), B, scene.now)
    assert scene.pushed(1, A) == [Push(C, body(1))], "and not to B, which has it"
    assert scene.after(60.0) == []


def test_an_announced_cell_that_does_not_come_is_fetched_from_one_after_the_other() -> None:
    scene = Scene(A, B, C)
    for link in (B, C):
        scene.tree.on_message(Ihave((name(1),), late=False), link, scene.now)
    assert scene.after(0.99) == []
    assert scene.after(1.01) == [SendGossip(B, Graft((name(1),), eager=False))]
    assert scene.after(1.0) == [SendGossip(C, Graft((name(1),), eager=False))]
    assert scene.after(60.0) == []
    assert scene.counters["cells announced and never had"] == 1


def test_what_was_recovered_late_is_announced_never_pushed_and_fetched_soon() -> None:
    scene = Scene(A, B)
    assert scene.tree.on_recovered(name(1), A, scene.now) == []
    assert scene.after(1.0) == [SendGossip(B, Ihave((name(1),), late=True))]
    scene.tree.on_message(Ihave((name(2),), late=True), B, scene.now)
    assert scene.after(RULES.late_s[1]) == [SendGossip(B, Graft((name(2),), eager=False))]
    assert scene.counters["cells fetched"] == 0, "says nothing about the tree"


def test_three_misses_in_five_seconds_make_a_link_eager() -> None:
    scene = Scene(A, B)
    scene.lazy(B)
    for number in range(3):
        scene.tree.on_message(Ihave((name(number),), late=False), B, scene.now)
    said = scene.after(2.5)
    assert said[-1] == SendGossip(B, Graft((), eager=True))
    assert scene.tree.pushing_links()[B]


def test_misses_that_are_far_between_only_fetch() -> None:
    scene = Scene(A, B)
    scene.lazy(B)
    for number in range(10):
        scene.tree.on_message(Ihave((name(number),), late=False), B, scene.now)
        assert scene.after(6.0) == [SendGossip(B, Graft((name(number),), eager=False))]
        scene.pushed(number, B)
    assert not scene.tree.pushing_links()[B]


def test_a_graft_gives_what_we_have_and_begins_pushing_if_it_says_so() -> None:
    scene = Scene(A, B)
    scene.lazy(B)
    scene.pushed(1, A)
    assert scene.tree.on_message(Graft((name(1), name(9)), eager=False), B, scene.now) == [Push(B, body(1))]
    assert scene.pushed(2, A) == []
    assert scene.tree.on_message(Graft((), eager=True), B, scene.now) == []
    assert scene.pushed(3, A) == [Push(B, body(3))]


def test_when_an_eager_link_is_lost_all_others_are_made_eager() -> None:
    scene = Scene(A, B, C)
    scene.lazy(B)
    scene.lazy(C)
    assert scene.tree.link_down(A, True, scene.now) == [
        SendGossip(B, Graft((), eager=True)),
        SendGossip(C, Graft((), eager=True)),
    ]
    assert scene.tree.pushing_links() == {B: True, C: True}


def test_when_a_link_of_the_tree_is_closed_with_a_word_one_other_takes_its_place() -> None:
    scene = Scene(A, B, C)
    scene.lazy(B)
    scene.lazy(C)
    (graft,) = scene.tree.link_down(A, False, scene.now)
    assert graft in [SendGossip(link, Graft((), eager=True)) for link in (B, C)]
    assert sum(scene.tree.pushing_links().values()) == 1


def test_when_an_idle_link_is_lost_the_tree_stands() -> None:
    scene = Scene(A, B, C)
    scene.lazy(B)
    assert scene.tree.link_down(B, True, scene.now) == []


def test_what_links_say_that_are_gone_is_ignored() -> None:
    scene = Scene(A)
    assert scene.tree.link_down(B, True, scene.now) == []
    assert scene.tree.on_message(Prune(agreed=True), B, scene.now) == []
    assert scene.tree.on_duplicate(name(1), B, scene.now) == []
    scene.tree.on_message(Ihave((name(1),), late=False), A, scene.now)
    scene.tree.link_down(A, True, scene.now)
    assert scene.after(60.0) == []


def test_only_a_node_that_announces_absent_cells_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetches, "MISSING_CAP", 3)
    scene = Scene(A, B)
    scene.tree.on_message(Ihave(tuple(map(name, range(5))), late=False), A, scene.now)
    assert scene.counters["cells announced and ignored"] == 2
    scene.tree.on_message(Ihave((name(9),), late=False), B, scene.now)
    assert scene.counters["cells announced and ignored"] == 2
    for number in range(3):
        scene.pushed(number, B)
    scene.tree.on_message(Ihave((name(7),), late=False), A, scene.now)
    assert scene.counters["cells announced and ignored"] == 2, "a cell that came is no longer awaited"


def test_only_so_many_announcers_of_a_cell_are_remembered() -> None:
    links = [LinkId(number) for number in range(ANNOUNCERS_MAX + 3)]
    scene = Scene(*links)
    for link in links:
        scene.tree.on_message(Ihave((name(1),), late=False), link, scene.now)
    asked = [each.link for each in scene.after(60.0) if isinstance(each, SendGossip)]
    assert asked == links[:ANNOUNCERS_MAX]


def test_of_what_waits_to_be_announced_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "WAITING_CAP", 3)
    scene = Scene(A)
    scene.lazy(A)
    for number in range(10, 15):
        scene.pushed(number, None)
    assert scene.after(1.0) == [SendGossip(A, Ihave((name(12), name(13), name(14)), late=False))]


def test_a_neighbour_fetches_only_so_much() -> None:
    scene = Scene(A)
    scene.pushed(1, None)
    fetch = Graft((name(1),) * IDS_MAX, eager=False)
    got = sum(len(scene.tree.on_message(fetch, A, scene.now)) for _ in range(20))
    assert got == FETCHED_BURST


def test_a_link_that_comes_up_is_told_of_what_came_just_before() -> None:
    scene = Scene(A)
    scene.pushed(1, A)
    scene.now += LATELY_S
    scene.pushed(2, A)
    scene.pushed(3, None)
    scene.tree.link_up(B, scene.now)
    assert scene.after(1.0) == [SendGossip(B, Ihave((name(2), name(3)), late=True))]


def test_of_what_came_just_before_a_link_only_the_latest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plumtree, "LATELY_CAP", 2)
    scene = Scene(A)
    for number in range(4):
        scene.pushed(number, A)
    scene.tree.link_up(B, scene.now)
    assert scene.after(1.0) == [SendGossip(B, Ihave((name(2), name(3)), late=True))]
