"""Newcomers that one member introduces, without a lasting rendezvous, find the mesh over that one link."""

from __future__ import annotations

from itertools import pairwise

import pytest

from p2pchat.core.values import effects, user_inputs
from p2pchat.core.values.effects import CloseLink, SendFrame, frames_first
from p2pchat.core.values.profile import FAST
from p2pchat.core.values.settings import Settings
from p2pchat.types import LinkId
from tests.support.world import URL, World

MEMBERS, KILLED = 9, 3


def links(world: World, name: str) -> int:
    return sum(each.state == "up" for each in world.machines[name].running.get_status().links)


def a_mesh_without_its_rendezvous(seed: int) -> tuple[World, list[str]]:
    world, names = World(seed), [f"n{number}" for number in range(MEMBERS)]
    for name in names:
        world.add(name)
        world.start(name, Settings(profile=FAST))
    for host, guest in pairwise(names):
        world.pair(host, guest)
    world.run(120.0)
    world.close(URL)
    for name in names[-KILLED:]:
        world.kill(name)
    world.run(65.0)
    return world, names[:-KILLED]


def introduce(world: World, host: str, name: str) -> None:
    """Pair them at a place that only the two know, and that ends when they have a link."""
    url, machine = f"ws://{name}:1", world.machines[host]
    world.add(name, (url,))
    world.start(name, Settings(profile=FAST))
    world.tell(host, user_inputs.InviteOpened(100, False, None, (url,), world.now + 600))
    world.run_until(lambda: any(each.invite == 100 for each in machine.events(effects.InviteReady)))
    code = machine.events(effects.InviteReady)[-1].code
    world.tell(name, user_inputs.InviteEntered(1, code, None, (url,), world.now + 60))
    world.run_until(lambda: bool(world.machines[name].events(effects.InviteCompleted)))
    world.run(1.0)
    world.stop(name)
    world.run(2.0)
    world.start(name, Settings(profile=FAST))
    world.run_until(lambda: links(world, name) >= 1)
    world.close(url)


@pytest.mark.parametrize("seed", range(2))
def test_newcomers_find_links_over_the_one_they_have(seed: int) -> None:
    world, members = a_mesh_without_its_rendezvous(seed)
    newcomers = [f"new{number}" for number in range(KILLED)]
    for host, name in zip(members, newcomers, strict=False):
        introduce(world, host, name)
    world.run(120.0)
    # A member may draw a link anew just then, and a newcomer seek another in its place.
    world.run_until(lambda: all(links(world, name) >= 3 for name in newcomers), within=20.0)
    refused = [world.machines[name].running._counters["frames refused: unreadable"] for name in members]
    assert sum(refused) == 0, "frames leave in the order in which they were sealed"


def test_frames_that_are_sealed_already_leave_first() -> None:
    one, other = SendFrame(LinkId(1), b"first"), SendFrame(LinkId(1), b"second")
    assert frames_first([CloseLink(LinkId(2)), one, CloseLink(LinkId(3)), other]) == [
        one,
        other,
        CloseLink(LinkId(2)),
        CloseLink(LinkId(3)),
    ]
