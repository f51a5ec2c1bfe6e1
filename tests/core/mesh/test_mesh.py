"""Links are made, crossed, declined, lost and mended as the rules say."""

from __future__ import annotations

from itertools import product

import pytest

from p2pchat.core.values import effects, user_inputs
from p2pchat.core.values.profile import FAST, Profile
from p2pchat.core.values.settings import GUESTS, RENDEZVOUS_LINKS, Settings
from p2pchat.core.values.user_inputs import InviteOpened
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.kdf import cell_id
from p2pchat.types import CellId, Tag
from p2pchat.wire.cell import Cell, encode_cell
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.topology import LINKS_MAX
from tests.support.crowds import crowd, lose, peers, up
from tests.support.world import URL, World


def test_a_small_mesh_links_everybody_with_everybody_once() -> None:
    world = crowd(4)
    world.run(120.0)
    for name in world.machines:
        assert up(world, name) == 3
        assert len(set(peers(world, name))) == 3


def standings(world: World, name: str) -> list[str]:
    (mesh,) = world.machines[name].running._meshes
    return [each.standing.value for each in mesh.table.counted_neighbours()]


def test_a_neighbour_at_which_our_walk_ends_again_is_one_that_we_sought() -> None:
    """In a mesh of two or three no node should go on looking."""
    world = crowd(3)
    world.run(120.0)
    assert [standings(world, name) for name in world.machines] == [["sought"] * 2] * 3


@pytest.fixture(scope="module")
def larger_mesh() -> World:
    """Tests only look at it, and send messages."""
    world = crowd(16)
    world.run(120.0)
    return world


def test_in_a_larger_mesh_everybody_has_links_that_no_rendezvous_chose(larger_mesh: World) -> None:
    everybody = [standings(larger_mesh, name) for name in larger_mesh.machines]
    assert all(each.count("sought") >= 3 and each.count("accepted") <= 6 for each in everybody)
    assert all(each.count("met") <= RENDEZVOUS_LINKS for each in everybody)


def test_a_larger_mesh_stays_within_its_bounds_and_in_one_piece(larger_mesh: World) -> None:
    for name in larger_mesh.machines:
        assert 3 <= up(larger_mesh, name) <= LINKS_MAX
        assert len(set(peers(larger_mesh, name))) == up(larger_mesh, name)
    message = larger_mesh.send("n0", "n15", "across")
    larger_mesh.run(10.0)
    assert larger_mesh.machines["n15"].store.received() == ["across"]
    assert larger_mesh.machines["n0"].store.state(message).value == "delivered"


def test_several_meeting_places_make_no_double_links() -> None:
    world = crowd(3, urls=("ws://one.test", "ws://two.test", "ws://three.test"))
    world.run(120.0)
    for name in world.machines:
        assert sorted(peers(world, name)) == sorted(set(peers(world, name)))
        assert up(world, name) == 2


def test_a_node_takes_at_most_the_links_that_it_may() -> None:
    world = crowd(6, settings=Settings(links_wanted=1, links_max=2))
    world.run(200.0)
    assert all(1 <= up(world, name) <= 1 + RENDEZVOUS_LINKS + 2 + GUESTS for name in world.machines)


@pytest.mark.parametrize("bounds", [(0, 5), (6, 5), (1, LINKS_MAX + 1)])
def test_settings_must_make_sense(bounds: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="links"):
        Settings(*bounds)


def test_a_neighbour_that_dies_without_a_word_is_noticed_and_replaced() -> None:
    world = crowd(3)
    world.run(60.0)
    world.kill("n2")
    world.run(16.0)
    assert up(world, "n0") == 1
    world.start("n2")
    world.run(60.0)
    assert up(world, "n0") == 2


def test_a_neighbour_that_lost_us_is_linked_again() -> None:
    """Its side of the link is gone, ours still counts as up: its fresh offer replaces the quiet link."""
    world = crowd(2)
    world.run(30.0)
    world.separate("n0", "n1")
    world.run(20.0)
    assert up(world, "n0") == up(world, "n1") == 0
    world.unite()
    world.run(120.0)
    assert up(world, "n0") == up(world, "n1") == 1


