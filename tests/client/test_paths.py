"""Nodes that keep to the paths they were told: through a TURN server, through a proxy, and not otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from p2pchat.client import Node, connect, create_home, run_node
from p2pchat.errors import UsageError
from p2pchat.net.engines import installed
from p2pchat.net.engines.aiortc.connection import AiortcConnection
from rendezvous.server import running
from tests.support.nodes import friends, messages, pair
from tests.support.socks import socks_proxy
from tests.support.turn import PASSWORD, USER, turn_server

pytestmark = pytest.mark.real


def unsealed(node: Node) -> Iterator[str]:
    """The kinds of candidates that this node found in the sealed offers and answers of its neighbours."""
    assert node._running is not None
    for link in node._running._links._links.values():
        assert isinstance(link.connection, AiortcConnection)
        sctp = link.connection._connection.sctp
        assert sctp is not None
        yield from (each.type for each in sctp.transport.transport.getRemoteCandidates())


async def test_sealed_offers_and_answers_hold_the_relays_address_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2PCHAT_RELAY_ONLY", "yes")
    async with turn_server() as server:
        monkeypatch.setenv("P2PCHAT_ICE", server.url)
        async with friends(tmp_path, "alice", "bob") as (alice, bob):
            await alice.send("bob", "by way of a relay")
            assert [each.text for each in await messages(bob, 1)] == ["by way of a relay"]
            assert {*unsealed(alice)} == {*unsealed(bob)} == {"relay"}
            paths = (await bob.status()).paths
        assert server.strangers == set()
    ways = {"relay_only": True, "proxied": False, "stun": False, "turn": True, "turn_hinted": False}
    assert paths.as_record() == {**ways, "turn_refused": False, "hinted_refused": False, "lan": False}
    assert USER not in str(paths)


async def test_a_wrong_password_is_named_and_no_outage_of_the_turn_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with turn_server() as server:
        monkeypatch.setenv("P2PCHAT_ICE", server.url.replace(PASSWORD, "mistyped"))
        async with friends(tmp_path, "alice", "bob") as (alice, bob):
            await alice.send("bob", "by another way")
            assert (await alice.status()).paths.turn_refused
            assert (await bob.status()).paths.turn_refused
            told = {each.name: each for each in await alice.doctor()}
    assert not told["addresses"].ok
    assert told["addresses"].found.endswith(
        f"your TURN server 127.0.0.1:{server.port} refuses its user or password"
    )
    assert "mistyped" not in str(told)


async def test_without_relay_only_they_hold_our_own_address(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        await alice.send("bob", "straight")
        assert {*unsealed(alice)} == {*unsealed(bob)} == {"host"}


async def test_friends_meet_through_the_proxy_at_a_name_only_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running() as server, socks_proxy({"meeting.example": server.port}) as proxy:
        monkeypatch.setenv("P2PCHAT_PROXY", proxy.url)
        for name in ("alice", "bob"):
            create_home(tmp_path / name, name, ["ws://meeting.example:8765"])
        async with connect(tmp_path / "alice") as alice, connect(tmp_path / "bob") as bob:
            await pair(alice, bob)
            await alice.send("bob", "hello")
            assert (await alice.status()).paths.proxied
    assert set(proxy.names()) == {"meeting.example"}


async def test_with_both_everything_goes_through_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running() as server, turn_server() as turn:
        known = {"meeting.example": server.port, "turn.example": turn.port}
        async with socks_proxy(known) as proxy:
            named = turn.url.replace("127.0.0.1", "turn.example")
            monkeypatch.setenv("P2PCHAT_PROXY", proxy.url)
            monkeypatch.setenv("P2PCHAT_RELAY_ONLY", "yes")
            monkeypatch.setenv("P2PCHAT_ICE", f"{named}?transport=tcp")
            for name in ("alice", "bob"):
                create_home(tmp_path / name, name, ["ws://meeting.example:8765"])
            async with connect(tmp_path / "alice") as alice, connect(tmp_path / "bob") as bob:
                await pair(alice, bob)
                await alice.send("bob", "hello")
                assert {*unsealed(alice)} == {*unsealed(bob)} == {"relay"}
            assert set(proxy.names()) == set(known)
        assert turn.strangers == set()


async def test_a_node_that_keeps_to_less_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_home(tmp_path / "home", "ana")
    monkeypatch.setenv("P2PCHAT_ICE", "turn:user:password@127.0.0.1:9")
    async with connect(tmp_path / "home") as node:
        with pytest.raises(UsageError, match="runs without relay-only; "):
            await connect(tmp_path / "home", relay_only=True).__aenter__()
        monkeypatch.setenv("P2PCHAT_PROFILE", "strong")
        with pytest.raises(UsageError, match="runs with the profile balanced, not strong; "):
            await connect(tmp_path / "home").__aenter__()
        monkeypatch.setenv("P2PCHAT_PROFILE", "fast")
        async with connect(tmp_path / "home") as better:
            assert (await better.status()).profile == "balanced"
        monkeypatch.setenv("P2PCHAT_PROXY", "socks5h://127.0.0.1:9")
        with pytest.raises(UsageError, match=r"runs without a proxy; .* stop it"):
            await connect(tmp_path / "home").__aenter__()
        async with connect(tmp_path / "home", run=False) as looking:
            assert await looking.whoami() == await node.whoami()


async def test_a_node_that_keeps_to_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_home(tmp_path / "home", "ana")
    monkeypatch.setenv("P2PCHAT_ICE", "turn:user:password@127.0.0.1:9?transport=tcp")
    monkeypatch.setenv("P2PCHAT_PROXY", "socks5h://127.0.0.1:9")
    home = tmp_path / "home"
    async with connect(home, relay_only=True) as node:
        monkeypatch.delenv("P2PCHAT_ICE")
        async with connect(home, relay_only=True) as other:
            assert await other.whoami() == await node.whoami()
            assert not other.embedded


@pytest.mark.parametrize("relay_only", [False, True])
async def test_a_proxy_that_leaves_the_links_uncovered_is_told(
    relay_only: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_home(tmp_path / "home", "ana")
    monkeypatch.setenv("P2PCHAT_ICE", "turn:user:password@127.0.0.1:9?transport=tcp")
    monkeypatch.setenv("P2PCHAT_PROXY", "socks5h://127.0.0.1:9")
    said: list[str] = []
    ready = asyncio.Event()
    node = run_node(tmp_path / "home", None, ready.set, said.append, relay_only=relay_only)
    running = asyncio.create_task(node)
    await ready.wait()
    async with connect(tmp_path / "home", run=False) as looking:
        await looking.stop()
    await running
    assert ["neighbours see your address" in line for line in said] == ([] if relay_only else [True])


@pytest.mark.parametrize("engine", installed())
async def test_nodes_talk_by_either_engine_and_doctor_says_by_which(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2PCHAT_ENGINE", engine)
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        await alice.send("bob", "by another way")
        assert alice._running is not None
        assert alice._running._links._engine.name == engine
        told = {each.name: each for each in await bob.doctor()}
    assert told["link"].ok
    assert f"by {engine} from host" in told["link"].found
