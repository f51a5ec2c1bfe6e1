"""Rooms in which everything happens at once: what a member was entitled to is there exactly once, in an order
that respects parents, and nothing else.

The suite has a few seeds. For hundreds, by hand: ``P2PCHAT_TEST_SEEDS=300 pytest -n 2`` and this file.
"""

from __future__ import annotations

import os

import pytest

from p2pchat.wire.room_actions import SetRole
from tests.support.room_world import DAY_S, RoomWorld, list_counting

SEEDS = int(os.environ.get("P2PCHAT_TEST_SEEDS", "0"))


def live(seed: int, loss: float, steps: int = 60) -> tuple[RoomWorld, set[str]]:
    """Ten members join, leave, are removed, are killed, go away and come back while all write. Returns the
    world and who is out."""
    world = RoomWorld(seed, *(f"m{number}" for number in range(6)), loss=loss, delay_s=2.0)
    random, out, joined = world.random, set[str](), 6
    for step in range(steps):
        world.run(random.expovariate(1 / 20))
        here = [name for name, home in world.homes.items() if home.here and name not in out]
        others = [name for name in here if name != "m0"]
        match random.choices(range(7), (70, 8, 2, 2, 8, 8, 2))[0]:
            case 0:
                writer = random.choice([name for name in here if world.room(name).changes.is_in])
                world.say(writer, f"{writer} says {step}", wants=random.random() < 0.2)
            case 1 if joined < 10:
                world.let_in("m0", f"m{joined}")
                joined += 1
            case 2 if len(here) > 5:
                removed = random.choice(others)
                out.add(removed)
                world.remove("m0", removed)
            case 3 if len(here) > 5:
                leaver = random.choice([name for name in others if world.room(name).changes.is_in])
                out.add(leaver)
                world.leave(leaver)
            case 4 if others:
                world.go(random.choice(others))
            case 5:
                away = [name for name, home in world.homes.items() if not home.here and name not in out]
                if away:
                    world.come(random.choice(away))
            case 6:
                world.kill(random.choice(here))
    for name, home in world.homes.items():
        if not home.here and name not in out:
            world.come(name)
    world.run(12 * 3600.0)
    return world, out


def check_world(world: RoomWorld, out: set[str]) -> None:
    """What members were entitled to is there, and nothing else."""
    inside = [name for name in world.homes if name not in out]
    assert {tuple(world.roster_of(name)) for name in inside} == {tuple(sorted(inside))}
    for name, home in world.homes.items():
        assert set(home.texts) <= world.entitled(name), "what was not for this member"
        if name in out:
            continue
        missing = world.entitled(name) - set(home.texts)
        assert {world.written[text][0] for text in missing} <= out, f"{name} misses {missing}"
        assert not missing & list_counting(world, name), f"{name} misses {missing}, which others have"
        world.check_lines(name)


@pytest.mark.parametrize("seed", range(SEEDS or 1))
def test_all_that_a_member_was_entitled_to_is_there_once_and_nothing_else(seed: int) -> None:
    check_world(*live(seed, loss=0.02, steps=60 if SEEDS else 40))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 100 + (SEEDS or 2)))
def test_so_it_is_where_every_twentieth_cell_is_lost(seed: int) -> None:
    check_world(*live(seed, loss=0.05))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 100 + (SEEDS // 3 or 1)))
def test_so_it_is_where_three_cells_in_twenty_are_lost(seed: int) -> None:
    check_world(*live(seed, loss=0.15))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 100 + (SEEDS // 8 or 1)))
def test_so_it_is_where_three_cells_in_ten_are_lost(seed: int) -> None:
    check_world(*live(seed, loss=0.3))


@pytest.mark.parametrize("seed", range(SEEDS or 2))
def test_a_partition_with_changes_on_both_sides_ends_in_one_roster(seed: int) -> None:
    world = RoomWorld(seed, "anna", "ben", "carl", "dora", "emil", "fred")
    world.change("anna", SetRole(world["dora"].id, admin=True))
    world.run(30.0)
    world.part(["anna", "ben", "carl"], ["dora", "emil", "fred"])
    for step in range(6):
        for name in ("anna", "ben", "carl", "dora", "emil", "fred"):
            if world.room(name).changes.is_in:
                world.say(name, f"{name} {step}")
        if step == 2:
            world.remove("anna", "ben")
            world.let_in("anna", "gina")
        if step == 3:
            world.remove("dora", "fred")
            world.let_in("dora", "hans")
        world.run(600.0)
    lost = seed % 2 == 0
    world.heal(since=world.now if lost else None)
    world.run(DAY_S / 2)
    assert world.roster_of("anna") == ["anna", "carl", "dora", "emil", "gina", "hans"]
    world.say("gina", "all here")
    world.run(3600.0)
    for name in world.roster_of("anna"):
        assert world.roster_of(name) == world.roster_of("anna")
        missing = world.entitled(name) - set(world[name].texts)
        assert {world.written[text][0] for text in missing} <= {"ben", "fred"}, f"{name} misses {missing}"
        assert set(world[name].texts) <= world.entitled(name)


def test_a_member_is_away_for_three_weeks_and_has_everything_from_the_others() -> None:
    world = RoomWorld(21, "anna", "ben", "carl")
    world.go("carl")
    for day in range(21):
        world.say("anna", f"day {day}")
        world.run(DAY_S / 2)
        world.say("ben", f"night {day}")
        world.run(DAY_S / 2)
    world.come("carl")
    world.run(6 * 3600.0)
    assert set(world["carl"].texts) == world.entitled("carl")
    assert len(world["carl"].texts) == 42
    world.check_lines("carl")
    assert not [line for line in world["carl"].lines if line.through is not None]


def test_the_removed_with_all_keys_and_all_cells_read_nothing_after_and_newcomers_nothing_before() -> None:
    world = RoomWorld(22, "anna", "ben", "carl")
    world.say("anna", "before")
    world.run(20.0)
    world.remove("anna", "carl")
    world.run(20.0)
    world.say("ben", "after")
    world.let_in("anna", "dora")
    world.run(20.0)
    world.say("ben", "to dora, too")
    world.run(600.0)
    for name in ("carl", "dora"):
        world.kill(name)
        for cell in world.recorded:
            world.arrive(world[name], cell)
    assert world["carl"].texts == ["before"]
    assert world["dora"].texts == ["to dora, too"]