@pytest.mark.parametrize("loser", ["n0", "n1"])
@pytest.mark.parametrize("seed", range(4))
def test_a_link_lost_on_one_side_only_is_mended_within_seconds(loser: str, seed: int) -> None:
    """The other side still takes it for alive and declines the first offer."""
    world = crowd(2, seed=seed)
    world.run(40.0 + seed)
    lose(world, loser)
    world.run(20.0)
    assert up(world, "n0") == up(world, "n1") == 1


@pytest.mark.parametrize("away", [16.0, 25.0, 60.0, 300.0])
def test_two_separated_nodes_are_linked_again_within_half_a_minute(away: float) -> None:
    """An attempt made meanwhile may have to run out first; without any link, no seat is avoided."""
    world = crowd(2)
    world.run(40.0)
    world.separate("n0", "n1")
    world.run(away)
    world.unite()
    world.run(30.0)
    assert up(world, "n0") == up(world, "n1") == 1


@pytest.mark.parametrize("gone", [0.0, 3.0, 100.0])
@pytest.mark.parametrize("who", ["n0", "n1"])
def test_a_message_after_a_restart_of_either_side_takes_seconds(who: str, gone: float) -> None:
    world = crowd(2)
    world.run(40.0)
    world.kill(who)
    world.run(gone)
    world.start(who)
    message = world.send("n0", "n1", "back")
    world.run(5.0)
    assert world.machines["n0"].store.state(message).value == "delivered"


def test_a_goodbye_ends_a_link_at_once() -> None:
    world = crowd(2)
    world.run(30.0)
    world.stop("n1")
    world.run(1.0)
    assert up(world, "n0") == 0


def test_seats_follow_the_epochs() -> None:
    world = crowd(2)
    world.run(30.0)
    seats = world.brokers[URL].take_census()
    world.now += 6 * 3600.0 - 1_000.0  # nothing happens in between
    world.run(1_000.0)
    assert world.brokers[URL].take_census().topics <= 2 * seats.topics
    world.kill("n1")
    world.start("n1")
    world.run(60.0)
    assert up(world, "n0") == 1


def pieces(world: World) -> int:
    """In how many pieces the mesh is."""
    owner: dict[bytes, str] = {
        mesh.node: n for n in running(world) for mesh in world.machines[n].running.get_status().meshes
    }
    left, count = set(owner.values()), 0
    while left:
        reached, count = [left.pop()], count + 1
        while reached:
            near = {owner[peer] for peer in peers(world, reached.pop()) if peer in owner} & left
            left -= near
            reached += near
    return count


def running(world: World) -> list[str]:
    return [name for name, machine in world.machines.items() if machine.node is not None]


def test_most_leave_the_rendezvous_when_enough_sit_there(larger_mesh: World) -> None:
    assert 6 <= larger_mesh.brokers[URL].take_census().seats <= 9
    assert pieces(larger_mesh) == 1


def test_without_a_rendezvous_the_mesh_heals_and_takes_in_a_member_s_guest() -> None:
    world = crowd(12)
    world.run(60.0)
    world.close(URL)
    for name in ("n3", "n7", "n11"):
        world.kill(name)
    world.add("new", ("ws://private.test",))
    world.start("new")
    code = InviteOpened(99, False, "new", ("ws://private.test",), world.now + 60)
    world.tell("n5", code)
    world.run(1.0)
    ready = world.machines["n5"].events(effects.InviteReady)[-1]
    world.tell("new", user_inputs.InviteEntered(1, ready.code, "host", (), world.now + 60))
    world.run(10.0)
    world.close("ws://private.test")
    assert up(world, "new") >= 1
    world.run(60.0)
    assert pieces(world) == 1
    for name in running(world):
        assert 3 <= up(world, name) <= LINKS_MAX
    message = world.send("new", "host", "here I am")
    world.run(5.0)
    assert world.machines["new"].store.state(message).value == "delivered"


def test_a_mesh_in_two_pieces_becomes_one_again() -> None:
    world = crowd(10)
    world.run(60.0)
    names = running(world)
    for a, b in product(names[:5], names[5:]):
        world.separate(a, b)
    world.idle(300.0)
    assert pieces(world) == 2
    world.unite()
    world.run(60.0)
    assert pieces(world) == 1


