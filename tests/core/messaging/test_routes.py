"""Where a contact is reached, and when we come back from being away."""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.messaging.routes import AWAY_S, Routes
from p2pchat.core.values.records import Contact
from p2pchat.types import ContactId, MeshId

OLD, NEW = MeshId(b"old"), MeshId(b"new")
BOB = Contact(ContactId("b"), "bob", b"k", NEW, "words", 1.0)


def test_who_had_no_link_for_long_comes_back_with_the_first() -> None:
    routes = Routes()
    assert routes.set_links(NEW, 1, 0.0)
    assert not routes.set_links(NEW, 2, 1.0)
    assert not routes.set_links(NEW, 0, 2.0)
    assert not routes.set_links(NEW, 1, 1.0 + AWAY_S)
    routes.set_links(NEW, 0, 2.0)
    assert routes.set_links(NEW, 1, 2.0 + AWAY_S)


def test_a_contact_is_sought_in_every_mesh_until_it_was_heard_in_the_newest() -> None:
    routes = Routes()
    routes.successors = lambda mesh: (NEW, OLD)
    assert routes.choose_meshes(BOB) == [NEW]  # without a link there is nothing to choose
    for mesh in (OLD, NEW):
        routes.set_links(mesh, 1, 0.0)
    assert routes.count_links(BOB) == 2 and routes.choose_meshes(BOB) == [NEW, OLD]
    routes.on_cell(BOB, OLD)
    assert routes.choose_meshes(BOB) == [NEW, OLD]
    routes.on_cell(BOB, NEW)
    assert routes.choose_meshes(BOB) == [NEW]
    routes.forget_mesh(NEW)
    assert routes.choose_meshes(BOB) == [OLD]


def test_no_blocked_contact_is_reached() -> None:
    routes = Routes()
    assert routes.lead_through(BOB, NEW) and not routes.lead_through(BOB, OLD)
    assert not routes.lead_through(replace(BOB, blocked=True), NEW)
