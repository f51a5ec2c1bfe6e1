"""If a node has more links than its descriptor lists, only the neighbours that it omits end their links."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from p2pchat.core.stem.audit import LOOK_S, UNLISTED_S, Audit, Sight
from p2pchat.core.stem.epoch_map import EpochMap
from p2pchat.core.stem.outputs import SendTopology
from p2pchat.types import HopId, LinkId
from p2pchat.wire.topology import LINKS_MAX, NodeDescriptor, OwnDescriptor
from tests.support.stems import Wired

A, B = LinkId(1), LinkId(2)
NAME = HopId(b"a" * 8)
LISTS, LEAVES_OUT = Sight(NAME, True), Sight(HopId(b"b" * 8), False)


def let_go(audit: Audit, sight: Sight, start: float, seconds: float) -> float | None:
    """After how long a neighbour of that kind is let go."""
    for step in range(int(seconds / LOOK_S)):
        now = start + step * LOOK_S
        if audit.examine_links({A: sight}, now):
            return now - start
    return None


def test_who_lists_us_is_kept() -> None:
    assert let_go(Audit(), LISTS, 0.0, 100 * UNLISTED_S) is None


def test_who_leaves_us_out_is_let_go_after_some_time_and_not_taken_again() -> None:
    audit = Audit()
    audit.examine_links({A: LEAVES_OUT}, 0.0)
    after = let_go(audit, LEAVES_OUT, LOOK_S, 2 * UNLISTED_S)
    assert after is not None and UNLISTED_S - 2 * LOOK_S <= after <= UNLISTED_S
    assert audit.is_barred(LEAVES_OUT.name) and not audit.is_barred(LISTS.name)


def test_who_never_says_its_name_is_let_go_too() -> None:
    audit = Audit()
    assert let_go(audit, Sight(None, False), 0.0, 2 * UNLISTED_S) is not None
    assert not audit.is_barred(None)


def test_who_lists_its_neighbours_in_turns_has_a_quarter_more_than_fit() -> None:
    def kept(neighbours: int) -> bool:
        audit = Audit()
        seen = (LISTS if look % neighbours < LINKS_MAX else LEAVES_OUT for look in range(1000))
        return not any(audit.examine_links({A: sight}, look * LOOK_S) for look, sight in enumerate(seen))

    assert kept(LINKS_MAX + LINKS_MAX // 4)
    assert not kept(LINKS_MAX + LINKS_MAX // 2)


def test_a_machine_that_slept_has_not_been_left_out_meanwhile() -> None:
    audit = Audit()
    audit.examine_links({A: LEAVES_OUT}, 0.0)
    assert audit.examine_links({A: LEAVES_OUT}, 100_000.0) == []


def test_a_link_that_came_back_begins_anew() -> None:
    audit = Audit()
    for step in range(int(UNLISTED_S / LOOK_S) - 1):
        assert audit.examine_links({A: LEAVES_OUT, B: LISTS}, step * LOOK_S) == []
    audit.examine_links({B: LISTS}, UNLISTED_S)
    assert audit.examine_links({A: LEAVES_OUT, B: LISTS}, UNLISTED_S + LOOK_S) == []


def test_a_node_with_more_links_than_its_descriptor_holds_loses_those_it_cannot_list() -> None:
    names = "bcdefghijklmnopqrstu"
    mesh = Wired(" ".join(f"a{name}" for name in names))
    mesh.run(UNLISTED_S + 60.0)
    unlisted = [one for one, other in mesh.unlisted if other == "a"]
    assert sorted(unlisted) == sorted(names[LINKS_MAX:])
    assert not any(one == "a" for one, _ in mesh.unlisted), "they list it"


def test_a_mesh_of_honest_nodes_ends_no_link() -> None:
    mesh = Wired("ab bc cd de ea ac ce eb bd da")
    mesh.run(3 * UNLISTED_S)
    assert mesh.unlisted == []


# --- a node that tells its neighbours different things

RING = "bcdefghijklmno"
HASTE_S = 0.2
Tells = Callable[[LinkId], tuple[int, tuple[HopId, ...]]]


def liar(tells: Callable[[EpochMap], Tells], every_s: float, ring: str = RING) -> Wired:
    """Node a's neighbours sit in a ring, and it tells each what ``tells`` says: a serial, and a list; anew so
    often."""
    mesh = Wired(" ".join(one + other for one, other in zip(ring, ring[1:] + ring[0], strict=True)))
    mesh.add("a")
    for name in ring:
        mesh.link("a", name)
    (epoch_map,) = mesh.stems["a"]._maps
    mesh.run(10.0)
    told = tells(epoch_map)

    def own(link: LinkId) -> SendTopology:
        serial, links = told(link)
        descriptor = NodeDescriptor(
            epoch_map._signing.public, epoch_map.key.public, epoch_map.epoch, serial, links
        )
        proof = epoch_map._signing.sign_binding(epoch_map._bindings[link])
        return SendTopology(link, OwnDescriptor(epoch_map._signing.sign(descriptor), proof))

    for _ in range(int((UNLISTED_S + 3 * LOOK_S) / every_s)):
        for link in list(epoch_map._links):
            mesh._carry("a", [own(link)])
        mesh._settle()
        mesh.run(every_s)
    return mesh


def ours_alone(epoch_map: EpochMap, link: LinkId) -> tuple[HopId, ...]:
    """A list of this neighbour alone."""
    node = epoch_map.name_at(link)
    assert node is not None
    return (node,)


def test_who_tells_each_neighbour_another_list_under_one_serial_is_let_go_by_all() -> None:
    mesh = liar(lambda epoch_map: lambda link: (1000, ours_alone(epoch_map, link)), every_s=2 * LOOK_S)
    assert sorted(one for one, other in mesh.unlisted if other == "a") == list(RING)
    assert all(other == "a" for _, other in mesh.unlisted)
    assert all(mesh.counters[name]["nodes that told two lists under one serial"] == 1 for name in RING)


def test_who_has_lied_is_let_go_at_the_next_look_and_not_taken_again() -> None:
    audit = Audit()
    assert audit.examine_links({A: Sight(NAME, lists_us=True, lies=True), B: LISTS}, 0.0) == [A]
    assert audit.is_barred(NAME)


def test_who_tells_each_neighbour_a_later_list_before_it_hears_of_the_others_is_let_go_by_all() -> None:
    serials = count(1000)
    mesh = liar(
        lambda epoch_map: lambda link: (next(serials), ours_alone(epoch_map, link)), HASTE_S, RING[:8]
    )
    assert sorted(one for one, other in mesh.unlisted if other == "a") == list(RING[:8])
