"""Membership sees of a mesh which links it needs, and its map."""

from __future__ import annotations

from p2pchat.core.mesh.surroundings import MeshSurroundings
from p2pchat.core.values.profile import FAST
from p2pchat.core.values.settings import Settings
from p2pchat.types import ContactId, HopId, LinkId
from tests.core.mesh.test_traffic import NOW, Scene


def test_where_our_stem_begins_and_where_a_contact_is() -> None:
    scene = Scene(Settings(profile=FAST))
    use = MeshSurroundings(scene.traffic.cells, scene.traffic.stem)
    assert not use.is_stem_start(scene.link) and not use.leads_to_contact(scene.link)
    scene.traffic.stem.guards.trust_link(scene.link, ContactId("bob"))
    assert use.leads_to_contact(scene.link) and not use.leads_to_contact(LinkId(99))


def test_a_newcomer_has_no_map_and_knows_no_node_that_needs_it() -> None:
    scene = Scene(Settings(profile=FAST))
    use = MeshSurroundings(scene.traffic.cells, scene.traffic.stem)
    assert use.own_position(NOW) is None and not use.is_needed(scene.link, NOW)
    name = scene.traffic.stem.own_hop_id(NOW)
    assert (
        name is not None and use.position_of(name) is not None and use.position_of(HopId(b"nobody")) is None
    )
