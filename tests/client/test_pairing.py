"""A code leads to a contact, and one that is none is refused before anything is asked of the network."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from p2pchat.client import Node
from p2pchat.control.answers import ContactAddedEvent
from p2pchat.control.events import InviteEvent
from p2pchat.errors import UsageError
from tests.support.nodes import friends

pytestmark = pytest.mark.real


async def test_what_is_no_code_is_refused(lone: Node) -> None:
    with pytest.raises(UsageError):
        await lone.join("no code")


async def test_a_contact_that_pairs_again_in_a_mesh_keeps_its_name(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with friends(tmp_path_factory.mktemp("homes"), "ana", "bob") as (ana, bob):
        (mesh,) = await ana.meshes()
        async with aclosing(ana.invite(mesh=mesh.mesh, name="rob")) as invited:
            ready = await anext(invited)
            assert isinstance(ready, InviteEvent)
            made = await bob.join(ready.code, name="anna")
            added = await anext(invited)
        assert isinstance(added, ContactAddedEvent)
        assert (added.name, made.name) == ("bob", "ana")
