"""The loop that runs us: the quickest there is, and any other where it is missing."""

from __future__ import annotations

import asyncio
import sys

import pytest

from p2pchat.core.facts import FrameReceived, LinkUp
from p2pchat.net import loop
from tests.net.test_rtc import ONE, TWO, Side, frame, linked


async def which() -> str:
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def test_uvloop_is_taken_where_it_is_installed() -> None:
    pytest.importorskip("uvloop")
    assert loop.run(which()) == "uvloop"


def test_without_uvloop_it_is_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop.run(which()) == "asyncio"


@pytest.mark.real
def test_links_work_on_it() -> None:
    async def exchange() -> tuple[tuple[LinkUp, LinkUp], FrameReceived]:
        a, b = Side(), Side()
        ups = await linked(a, b)
        a.engine.send(ONE, frame(1))
        received = await b.next(FrameReceived)
        await a.engine.aclose()
        await b.engine.aclose()
        return ups, received

    (here, there), received = loop.run(exchange())
    assert here.own_fingerprint == there.peer_fingerprint
    assert received == FrameReceived(TWO, frame(1))
