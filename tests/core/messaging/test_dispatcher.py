"""What a conversation wants done goes to the meshes, the records and the tags that it concerns."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.contact_book import ContactBook
from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.dispatcher import Dispatcher
from p2pchat.core.messaging.outputs import (
    MeshReported,
    MeshTold,
    RetentionDecided,
    SendCell,
    SendInto,
    TagsChanged,
    Turned,
)
from p2pchat.core.session.turns import Turn
from p2pchat.core.values.changes import DropExpiredMessages
from p2pchat.core.values.effects import Persist
from p2pchat.crypto.envelope import TagDelta
from p2pchat.types import Tag
from p2pchat.wire.payload import MeshRenewed
from tests.support.world import World


@pytest.fixture(scope="module")
def paired() -> World:
    world = World()
    for name in ("ana", "bob"):
        world.add(name)
        world.start(name)
    world.pair("ana", "bob")
    return world


@pytest.fixture
def dispatcher(paired: World) -> Dispatcher:
    return paired.machines["ana"].running._conversations._dispatcher


@pytest.fixture
def contact_book(paired: World) -> ContactBook:
    return paired.machines["ana"].running._conversations._contact_book


@pytest.fixture
def bob(paired: World, contact_book: ContactBook) -> Conversation:
    return contact_book.by_id[paired.conversation("ana", "bob")]


def test_a_cell_goes_into_each_mesh_in_which_the_contact_may_be(
    dispatcher: Dispatcher, bob: Conversation
) -> None:
    assert dispatcher.count_links(bob) == 1
    assert dispatcher.dispatch_outputs(bob, [SendCell(b"cell")], 0.0) == [SendInto(bob.contact.mesh, b"cell")]


def test_what_is_noted_of_a_contact_changes_its_record(dispatcher: Dispatcher, bob: Conversation) -> None:
    assert dispatcher.dispatch_outputs(
        bob, [RetentionDecided(60.0, 1, by_them=True), Turned(Turn.LOST, 0)], 0.0
    )
    assert (bob.contact.preferences.retention_s, bob.contact.standing) == (60.0, "lost")


def test_tags_are_listened_for_unless_the_contact_is_blocked(
    dispatcher: Dispatcher, contact_book: ContactBook, bob: Conversation
) -> None:
    assert dispatcher.dispatch_outputs(bob, [TagsChanged(TagDelta((Tag(b"new"),), ()))], 0.0) == []
    assert contact_book.tags.owner_of(Tag(b"new")) is bob
    contact_book.update_contact(bob.contact.id, lambda known: contact_book.contacts.set_blocked(known, True))
    dispatcher.dispatch_outputs(bob, [TagsChanged(TagDelta((Tag(b"newer"),), ()))], 0.0)
    assert contact_book.tags.owner_of(Tag(b"newer")) is None
    contact_book.update_contact(bob.contact.id, lambda known: contact_book.contacts.set_blocked(known, False))


def test_what_concerns_no_conversation_is_left_to_others_in_order(
    dispatcher: Dispatcher, bob: Conversation
) -> None:
    forget, renewed = Persist(DropExpiredMessages(0.0)), MeshRenewed(1, bytes(32))
    assert dispatcher.dispatch_all([bob], lambda _: [MeshTold(renewed), forget], 0.0) == [
        MeshReported(bob.contact.id, renewed),
        forget,
    ]


def test_any_act_of_a_conversation_may_change_when_it_is_next_due(
    dispatcher: Dispatcher, bob: Conversation
) -> None:
    dispatcher.unsettled = False
    dispatcher.dispatch_all([], lambda _: [], 0.0)
    assert not dispatcher.unsettled
    dispatcher.dispatch_outputs(bob, [], 0.0)
    assert dispatcher.unsettled
