"""What a node says before it can know: of a home whose node has just begun, nothing is claimed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from p2pchat.client import connect
from p2pchat.daemon import node as daemon_node
from tests.support.nodes import friends

pytestmark = pytest.mark.real


async def test_before_the_first_search_nothing_is_claimed(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        for each in (alice, bob):
            await each.__aexit__(None, None, None)
        async with connect(tmp_path / "alice") as begun:
            assert [each.here for each in await begun.contacts()] == [None]
            assert (await begun.contact("bob")).here is None
            assert [each.links for each in await begun.meshes()] == [None]
            assert [each.up for each in await begun.rendezvous()] in ([None], [True])
            assert "looking" in (await begun.status()).health


async def test_a_node_that_has_looked_long_enough_says_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        await bob.__aexit__(None, None, None)
        monkeypatch.setattr(daemon_node, "FIRST_LINK_S", 0.0)
        async with connect(tmp_path / "bob") as begun:
            assert [each.links for each in await begun.meshes()] in ([0], [1])
        await alice.__aexit__(None, None, None)
        async with connect(tmp_path / "alice") as begun:
            assert [each.links for each in await begun.meshes()] == [0]
            assert "alone" in (await begun.status()).health
            (mesh,) = [each for each in await begun.doctor() if each.name == "mesh"]
            assert (mesh.ok, mesh.found) == (False, "0 links")


async def test_the_doctor_waits_for_the_first_link(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        for each in (alice, bob):
            await each.__aexit__(None, None, None)
        async with connect(tmp_path / "alice") as begun:
            asked = asyncio.create_task(begun.doctor())
            async with connect(tmp_path / "bob"):
                (mesh,) = [each for each in await asked if each.name == "mesh"]
        assert (mesh.ok, mesh.found) == (True, "1 link")
