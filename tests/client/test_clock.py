"""A machine that gets the right time late: its node was started by a wrong clock, and goes on by the right
one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from p2pchat.daemon import node as nodes
from p2pchat.daemon.clock import SystemClock
from tests.support.nodes import friends, messages

pytestmark = pytest.mark.real

DAY = 86_400.0


class Late(SystemClock):
    """A clock without a battery, a day behind until NTP sets it."""

    right = False

    def __init__(self) -> None:
        super().__init__()
        if not self.right:
            self._offset -= DAY

    def set_by(self) -> float:
        return super().set_by() if Late.right else super().set_by() - DAY


async def test_a_node_that_was_started_by_a_wrong_clock_says_so_and_links_when_it_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.daemon.clock_monitor.CLOCK_LOOK_S", 0.05)
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        await bob.__aexit__(None, None, None)
        with monkeypatch.context() as machine:
            machine.setattr(nodes, "SystemClock", Late)
            await bob.__aenter__()
        async with asyncio.timeout(60):
            while (status := await bob.status()).clock is None:
                await asyncio.sleep(0.05)
            assert "clock is 24 hours behind that of ws://" in status.health
            sent = asyncio.create_task(alice.send("bob", "are you there?"))
            Late.right = True
            (message,) = await messages(bob, 1)
            assert message.text == "are you there?"
            await sent
            clock = (await bob.status()).clock
            assert clock is not None and clock.doubt is None
