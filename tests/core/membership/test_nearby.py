"""What is found on a machine's own network, and how little a stranger there can do."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.membership.nearby import (
    NEW_BURST,
    NEW_PER_S,
    OF_ONE_ADDRESS,
    PLACES_CAP,
    SHUN_S,
    SHUNNED_CAP,
    Nearby,
    NearbyKey,
    mark,
)
from p2pchat.core.values.inputs import Sought
from p2pchat.crypto.kdf import nearby_invite_key, nearby_key
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch, MeshId, Topic
from p2pchat.wire.mdns import MARKS_MAX, MARKS_STEP, TTL_S, Announcement

MESH, OTHER, INVITE = MeshId(b"m" * 16), MeshId(b"o" * 16), Topic(b"t" * 32)
EPOCH = Epoch(7)
KEY, OTHER_KEY = nearby_key(bytes(32), EPOCH), nearby_key(b"o" * 32, EPOCH)
INVITE_KEY = nearby_invite_key(INVITE)
HERE, THERE = IPv4Address("192.168.1.7"), IPv4Address("192.168.1.8")


def node(seed: int, *sought: NearbyKey) -> Nearby:
    made = Nearby(SeededEntropy(seed))
    made.look_for(sought)
    return made


def test_members_find_each_other_and_strangers_do_not() -> None:
    ana, bob, eve = (
        node(1, NearbyKey(KEY, MESH)),
        node(2, NearbyKey(KEY, MESH)),
        node(3, NearbyKey(OTHER_KEY, OTHER)),
    )
    said = ana.make_announcement(HERE, 4660)
    for each in (bob, eve):
        each.take_announcement(said, 0.0)
    assert bob.list_places(1.0) == {MESH: ("ws://192.168.1.7:4660",)}
    assert eve.list_places(1.0) == {OTHER: ()}


def test_a_guest_finds_the_host_and_shows_nothing_itself() -> None:
    host, guest = node(1, NearbyKey(INVITE_KEY, INVITE)), node(2, NearbyKey(INVITE_KEY, INVITE, shown=False))
    guest.take_announcement(host.make_announcement(HERE, 1), 0.0)
    host.take_announcement(guest.make_announcement(THERE, 1), 0.0)
    assert guest.list_places(0.0) == {INVITE: ("ws://192.168.1.7:1",)}
    assert host.list_places(0.0) == {INVITE: ()}


@pytest.mark.parametrize("change", [{"address": THERE}, {"port": 4661}, {"nonce": bytes(16)}, {"gone": True}])
def test_a_mark_counts_where_it_was_made_alone(change: dict[str, object]) -> None:
    ana, bob = node(1, NearbyKey(KEY, MESH)), node(2, NearbyKey(KEY, MESH))
    said = ana.make_announcement(HERE, 4660)
    bob.take_announcement(said, 0.0)
    bob.take_announcement(replace(said, **change), 1.0)  # type: ignore[arg-type]
    assert bob.list_places(1.0) == {MESH: ("ws://192.168.1.7:4660",)}


@pytest.mark.parametrize("address", ["127.0.0.1", "8.8.8.8", "100.64.0.1", "224.0.0.251", "0.0.0.0"])
def test_what_is_not_of_a_network_of_its_own_is_no_place(address: str) -> None:
    ana, bob = node(1, NearbyKey(KEY, MESH)), node(2, NearbyKey(KEY, MESH))
    bob.take_announcement(ana.make_announcement(IPv4Address(address), 4660), 0.0)
    assert bob.list_places(0.0) == {MESH: ()}


def test_a_place_goes_when_it_is_withdrawn_or_no_longer_announced() -> None:
    ana, bob = node(1, NearbyKey(KEY, MESH)), node(2, NearbyKey(KEY, MESH))
    bob.take_announcement(ana.make_announcement(HERE, 1), 0.0)
    bob.take_announcement(ana.make_announcement(HERE, 1, gone=True), 1.0)
    assert bob.list_places(1.0) == {MESH: ()}
    bob.take_announcement(ana.make_announcement(HERE, 1), 2.0)
    bob.take_announcement(ana.make_announcement(HERE, 1), 60.0)
    assert bob.list_places(59.0 + TTL_S)[MESH]
    assert not bob.list_places(60.0 + TTL_S)[MESH]


def test_what_is_announced_never_repeats_and_says_little_of_how_much() -> None:
    ana = node(1, NearbyKey(KEY, MESH), NearbyKey(OTHER_KEY, OTHER))
    idle = node(2)
    said = [each.make_announcement(HERE, 1) for each in (ana, ana, idle)]
    assert [len(each.marks) for each in said] == [MARKS_STEP] * 3
    assert len({each.nonce for each in said}) == 3
    assert len({mark for each in said for mark in each.marks}) == 3 * MARKS_STEP


def test_the_place_of_a_mark_says_nothing() -> None:
    """A mesh's own mark stands anywhere among the others."""
    at = set()
    for seed in range(64):
        said = node(seed, NearbyKey(KEY, MESH)).make_announcement(HERE, 1)
        at.add(said.marks.index(mark(KEY, said.nonce, HERE, 1)))
    assert len(at) == MARKS_STEP