@pytest.mark.parametrize("away", [20.0, 3600.0])
def test_an_absent_node_gets_what_it_missed_even_if_its_writer_is_gone(away: float) -> None:
    world = crowd(5)
    world.run(30.0)
    world.stop("n4")
    world.send("n0", "n4", "kept by others")
    world.idle(away)
    world.kill("n0")
    world.start("n4")
    world.run(30.0)
    assert world.machines["n4"].store.received() == ["kept by others"]


def test_a_node_that_restarts_still_keeps_what_it_held() -> None:
    world = crowd(3)
    world.run(30.0)
    world.stop("n2")
    world.send("n0", "n2", "kept on disk")
    world.run(20.0)
    world.kill("n0")
    world.kill("n1")
    world.start("n1")
    world.start("n2")
    world.run(40.0)
    assert world.machines["n2"].store.received() == ["kept on disk"]


def test_the_halves_of_a_torn_mesh_exchange_what_the_other_wrote() -> None:
    world = crowd(8)
    world.run(60.0)
    for a, b in product([f"n{n}" for n in range(4)], [f"n{n}" for n in range(4, 8)]):
        world.separate(a, b)
    world.run(60.0)
    world.send("n0", "n5", "across the cut")
    world.idle(300.0)
    assert world.machines["n5"].store.received() == []
    world.unite()
    world.run(60.0)
    assert world.machines["n5"].store.received() == ["across the cut"]


def flood(world: World, name: str, count: int) -> set[CellId]:
    """That member writes so many cells at once, addressed to no contact; their ids."""
    (record,) = world.machines[name].store.meshes.values()
    written = set()
    for number in range(count):
        tag = Tag(number.to_bytes(GEOMETRY.cell_tag, "big"))
        cell = encode_cell(Cell(tag, epoch_at(world.now), bytes(GEOMETRY.stamp), bytes(GEOMETRY.box)))
        world.tell(name, user_inputs.CellSubmitted(record.id, cell))
        written.add(cell_id(cell))
    return written


def counted(world: World, name: str, counter: str) -> int:
    return world.machines[name].running.get_status().counters.get(counter, 0)


def test_an_endless_writer_waits_itself_and_a_message_passes_at_once() -> None:
    world = crowd(6)
    world.run(60.0)
    flood(world, "n5", 1500)
    world.run(0.3)
    message = world.send("n1", "n0", "through the flood")
    world.run_until(lambda: world.machines["n1"].store.state(message).value == "delivered", within=0.5)
    assert counted(world, "n0", "cells relayed") < 1400, "the flood is not over"
    world.run(2.0)
    counters = [world.machines[f"n{number}"].running.get_status().counters for number in range(5)]
    assert sum(each.get("cells refused: no credit", 0) for each in counters) == 0
    assert max(each["cells relayed"] for each in counters) > 1500


@pytest.mark.parametrize("profile", [None, FAST])
def test_where_stamps_are_asked_for_cells_without_are_not_handed_on(profile: Profile | None) -> None:
    """With a profile they come in onions."""
    world = World()
    for name in ("n0", "n1", "n2"):
        world.add(name)
        world.start(name, Settings(stamp_bits=0 if name == "n2" else 8, profile=profile))
    world.pair("n0", "n1")
    world.pair("n0", "n2")
    world.run(30.0)
    before = sum(counted(world, name, "cells refused: no stamp") for name in ("n0", "n1"))
    written = flood(world, "n2", 20)
    world.run(5.0)
    assert len(written) == 20
    for name in ("n0", "n1"):
        assert not written & {each.cell for each in world.machines[name].events(effects.CellSeen)}
    refused = sum(counted(world, name, "cells refused: no stamp") for name in ("n0", "n1"))
    assert refused - before >= 20, "each came to one of them at least"
    if profile is not None:  # what leaves a stem anywhere is what the two with stamps wrote, and all of it
        entered = sum(counted(world, name, "cells entered for others") for name in world.machines)
        assert entered == sum(counted(world, name, "cells originated") for name in ("n0", "n1"))
    message = world.send("n0", "n1", "with a stamp")
    world.run(5.0)
    assert world.machines["n0"].store.state(message).value == "delivered"


def test_a_node_that_takes_no_walks_has_its_stem_wait_for_none() -> None:
    world = World(3)
    for name in ("a", "b"):
        world.add(name)
        world.start(name, Settings(walks=False))
    world.pair("a", "b")
    (mesh,) = world.machines["a"].running._meshes
    assert not mesh.traffic.stem.guards.seeks
