"""What left over a link that is gone, and did not come back, is told: its sender repeats it."""

from __future__ import annotations

import pytest

from p2pchat.core.stem.outputs import CellMissing
from p2pchat.core.stem.unreturned import CAP, RECENT_S, Unreturned
from p2pchat.core.values.profile import BALANCED, FAST, STRONG, Profile
from p2pchat.crypto.kdf import cell_id
from p2pchat.types import LinkId
from p2pchat.wire.cell import tag_of
from tests.support.stems import Wired, cell

LINK, OTHER = LinkId(1), LinkId(2)


def put(kept: Unreturned, number: int, link: LinkId = LINK, now: float = 0.0) -> None:
    kept.put_cell(cell_id(cell(number)), tag_of(cell(number)), link, now)


def test_what_left_over_the_link_is_told_once_and_in_order() -> None:
    kept = Unreturned()
    for number, link in ((1, LINK), (2, OTHER), (3, LINK)):
        put(kept, number, link)
    assert kept.mark_lost(LINK, 1.0) == [tag_of(cell(1)), tag_of(cell(3))]
    assert kept.mark_lost(LINK, 1.0) == []


def test_what_came_back_or_is_old_is_not_lost() -> None:
    kept = Unreturned()
    put(kept, 1)
    put(kept, 2)
    put(kept, 3, now=5.0)
    assert kept.pop_returned(cell_id(cell(1))) == tag_of(cell(1))
    assert kept.mark_lost(LINK, RECENT_S) == [tag_of(cell(3))]


def test_a_cell_may_come_back_after_its_link_is_gone() -> None:
    kept = Unreturned()
    put(kept, 1)
    assert kept.mark_lost(LINK, 1.0) == [tag_of(cell(1))]
    assert kept.pop_returned(cell_id(cell(1))) == tag_of(cell(1))
    assert kept.pop_returned(cell_id(cell(1))) is None


def test_it_keeps_the_newest() -> None:
    kept = Unreturned()
    for number in range(CAP + 1):
        put(kept, number)
    assert kept.mark_lost(LINK, 1.0) == [tag_of(cell(number)) for number in range(1, CAP + 1)]


def missing(profile: Profile, broken: bool) -> list[CellMissing]:
    """What the end of the first link tells of a cell that left over it."""
    mesh = Wired("ab", profile)
    mesh.run(30.0)
    mesh.drops = lambda source, target, onion: broken
    mesh.submit("a", cell(1))
    mesh.run(2.0)
    told = mesh.stems["a"].link_down(LinkId(ord("b")), mesh.now)
    return [each for each in told if isinstance(each, CellMissing)]


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("profile", [FAST, BALANCED, STRONG])
def test_only_what_came_back_from_the_mesh_is_told_to_have_come_back(profile: Profile, broken: bool) -> None:
    mesh = Wired("ab", profile)
    mesh.run(30.0)
    mesh.drops = lambda source, target, onion: broken
    mesh.submit("a", cell(1))
    mesh.run(5.0)
    assert mesh.left[-1:] == [tag_of(cell(1))], "it has left"
    assert mesh.returned == ([] if broken else [("a", tag_of(cell(1)))])


@pytest.mark.parametrize("profile", [BALANCED, STRONG])
def test_a_link_that_ends_tells_which_of_our_cells_may_be_lost(profile: Profile) -> None:
    assert missing(profile, broken=True) == [CellMissing(tag_of(cell(1)))]
    assert missing(profile, broken=False) == []


def test_without_cover_a_link_that_ends_tells_nothing() -> None:
    assert missing(FAST, broken=True) == []
