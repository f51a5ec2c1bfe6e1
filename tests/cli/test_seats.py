"""Who waits for a place at a rendezvous hears which does not help."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from p2pchat.cli import seats
from p2pchat.control.answers import ContactAddedEvent, NodeInfo
from p2pchat.control.events import InviteEvent, PairingEvents
from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode, added, status, told

URL = "ws://127.0.0.1:1"
NO_SEAT = "it is connected, but gives no seat"
INVITE = told(InviteEvent, code="42-tango-marble-orbit")


async def test_each_reason_is_told_once_until_the_wait_is_over(
    node: FakeNode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(seats, "LOOK_S", 0.0)
    looks = [asyncio.Event() for _ in range(4)]
    answers = iter([*zip(["", NO_SEAT, NO_SEAT, "off"], looks, strict=True)])

    async def look() -> NodeInfo:
        reason, seen = next(answers, ("off", asyncio.Event()))
        seen.set()
        return status(rendezvous=[{"url": URL, "up": True, "reason": reason}])

    monkeypatch.setattr(node, "status", look)
    async with seats.telling_silence(node) as telling:
        await looks[-1].wait()
    with pytest.raises(asyncio.CancelledError):
        await telling
    lines = [f"not yet: {URL}: {NO_SEAT}; still trying", f"not yet: {URL}: off; still trying"]
    assert capsys.readouterr().err.splitlines() == lines


def test_an_invite_without_a_seat_says_what_it_waits_for(
    p2pchat: Run, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "LOOK_S", 0.0)
    node.now = status(rendezvous=[{"url": URL, "up": True, "reason": NO_SEAT}])
    looked = asyncio.Event()
    look = node.status

    async def status_seen() -> NodeInfo:
        looked.set()
        return await look()

    async def invite(**_: Any) -> AsyncGenerator[PairingEvents | ContactAddedEvent, None]:
        await looked.wait()
        await asyncio.sleep(0)
        yield INVITE
        yield added("bob")

    monkeypatch.setattr(node, "status", status_seen)
    monkeypatch.setattr(node, "invite", invite)
    ran = p2pchat("invite")
    assert ran.code == 0
    assert ran.err.startswith(f"not yet: {URL}: {NO_SEAT}; still trying\n")
