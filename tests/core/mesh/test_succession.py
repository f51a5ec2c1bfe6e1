"""A removed member is left behind; the others find each other in the next mesh, and lose nothing."""

from __future__ import annotations

import pytest

from p2pchat.core.membership.neighbour import SeatRef
from p2pchat.core.membership.offer_exchange import OfferExchange
from p2pchat.core.mesh import succession
from p2pchat.core.mesh.succession import ALONE_MAX_S, DELAY_S, GAP_S, OVERLAP_MIN_S, STEP_MAX, comes_after
from p2pchat.core.values import effects, user_inputs
from p2pchat.core.values.records import MeshRecord
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.kdf import mesh_id, mesh_topic
from p2pchat.errors import RefusedInput
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch, MeshId, MessageId, NodeId
from p2pchat.wire import signalling
from p2pchat.wire.payload import MeshRenewed
from tests.support.world import URL, World

HOUR = 3600.0


def world_of(*names: str, seed: object = "succession") -> World:
    world = World(seed=seed)
    for name in names:
        world.add(name)
        world.start(name)
    return world


def circle(seed: object = "succession") -> World:
    """alice knows bob, carol and xavier; bob knows dave."""
    world = world_of("alice", "bob", "carol", "dave", "xavier", seed=seed)
    for host, guest in (("alice", "bob"), ("alice", "carol"), ("alice", "xavier"), ("bob", "dave")):
        world.pair(host, guest)
    world.run(60.0)
    return world


def remove(world: World, who: str, whom: str) -> None:
    world.tell(who, user_inputs.ContactRemoved(world.contact(who, whom), renew_mesh=True))


def meshes(world: World, name: str) -> list[MeshId]:
    return [each.id for each in world.machines[name].running.list_meshes()]


def secret_of(world: World, name: str) -> bytes:
    """Of the mesh into which one's invites lead."""
    return world.machines[name].running.list_meshes()[0].secret


def delivered(world: World, name: str, message: MessageId) -> bool:
    return world.machines[name].store.state(message).value == "delivered"


STAY = ("alice", "bob", "carol", "dave")
TALKS = (("alice", "bob"), ("carol", "alice"), ("bob", "dave"), ("dave", "bob"))


def all_hear_each_other(world: World, within: float = 300.0) -> None:
    said = [(source, world.send(source, target, "heard?")) for source, target in TALKS]
    world.run_until(lambda: all(delivered(world, *each) for each in said), within)


def test_remaining_members_move_on_and_a_removed_one_is_left_behind() -> None:
    world = circle()
    old = secret_of(world, "xavier")
    remove(world, "alice", "xavier")
    for _ in range(6):
        all_hear_each_other(world)
        world.idle(OVERLAP_MIN_S / 4)
    (new,) = {mesh for name in STAY for mesh in meshes(world, name)}
    assert new != mesh_id(old)
    assert meshes(world, "xavier") == [mesh_id(old)]
    xavier = world.machines["xavier"].running
    assert not any(link.state == "up" for link in xavier.get_status().links)
    all_hear_each_other(world)


def test_later_blobs_at_the_seats_open_under_no_secret_of_a_removed_member() -> None:
    world = circle()
    old = secret_of(world, "xavier")
    remove(world, "alice", "xavier")
    world.idle(2 * OVERLAP_MIN_S)
    new = secret_of(world, "alice")
    seen: list[tuple[SeatRef, bytes]] = []

    def note(message: signalling.FromServer) -> signalling.FromServer:
        if isinstance(message, signalling.Blob):
            seen.append((SeatRef(URL, message.topic, message.seat), message.blob))
        return message

    world.tamper = note
    world.kill("bob")
    world.run(60.0)
    world.start("bob")
    world.run(60.0)
    opened = {old: 0, new: 0}
    for secret in opened:
        reader = OfferExchange(secret, NodeId(b"x" * 8), SeededEntropy(0))
        for at, blob in seen:
            try:
                reader.read_offer(at, blob)
            except RefusedInput:
                continue
            opened[secret] += 1
    assert opened[old] == 0 < opened[new]
    topics = {at.topic for at, _ in seen}
    known = {mesh_topic(old, Epoch(epoch_at(world.now) + step)) for step in (-1, 0, 1)}
    assert topics and not topics & known


def test_nothing_is_lost_whenever_it_was_said() -> None:
    world = circle()
    said: list[tuple[str, MessageId]] = []
    remove(world, "alice", "xavier")
    for step in range(60):  # the mesh before is left after some 50 of them
        source, target = TALKS[step % len(TALKS)]
        said.append((source, world.send(source, target, f"{step}")))
        world.run(20.0)
    world.run_until(lambda: all(delivered(world, *each) for each in said), within=600.0)
    for name in ("alice", "bob", "carol", "dave"):
        texts = [event.message.text for event in world.machines[name].events(effects.MessageArrived)]
        assert len(texts) == len(set(texts))


@pytest.mark.slow
def test_a_contact_away_for_a_day_still_gets_it() -> None:
    world = world_of("alice", "carol", "xavier")
    world.pair("alice", "carol")
    world.pair("alice", "xavier")
    world.run(30.0)
    world.kill("carol")
    remove(world, "alice", "xavier")
    world.idle(HOUR)
    world.kill("xavier")
    world.idle(24 * HOUR)
    assert len(meshes(world, "alice")) == 2, "carol is awaited"
    message = world.send("alice", "carol", "welcome back")
    world.start("carol")
    world.run_until(lambda: delivered(world, "alice", message), within=HOUR)
    world.idle(2 * OVERLAP_MIN_S)
    assert meshes(world, "alice") == meshes(world, "carol") == [mesh_id(secret_of(world, "alice"))]
    message = world.send("carol", "alice", "here I am")
    world.run_until(lambda: delivered(world, "carol", message))


