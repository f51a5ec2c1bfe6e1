"""Links by aiortc, seen from inside; and two ends that must leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import aioice
import pytest
from aiortc import RTCDataChannel, RTCSctpTransport

from p2pchat.net.engines.aiortc.connection import AiortcConnection
from p2pchat.types import LinkId
from tests.support.links import Side


@pytest.fixture
async def sides() -> AsyncIterator[tuple[Side, Side]]:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    before = asyncio.all_tasks()
    sides = Side(), Side()
    yield sides
    for side in sides:
        await side.links.aclose()
    await asyncio.sleep(0)
    assert not asyncio.all_tasks() - before - {asyncio.current_task()}, "the engine left tasks behind"
    gc.collect()
    assert complaints == [], "the engine left exceptions behind"


def connection_of(side: Side, link: LinkId) -> AiortcConnection:
    connection = side.links._links[link].connection
    assert isinstance(connection, AiortcConnection)
    return connection


def channel_of(side: Side, link: LinkId) -> RTCDataChannel:
    channel = connection_of(side, link)._channel
    assert channel is not None
    return channel


def sctp_of(side: Side, link: LinkId) -> RTCSctpTransport:
    return channel_of(side, link).transport


def ice_of(side: Side, link: LinkId) -> aioice.Connection:
    return sctp_of(side, link).transport.transport._connection
