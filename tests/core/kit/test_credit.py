"""Credit: as much as the mesh bears, shared by the links that want it, held back where their cells wait."""

from __future__ import annotations

import pytest

from p2pchat.core.kit.credit import (
    ACCOUNTS_CAP,
    FIRST,
    FLOOR_S,
    KNOWN_MAX,
    LATELY_S,
    LEAST,
    LITTLE,
    MOST,
    SAVED,
    Grants,
    cells_per_s,
)
from p2pchat.types import LinkId

A, B, C = LinkId(1), LinkId(2), LinkId(3)


class Receiver:
    """One node's grants, and senders that keep to them. ``waiting``: cells that wait, by the link they came
    from."""

    def __init__(self, members: int = 2) -> None:
        self.waiting: dict[LinkId, int] = {}
        self.grants = Grants(lambda link: self.waiting.get(link, 0))
        self.grants.set_members(members)
        self.granted: dict[LinkId, int] = {}
        self.sent: dict[LinkId, int] = {}
        self.now = 0.0

    def link_up(self, link: LinkId) -> None:
        self.grants.link_up(link)
        self.granted.setdefault(link, FIRST)
        self.sent.setdefault(link, 0)

    def give(self) -> None:
        self.granted.update(self.grants.grant_due(self.now))

    def bring(self, link: LinkId, most: int, known: bool = False) -> int:
        """That link sends so many cells, or as many as it may; how many."""
        count = min(most, self.granted[link] - self.sent[link])
        for _ in range(count):
            assert self.grants.spend_credit(link, self.now), "there is credit for what was told"
            if known:
                self.grants.give_back(link)
        self.sent[link] += count
        self.give()
        return count

    def run(self, seconds: float, offered: dict[LinkId, float], step_s: float = 0.01) -> dict[LinkId, int]:
        """Every link brings so many a second, as far as it may; what each brought."""
        brought, owed = dict.fromkeys(offered, 0), dict.fromkeys(offered, 0.0)
        for _ in range(int(seconds / step_s)):
            self.now += step_s
            self.give()
            for link, rate in offered.items():
                owed[link] += rate * step_s
                brought[link] += self.bring(link, int(owed[link]) - brought[link])
        return brought


@pytest.mark.parametrize(
    ("members", "rate"),
    [(1, MOST), (2, MOST), (10, MOST), (50, 320), (200, 80), (500, LEAST), (2000, 2000 / 15)],
)
def test_what_a_node_takes_in_follows_from_the_size_of_the_mesh(members: int, rate: float) -> None:
    assert cells_per_s(members) == pytest.approx(rate)


def test_one_busy_link_gets_all_there_is() -> None:
    node = Receiver(members=50)
    for link in (A, B, C):
        node.link_up(link)
    brought = node.run(20.0, {A: 5000.0, B: 0.0, C: 0.0})
    assert brought[A] == pytest.approx(20 * cells_per_s(50) + SAVED, rel=0.05)


def test_busy_links_share_and_a_link_that_wants_less_than_a_share_gets_all_of_it() -> None:
    node = Receiver(members=50)
    for link in (A, B, C):
        node.link_up(link)
    node.run(5.0, {A: 5000.0, B: 5000.0})
    brought = node.run(20.0, {A: 5000.0, B: 5000.0, C: 30.0})
    assert brought[C] == pytest.approx(600, rel=0.02)
    assert brought[A] == pytest.approx(brought[B], rel=0.05)
    assert sum(brought.values()) == pytest.approx(20 * cells_per_s(50), rel=0.1)


def test_what_is_sent_beyond_the_credit_is_refused() -> None:
    node = Receiver()
    node.link_up(A)
    for _ in range(FIRST):
        assert node.grants.spend_credit(A, 0.0)
    assert not node.grants.spend_credit(A, 0.0)
    assert not node.grants.spend_credit(B, 0.0), "no such link"


def test_a_link_whose_cells_wait_gets_little_but_never_nothing() -> None:
    """A ring of full nodes would else wait for ever."""
    node = Receiver()
    node.link_up(A)
    node.run(2.0, {A: 1000.0})
    node.waiting[A] = 500
    node.run(2 * LATELY_S, {A: 1000.0})
    assert node.run(4.0, {A: 1000.0})[A] == pytest.approx(LITTLE * 4.0 / FLOOR_S, rel=0.3)
    node.waiting[A] = 0
    assert node.run(4.0, {A: 1000.0})[A] > 3000


def test_links_that_are_held_are_looked_at_again_soon() -> None:
    node = Receiver()
    node.link_up(A)
    assert node.grants.next_wakeup() is None
    node.waiting[A] = 500
    node.bring(A, FIRST)
    node.bring(A, FIRST)
    due = node.grants.next_wakeup()
    assert due is not None and node.now < due <= node.now + FLOOR_S


def test_second_copies_cost_the_mesh_nothing() -> None:
    node = Receiver(members=500)
    node.link_up(A)
    brought = 0
    for _ in range(400):
        node.now += 0.01
        brought += node.bring(A, KNOWN_MAX // 2, known=True)
    assert brought > 3 * (4 * LEAST + SAVED)


def test_a_link_that_was_quiet_goes_on_where_it_was() -> None:
    node = Receiver()
    node.link_up(A)
    node.run(1.0, {A: 1000.0})
    node.grants.link_down(A)
    assert not node.grants.spend_credit(A, node.now)
    node.link_up(A)
    node.give()
    assert node.run(1.0, {A: 1000.0})[A] == pytest.approx(1000, rel=0.05)


def test_accounts_are_bounded() -> None:
    node = Receiver()
    for number in range(2 * ACCOUNTS_CAP):
        node.link_up(LinkId(number))
        node.bring(LinkId(number), 1)
        node.grants.link_down(LinkId(number))
    node.link_up(LinkId(0))
    assert node.grants.share_left(LinkId(0)) > 0
    assert node.grants.share_left(LinkId(1)) == 1.0, "no link to speak of"
