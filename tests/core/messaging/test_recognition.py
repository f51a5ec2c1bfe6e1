"""Neighbours who verified each other begin their stems at one another; no other node learns of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest

from p2pchat.core.mesh.outputs import MarksGiven, NeighbourChanged
from p2pchat.core.messaging.contact_book import ContactBook
from p2pchat.core.messaging.contacts import ContactTable
from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.recognition import Recognition
from p2pchat.core.node import MARKS_S
from p2pchat.core.values import effects, user_inputs
from p2pchat.core.values.profile import FAST
from p2pchat.core.values.settings import Settings
from p2pchat.core.values.status import StemStatus
from p2pchat.ports import Entropy
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, ConversationId, LinkId, MeshId
from p2pchat.wire.marks import MARKS, Marks
from tests.support.world import World

NAMES = ["ana", "bob", "cid", "dan", "eve"]
"""So few that all are linked with each other."""

BINDING, OTHER = b"a" * 32, b"b" * 32


@pytest.fixture
def world() -> World:
    world = World(latency=0.02)
    for name in NAMES:
        world.add(name)
        world.start(name, Settings(profile=FAST))
    for name in NAMES[1:]:
        world.pair("ana", name)
    return world


def verify(world: World, of: str, name: str, verified: bool = True) -> None:
    world.tell(of, user_inputs.ContactVerified(world.contact(of, name), verified))


def restart(world: World) -> None:
    """Stems are drawn anew."""
    for name in NAMES:
        world.stop(name)
    for name in NAMES:
        world.start(name, Settings(profile=FAST))
    world.run(60.0)


def stem(world: World, name: str) -> StemStatus:
    (status,) = world.machines[name].running.get_status().meshes
    assert status.stem is not None and status.stem.hops
    return status.stem


def begin_at_contacts(world: World) -> list[str]:
    return [name for name in NAMES if stem(world, name).by_contact]


def talks_of(world: World, name: str) -> list[Conversation]:
    return list(world.machines[name].running._conversations._by_id.values())


def give(world: World, name: str, binding: bytes, entropy: Entropy) -> Marks:
    """What a node says in the one mesh of this world."""
    node = world.machines[name].running
    (home,) = node._meshes
    return node._conversations.recognition.give_marks(home.record.id, binding, entropy, world.now)


def recognise(world: World, name: str, binding: bytes, said: Marks) -> ContactId | None:
    node = world.machines[name].running
    (home,) = node._meshes
    return node._conversations.recognition.recognise_contact(home.record.id, binding, said)


def entropies() -> Iterator[Entropy]:
    yield from (SeededEntropy(seed) for seed in range(100))


def test_stems_of_two_verified_contacts_begin_at_the_other(world: World) -> None:
    verify(world, "ana", "bob")
    verify(world, "bob", "ana")
    restart(world)
    assert begin_at_contacts(world) == ["ana", "bob"]


def test_verification_by_one_side_is_not_enough(world: World) -> None:
    verify(world, "ana", "bob")
    restart(world)
    assert begin_at_contacts(world) == []


def test_unverified_contacts_are_neighbours_like_any(world: World) -> None:
    restart(world)
    assert begin_at_contacts(world) == []


def test_it_shows_on_links_that_were_up_before_but_a_stem_that_is_not_young_stays(world: World) -> None:
    world.idle(180.0)
    drawn = {name: stem(world, name).drawn for name in NAMES}
    verify(world, "bob", "ana")
    world.run(1.0)
    verify(world, "ana", "bob")
    world.idle(6 * MARKS_S)
    assert {name: stem(world, name).drawn for name in NAMES} == drawn
    for name in ("ana", "bob"):
        (home,) = world.machines[name].running._meshes
        assert len(home.traffic.stem.guards.trusted) == 1


def test_neighbours_are_not_told_when_somebody_is_verified(world: World) -> None:
    input = user_inputs.ContactVerified(world.contact("ana", "bob"), True)
    said = world.machines["ana"].running.handle(input, world.now)
    assert said and not any(isinstance(each, effects.SendFrame) for each in said)


@pytest.mark.parametrize("change", ["undone", "blocked", "removed"])
def test_a_contact_no_longer_verified_is_no_longer_trusted(world: World, change: str) -> None:
    verify(world, "ana", "bob")
    verify(world, "bob", "ana")
    restart(world)
    contact = world.contact("ana", "bob")
    wishes: dict[str, user_inputs.ContactInput] = {
        "undone": user_inputs.ContactVerified(contact, False),
        "blocked": user_inputs.ContactBlocked(contact, True),
        "removed": user_inputs.ContactRemoved(contact),
    }
    world.tell("ana", wishes[change])
    world.run(1.0)
    (home,) = world.machines["ana"].running._meshes
    assert not home.traffic.stem.guards.trusted


def test_marks_tell_only_the_contact_on_that_link(world: World) -> None:
    for name, other in permutations(NAMES[:3], 2):
        if "ana" in (name, other):
            verify(world, name, other)
    said = give(world, "ana", BINDING, next(entropies()))
    assert recognise(world, "bob", BINDING, said) == world.contact("bob", "ana")
    assert recognise(world, "cid", BINDING, said) == world.contact("cid", "ana")
    assert recognise(world, "bob", OTHER, said) is None
    assert recognise(world, "dan", BINDING, said) is None
    assert recognise(world, "ana", BINDING, said) is None, "repeated to ana, they mean nothing"


def test_marks_do_not_say_how_many_there_are(world: World) -> None:
    verify(world, "ana", "bob")
    said = [give(world, "ana", BINDING, entropy) for entropy in entropies()]
    marks = [mark for each in said for mark in each.marks]
    assert len(marks) == len(set(marks)) == MARKS * len(said), "none is said twice"
    contact = talks_of(world, "bob")[0]
    places = {place(each, contact.delivery.session.list_marks(BINDING, each.nonce)) for each in said}
    assert len(places) > 20


def place(said: Marks, known: list[bytes]) -> int:
    (mark,) = set(said.marks).intersection(known)
    return said.marks.index(mark)


def test_of_very_many_contacts_some_are_given(world: World) -> None:
    verify(world, "ana", "bob")
    (talk,) = [each for each in talks_of(world, "ana") if each.contact.id == world.contact("ana", "bob")]
    contact_book = ContactBook(ContactTable([]))
    contact_book.by_id = {ConversationId(str(number)): talk for number in range(100)}
    said = Recognition(contact_book).give_marks(talk.contact.mesh, BINDING, next(entropies()), world.now)
    assert len(said.marks) == MARKS


def test_random_marks_belong_to_no_contact(world: World) -> None:
    strangers = Recognition(ContactBook(ContactTable([])))
    nobody = strangers.give_marks(MeshId(b"m" * 16), BINDING, next(entropies()), world.now)
    verify(world, "ana", "bob")
    assert recognise(world, "ana", BINDING, nobody) is None


def test_marks_are_not_answered(world: World) -> None:
    """An observer of lines would see which members know each other."""
    verify(world, "ana", "bob")
    verify(world, "bob", "ana")
    node = world.machines["ana"].running
    (home,) = node._meshes
    binding = next(iter(home.table.list_bindings().values()))
    said = give(world, "bob", binding, next(entropies()))
    link = next(iter(home.table.list_bindings()))
    assert node._routing.route_mesh(home, [MarksGiven(link, said)], world.now) == []
    assert home.traffic.stem.guards.trusted == {world.contact("ana", "bob"): link}


def test_marks_on_a_link_that_is_gone_belong_to_no_contact(world: World) -> None:
    node = world.machines["ana"].running
    (home,) = node._meshes
    said = give(world, "bob", BINDING, next(entropies()))
    assert node._routing.route_mesh(home, [MarksGiven(LinkId(999), said)], world.now) == []
    told = node._routing.route_mesh(home, [NeighbourChanged(LinkId(999), up=True)], world.now)
    assert not any(isinstance(each, effects.SendFrame) for each in told)
