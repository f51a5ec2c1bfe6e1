"""Where one takes part, and which rendezvous one is found at, is asked and changed by name."""

from __future__ import annotations

import pytest

from p2pchat.client import Node
from p2pchat.errors import UsageError
from tests.client.conftest import NOWHERE

pytestmark = pytest.mark.real


async def test_a_rendezvous_is_added_and_removed(lone: Node) -> None:
    assert [(place.url, place.own) for place in await lone.rendezvous()] == [(NOWHERE, True)]
    added = await lone.add_rendezvous("ws://127.0.0.1:10")
    assert {place.url for place in added} == {NOWHERE, "ws://127.0.0.1:10"}
    left = await lone.remove_rendezvous("ws://127.0.0.1:10")
    assert [place.url for place in left] == [NOWHERE]


async def test_a_mesh_that_is_not_known_cannot_be_left(lone: Node) -> None:
    assert await lone.meshes() == []
    with pytest.raises(UsageError):
        await lone.leave_mesh("abcd")
