"""What a contact says of the mesh that follows counts once, in its order, and not from a blocked contact."""

from __future__ import annotations

import pytest

from p2pchat.core.mesh.labelled import BelongingOutput
from p2pchat.core.mesh.succession import STEP_MAX, Succession
from p2pchat.core.values import user_inputs
from p2pchat.core.values.changes import DropMesh, PutMesh
from p2pchat.core.values.effects import Persist
from p2pchat.core.values.records import MeshRecord
from p2pchat.crypto.kdf import mesh_id
from p2pchat.types import ContactId, MeshId
from p2pchat.wire.payload import MeshRenewed
from tests.support.world import World


@pytest.fixture
def world() -> World:
    """alice and bob, who are in one mesh."""
    world = World("told of meshes")
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name)
    world.pair("alice", "bob")
    return world


def hers(world: World) -> Succession:
    return world.machines["alice"].running._belonging.succession


def mesh(world: World) -> MeshRecord:
    (only,) = world.machines["alice"].running.list_meshes()
    return only


def told(world: World, generation: int, secret: bytes) -> list[BelongingOutput]:
    """By bob."""
    return hers(world).on_renewed(world.contact("alice", "bob"), MeshRenewed(generation, secret), world.now)


def waited_for(out: list[BelongingOutput]) -> list[MeshId]:
    changes = [each.change for each in out if isinstance(each, Persist)]
    return [change.mesh.id for change in changes if isinstance(change, PutMesh)]


def dropped(out: list[BelongingOutput]) -> list[MeshId]:
    changes = [each.change for each in out if isinstance(each, Persist)]
    return [change.id for change in changes if isinstance(change, DropMesh)]


LATER, EARLIER = sorted((b"one secret".ljust(32), b"another secret".ljust(32)), key=mesh_id)
"""Of one generation, the mesh with the smallest id comes last."""


def test_an_empty_mesh_is_not_renewed_and_has_no_line(world: World) -> None:
    unknown = MeshId(b"u" * 16)
    assert hers(world).renew_mesh(unknown, world.now) == []
    assert hers(world).line_of(unknown) == []
    assert hers(world).listening_meshes(unknown) == (unknown,)
    assert hers(world).join_now(unknown, world.now) == []


def test_what_strangers_and_the_blocked_say_changes_nothing(world: World) -> None:
    renewed = MeshRenewed(1, LATER)
    assert hers(world).on_renewed(ContactId("c" * 64), renewed, world.now) == []
    world.tell("alice", user_inputs.ContactBlocked(world.contact("alice", "bob"), True))
    assert told(world, 1, LATER) == []


def test_a_leap_over_many_meshes_is_not_followed(world: World) -> None:
    assert told(world, mesh(world).generation + STEP_MAX + 1, LATER) == []


def test_what_is_said_twice_counts_once(world: World) -> None:
    assert waited_for(told(world, 1, LATER)) == [mesh_id(LATER)]
    assert waited_for(told(world, 1, LATER)) == []


def test_of_two_that_follow_the_later_is_waited_for_in_any_order(world: World) -> None:
    assert waited_for(told(world, 1, EARLIER)) == [mesh_id(EARLIER)]
    out = told(world, 1, LATER)
    assert (waited_for(out), dropped(out)) == ([mesh_id(LATER)], [mesh_id(EARLIER)])
    assert told(world, 1, EARLIER) == []


def test_a_guest_of_the_awaited_mesh_goes_there_at_once(world: World) -> None:
    before = mesh(world).id
    told(world, 1, LATER)
    assert hers(world).line_of(before) == [before]
    assert hers(world).join_now(mesh_id(LATER), world.now) != []
    assert hers(world).line_of(before) == [mesh_id(LATER), before]


def test_to_renew_what_a_later_one_is_waited_for_goes_beyond_that(world: World) -> None:
    told(world, 1, LATER)
    out = hers(world).renew_mesh(mesh(world).id, world.now)
    assert mesh_id(LATER) in dropped(out)
    assert max(each.record.generation for each in hers(world)._meshes) == 2
