"""A first hop that takes too few of our onions is known, however many it takes at a time."""

from __future__ import annotations

import pytest

from p2pchat.core.kit.credit import OWN_AHEAD
from p2pchat.core.stem.stall import STALL_S, Stall
from p2pchat.core.values.profile import BALANCED, FAST, STRONG, Profile
from p2pchat.types import ContactId, LinkId
from tests.support.stems import Wired, amid, cell

LINK, OTHER = LinkId(1), LinkId(2)


def full(since: float = 0.0) -> Stall:
    stall = Stall()
    stall.note_space(LINK, 0, since)
    return stall


def test_a_link_that_takes_nothing_is_stalled_after_a_while() -> None:
    stall = full()
    assert not stall.is_over(0, STALL_S - 0.1)
    assert stall.is_over(0, STALL_S)
    assert stall.link == LINK


def test_a_few_at_a_time_do_not_count() -> None:
    stall = full()
    for at in range(1, int(STALL_S), 4):
        stall.note_space(LINK, 2, float(at))
        stall.count_taken(2)
    assert stall.is_over(0, STALL_S)


def test_as_many_as_wait_there_do() -> None:
    stall = full()
    stall.count_taken(OWN_AHEAD)
    assert not stall.is_over(0, STALL_S)
    stall.note_space(LINK, 0, STALL_S)
    assert stall.is_over(0, 2 * STALL_S), "and the next while counts anew"


def test_where_nothing_of_ours_waits_any_more_or_the_stem_begins_elsewhere_it_counts_anew() -> None:
    for link, space in ((LINK, OWN_AHEAD), (OTHER, 1)):
        stall = full()
        stall.note_space(link, space, 10.0)
        assert not stall.is_over(0, STALL_S)
    assert not full().is_over(OWN_AHEAD, STALL_S)


# --- in a mesh


def stalled(profile: Profile, takes_s: float = 0.0, others: int = 1000) -> tuple[Wired, str]:
    """The first hop of ``a`` takes no onions, or one every so many seconds; other links take ``others``."""
    mesh = amid(profile, "bcdef")
    first, begun = mesh.pinned("a")[0], mesh.now

    def own_space(link: LinkId) -> int:
        if chr(link) != first:
            return others
        taken = sum(onion[:2] == ("a", first) for onion in mesh.onions)
        return max(0, int((mesh.now - begun) / takes_s) - taken) if takes_s else 0

    mesh.stems["a"].sender.own_space = own_space
    return mesh, first


@pytest.mark.parametrize("takes_s", [0.0, 4.0])
@pytest.mark.parametrize("profile", [FAST, BALANCED, STRONG])
def test_a_first_hop_that_takes_no_onions_is_left_and_what_waits_goes_by_another(
    profile: Profile, takes_s: float
) -> None:
    mesh, first = stalled(profile, takes_s)
    for number in range(20):
        mesh.submit("a", cell(number))
    mesh.run(45.0)
    assert mesh.pinned("a")[0] != first
    assert cell(19) in [body for _, body in mesh.entered]
    assert len(mesh.left) == len(set(mesh.left)) == 20, "each by one stem"
    for _ in range(2):
        mesh.run(30.0)
        assert mesh.pinned("a")[0] != first, "loops that come back over it do not clear it"


@pytest.mark.parametrize("profile", [FAST, BALANCED, STRONG])
def test_a_first_hop_is_kept_when_no_link_takes_anything(profile: Profile) -> None:
    mesh, first = stalled(profile, others=0)
    mesh.submit("a", cell(1))
    mesh.run(90.0)
    assert mesh.pinned("a")[0] == first


def test_a_contact_who_takes_no_onions_is_left_as_well() -> None:
    mesh = amid(BALANCED, "bcdef")
    mesh.stems["a"].guards.trust_link(LinkId(ord("b")), ContactId("bob"))
    mesh.stems["a"]._paths.drop_path()
    mesh.run(11.0)
    assert mesh.pinned("a")[0] == "b"
    mesh.stems["a"].sender.own_space = lambda link: 0 if chr(link) == "b" else 1000
    mesh.run(45.0)
    for _ in range(8):
        mesh.run(5.0)
        assert mesh.pinned("a")[0] != "b"


def test_when_a_strong_node_leaves_such_a_first_hop_does_not_show_whether_it_writes() -> None:
    left = []
    for count in (0, 10):
        mesh, first = stalled(STRONG)
        for number in range(count):
            mesh.submit("a", cell(number))
        begun = mesh.now
        while mesh.pinned("a")[0] == first and mesh.now < begun + 60.0:
            mesh.run(0.5)
        left.append(mesh.now - begun)
    assert left[0] == left[1] < 60.0