def test_more_than_can_be_said_is_said_by_turns() -> None:
    keys = [nearby_key(bytes(32), Epoch(number)) for number in range(MARKS_MAX + 8)]
    ana, bob = node(1, *(NearbyKey(key, MESH) for key in keys)), node(2, NearbyKey(keys[0], MESH))
    for _ in range(20):
        said = ana.make_announcement(HERE, 1)
        assert len(said.marks) == MARKS_MAX
        bob.take_announcement(said, 0.0)
    assert bob.list_places(0.0)[MESH]


def test_no_number_of_announcements_leads_to_more_places() -> None:
    """Not even those of a member, which has the key."""
    evil, bob = node(1, NearbyKey(KEY, MESH)), node(2, NearbyKey(KEY, MESH))
    for last in range(1, 200):
        bob.take_announcement(evil.make_announcement(IPv4Address(f"192.168.1.{last}"), 1000), 0.0)
    assert len(bob.list_places(0.0)[MESH]) == PLACES_CAP


def test_one_machine_takes_not_all_the_places() -> None:
    ana, evil, bob = (node(seed, NearbyKey(KEY, MESH)) for seed in (1, 2, 3))
    for port in range(1, 1000):
        bob.take_announcement(evil.make_announcement(HERE, port), 0.0)
    bob.take_announcement(ana.make_announcement(THERE, 4660), 0.0)
    places = bob.list_places(0.0)[MESH]
    assert len(places) == OF_ONE_ADDRESS + 1 and f"ws://{THERE}:4660" in places


@pytest.mark.parametrize("taken_back", [True, False])
def test_a_node_that_names_one_place_after_another_leads_to_few(taken_back: bool) -> None:
    """By withdrawing each, or because no program listens there."""
    evil, bob = node(1, NearbyKey(KEY, MESH)), node(2, NearbyKey(KEY, MESH))
    seen: set[str] = set()
    for turn in range(600):
        now = turn / 10
        bob.take_announcement(evil.make_announcement(HERE, 1 + turn), now)
        for url in bob.list_places(now)[MESH]:
            seen.add(url)
            if not taken_back:
                bob.drop_place(url, now)
        if taken_back:
            bob.take_announcement(evil.make_announcement(HERE, 1 + turn, gone=True), now)
    assert len(seen) <= NEW_BURST + NEW_PER_S * 60


def test_a_place_that_cannot_be_reached_makes_room() -> None:
    ana, bob = node(1, NearbyKey(KEY, MESH)), node(2, NearbyKey(KEY, MESH))
    machines = [IPv4Address(f"192.168.1.{last}") for last in range(1, PLACES_CAP + 2)]
    for machine in machines:
        bob.take_announcement(ana.make_announcement(machine, 1), 0.0)
    bob.drop_place("ws://192.168.1.1:1", 1.0)
    for machine in (machines[0], machines[-1]):
        bob.take_announcement(ana.make_announcement(machine, 1), 2.0)
    places = bob.list_places(2.0)[MESH]
    assert len(places) == PLACES_CAP and "ws://192.168.1.1:1" not in places
    bob.drop_place("ws://192.168.1.2:1", 2.0)
    bob.take_announcement(ana.make_announcement(machines[0], 1), 1.0 + SHUN_S)
    assert "ws://192.168.1.1:1" in bob.list_places(1.0 + SHUN_S)[MESH]


def test_what_is_remembered_of_bad_places_is_bounded() -> None:
    bob = node(1, NearbyKey(KEY, MESH))
    for port in range(1, 3 * SHUNNED_CAP):
        bob.drop_place(f"ws://192.168.1.7:{port}", 0.0)
    assert len(bob._shunned) == SHUNNED_CAP


def test_ended_searches_are_forgotten() -> None:
    ana, bob = node(1, NearbyKey(KEY, MESH)), node(2, NearbyKey(KEY, MESH))
    bob.take_announcement(ana.make_announcement(HERE, 1), 0.0)
    assert not bob.look_for([NearbyKey(KEY, MESH)])
    assert bob.look_for([])
    assert bob.list_places(0.0) == {}
    assert bob.look_for([NearbyKey(KEY, MESH)])
    assert bob.list_places(0.0) == {MESH: ()}


@given(st.lists(st.binary(min_size=16, max_size=16), min_size=8, max_size=8, unique=True), st.booleans())
def test_marks_without_the_key_are_nothing(marks: list[bytes], gone: bool) -> None:
    bob = node(1, NearbyKey(KEY, MESH))
    bob.take_announcement(Announcement(bytes(16), HERE, 1, tuple(marks), gone), 0.0)
    found: dict[Sought, tuple[str, ...]] = {MESH: ()}
    assert bob.list_places(0.0) == found