def test_two_simultaneous_renewals_end_in_one_mesh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "GAP_S", GAP_S / 4)
    world = circle()
    world.add("yves")
    world.start("yves")
    world.pair("bob", "yves")
    remove(world, "alice", "xavier")
    remove(world, "bob", "yves")
    all_hear_each_other(world)
    world.idle(GAP_S / 4 + 2 * OVERLAP_MIN_S)
    assert len({mesh for name in STAY for mesh in meshes(world, name)}) == 1
    all_hear_each_other(world)


def test_a_node_that_restarts_half_way_continues_where_it_was() -> None:
    world = circle()
    remove(world, "alice", "xavier")
    for _ in range(3):
        for name in STAY:
            world.kill(name)
            world.start(name)
            world.run(20.0)
    all_hear_each_other(world)
    world.idle(2 * OVERLAP_MIN_S)
    assert len({mesh for name in STAY for mesh in meshes(world, name)}) == 1
    all_hear_each_other(world)


def test_a_contact_who_renews_without_end_moves_others_once_an_hour() -> None:
    world = world_of("alice", "bob", "carol")
    world.pair("alice", "bob")
    world.pair("alice", "carol")
    mallory = world.machines["carol"].running
    for number in range(20):
        renewed = MeshRenewed(1 + number, bytes([number]) * 32)
        told = mallory._conversations.tell_payloads(world.contact("carol", "alice"), [renewed], world.now)
        world.carry_out("carol", mallory._routing.route_conversations(told, world.now))
        world.idle(300.0)
        assert len(meshes(world, "alice")) <= 3
        assert len(world.machines["alice"].store.meshes) <= 4
    changes = world.machines["bob"].events(effects.MeshChanged)
    assert 1 <= sum(each.change == "renewed" for each in changes) <= 2
    message = world.send("alice", "bob", "tiresome")
    world.run_until(lambda: delivered(world, "alice", message), within=300.0)


@pytest.mark.slow
def test_a_contact_who_names_empty_meshes_puts_us_into_a_few_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = world_of("alice", "bob", "mallory")
    world.pair("alice", "bob")
    world.pair("alice", "mallory")
    world.run(60.0)
    world.kill("bob")
    mallory = world.machines["mallory"].running
    monkeypatch.setattr(mallory._belonging.succession, "on_renewed", lambda *_: [])
    for number in range(6):
        renewed = MeshRenewed(1 + number, bytes([number]) * 32)
        told = mallory._conversations.tell_payloads(world.contact("mallory", "alice"), [renewed], world.now)
        world.carry_out("mallory", mallory._routing.route_conversations(told, world.now))
        world.idle(GAP_S + 5 * DELAY_S)
        assert len(meshes(world, "alice")) <= 2 + ALONE_MAX_S / GAP_S
    world.start("bob")
    message = world.send("bob", "alice", "still there?")
    world.run_until(lambda: delivered(world, "bob", message), within=600.0)


def test_a_later_guest_is_in_the_same_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "GAP_S", GAP_S / 4)
    world = circle()
    remove(world, "alice", "xavier")
    world.run(60.0)
    world.add("erin")
    world.start("erin")
    world.pair("alice", "erin")
    world.add("zoe")
    world.start("zoe")
    world.pair("alice", "zoe")
    world.idle(2 * OVERLAP_MIN_S)
    remove(world, "alice", "zoe")
    world.idle(2 * OVERLAP_MIN_S)
    names = (*STAY, "erin")
    assert len({mesh for name in names for mesh in meshes(world, name)}) == 1
    message = world.send("erin", "alice", "still in")
    world.run_until(lambda: delivered(world, "erin", message))


def test_an_invite_given_before_leads_to_where_one_is() -> None:
    world = circle()
    code = world.invite("alice")
    remove(world, "alice", "xavier")
    world.add("erin")
    world.start("erin")
    world.tell("erin", user_inputs.InviteEntered(1, code, None, (), world.now + 60))
    world.run_until(lambda: bool(world.machines["erin"].events(effects.InviteCompleted)))
    assert secret_of(world, "erin") == secret_of(world, "alice")


def test_blocked_contacts_are_not_told() -> None:
    world = circle()
    world.tell("alice", user_inputs.ContactBlocked(world.contact("alice", "carol"), True))
    old = secret_of(world, "carol")
    remove(world, "alice", "xavier")
    world.idle(2 * OVERLAP_MIN_S)
    assert secret_of(world, "carol") == old
    assert len(meshes(world, "alice")) == 1


def test_of_some_meshes_all_agree_on_the_last() -> None:
    known = MeshRecord(MeshId(b"k" * 16), b"s" * 32, (), 0.0, generation=3)
    assert comes_after(3, MeshId(b"a" * 16), known)
    assert not comes_after(3, MeshId(b"z" * 16), known)
    assert not comes_after(3, known.id, known)
    assert not comes_after(2, MeshId(b"a" * 16), known)
    assert comes_after(4, MeshId(b"z" * 16), known)
    assert not comes_after(3 + STEP_MAX + 1, MeshId(b"a" * 16), known)
    assert not comes_after(0, MeshId(b"a" * 16), MeshRecord(MeshId(b"k" * 16), b"s" * 32, (), 0.0))
