"""What is set in a home counts for every program of it, at once where a node runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, ItemsView
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from p2pchat.client import Node, connect, create_home, open_settings, run_node
from p2pchat.control.answers import SettingInfo
from p2pchat.control.events import SettingEvent
from p2pchat.errors import ControlError, UsageError
from tests.support.nodes import friends, messages

pytestmark = pytest.mark.real

TURN = "turn:me:hunter2@127.0.0.1:9"
NOWHERE = "ws://127.0.0.1:9"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    create_home(tmp_path / "home", "ana", [NOWHERE])
    return tmp_path / "home"


class Service:
    """``node run`` in this process, and what it said."""

    def __init__(self, home: Path) -> None:
        self.said: list[str] = []
        self._ready = asyncio.Event()
        self._task = asyncio.create_task(run_node(home, None, self._ready.set, self.said.append))

    async def ready(self) -> None:
        waiting = asyncio.create_task(self._ready.wait())
        await asyncio.wait((waiting, self._task), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._task.done():
            self._task.result()

    async def ended(self) -> None:
        await self._task


@asynccontextmanager
async def served(home: Path) -> AsyncIterator[Service]:
    service = Service(home)
    await service.ready()
    yield service
    async with connect(home, run=False) as node:
        await node.stop()
    await service.ended()


async def facts(node: Node) -> ItemsView[str, Any]:
    """What its status says, and of its paths."""
    status = (await node.status()).as_record()
    paths = status["paths"]
    assert isinstance(paths, dict)
    return {**status, **paths}.items()


async def until(node: Node, **wanted: Any) -> None:
    """Wait until the node's status says so."""
    async with asyncio.timeout(20):
        while not wanted.items() <= await facts(node):
            await asyncio.sleep(0.02)


async def by_key(node: Node) -> dict[str, SettingInfo]:
    return {each.key: each for each in await node.settings()}


async def test_nothing_is_called_while_a_proxy_is_set_without_a_node(home: Path) -> None:
    async with open_settings(home) as node:
        changed = await node.change_setting("proxy", "socks5h://127.0.0.1:9")
        assert (changed.effect, changed.source) == ("at start", "home")
        assert node._running is not None and not hasattr(node._running, "driver"), "nothing to call with"
        assert not list(home.glob("control.sock")), "and nothing that other programs would take for a node"
        with pytest.raises(ControlError, match="its settings only"):
            await node.status()
    async with connect(home) as node:
        assert (await node.status()).paths.proxied


async def test_a_node_that_stays_and_one_in_a_chat_find_the_same(home: Path) -> None:
    async with open_settings(home) as node:
        await node.change_setting("ice", TURN)
        await node.change_setting("relay-only", "yes")
        await node.change_setting("profile", "strong")
    async with connect(home) as node:
        inside = await node.status()
    async with served(home), connect(home) as node:
        outside = await node.status()
    for status in (inside, outside):
        assert (status.paths.relay_only, status.paths.turn) == (True, True)
        assert status.profile == "strong"


async def test_a_node_that_stays_begins_anew_with_what_was_changed_and_keeps_its_home(home: Path) -> None:
    async with served(home) as service, connect(home) as attached, open_settings(home) as node:
        assert (await node.change_setting("profile", "fast")).effect == "anew"
        await until(attached, profile="fast")
        assert not attached.embedded and not node.embedded, "no other program got in between"
        assert (await node.forget_setting("profile")).effect == "anew"
        await until(attached, profile="balanced")
        assert not attached.embedded
    assert service.said == [
        "the setting profile was changed; the node restarts",
        "it has new settings",
    ] * 2  # fmt: skip


async def test_a_node_inside_another_command_begins_anew_there(home: Path) -> None:
    async with connect(home) as node:
        await node.change_setting("profile", "fast")
        await until(node, profile="fast")
        assert node.embedded


async def test_servers_are_asked_for_new_links_at_once_and_links_stay(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        before = (await alice.status()).running_since
        assert (await alice.change_setting("ice", "stun:127.0.0.1:9")).effect == "now"
        status = await alice.status()
        assert (status.running_since, status.paths.stun) == (before, True)
        await alice.send("bob", "still here")
        assert [each.text for each in await messages(bob, 1)] == ["still here"]


async def test_what_was_said_to_the_program_goes_before_what_the_home_keeps(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2PCHAT_PROFILE", "fast")
    async with served(home):
        monkeypatch.delenv("P2PCHAT_PROFILE")
        async with open_settings(home) as node:
            changed = await node.change_setting("profile", "strong")
            assert (changed.effect, changed.value) == ("overruled", "fast")
            found = (await by_key(node))["profile"]
            assert (found.value, found.source) == ("fast", "environment")
            assert (await node.status()).profile == "fast"
    async with connect(home) as node:
        assert (await node.status()).profile == "strong"


async def test_a_list_shows_no_password_and_get_shows_it(home: Path) -> None:
    async with open_settings(home) as node:
        changed = await node.change_setting("ice", TURN)
        assert "hunter2" not in str(changed)
        assert "hunter2" not in str(await node.settings())
        assert (await node.setting("ice")).value == TURN
    async with connect(home) as node:
        assert "hunter2" not in str(await node.settings()) + str(await node.status())
        assert (await node.setting("ice")).value == TURN


async def test_what_a_home_would_not_open_with_is_refused_and_changes_nothing(home: Path) -> None:
    async with connect(home) as node:
        for key, value in (("relay-only", "yes"), ("links", "many"), ("links-max", "1"), ("proxy", "x\ny")):
            with pytest.raises(UsageError):
                await node.change_setting(key, value)
        await node.change_setting("ice", TURN)
        await node.change_setting("relay-only", "yes")
        await until(node, relay_only=True)
        with pytest.raises(UsageError, match=r"relay-only needs a TURN server.*nothing was changed"):
            await node.forget_setting("ice")
        assert (await by_key(node))["ice"].source == "home"


async def test_what_only_this_programs_environment_makes_good_is_not_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2PCHAT_ICE", TURN)
    async with open_settings(home) as node:
        with pytest.raises(UsageError, match="relay-only needs a TURN server"):
            await node.change_setting("relay-only", "yes")


async def test_a_home_that_does_not_open_for_what_is_set_can_be_mended(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_settings(home) as node:
        await node.change_setting("links", "4")
        await node.change_setting("links-max", "5")
    with monkeypatch.context() as newer:
        newer.setenv("P2PCHAT_LINKS", "9")
        with pytest.raises(UsageError, match=r"links-max \(5\) must not be less than links \(9\)"):
            await connect(home).__aenter__()
        async with open_settings(home) as node:
            await node.forget_setting("links-max")
        async with connect(home) as node:
            assert (await by_key(node))["links"].value == "9"


async def test_listeners_are_told_that_something_was_set_and_not_what(home: Path) -> None:
    async with connect(home) as node:
        listening = node.listen()
        heard = asyncio.create_task(anext(each async for each in listening if isinstance(each, SettingEvent)))
        async with asyncio.timeout(20):
            while not heard.done():
                await node.change_setting("theme", "nord")
                await node.change_setting("theme", "dracula")
                await asyncio.sleep(0.02)
        assert heard.result() == SettingEvent(key="theme")
        await listening.aclose()
