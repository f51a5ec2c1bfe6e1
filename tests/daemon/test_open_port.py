"""An open port serves our own meshes only, and its failure does not stop the node."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import Any

from p2pchat.core.values.inputs import RendezvousUp, SignalReceived
from p2pchat.daemon.open_port import OpenPort
from p2pchat.net.rendezvous_ws import RendezvousConnections
from p2pchat.types import Topic
from p2pchat.wire.signalling import Refusal, Seated, SeatMode, SeatRefused, Take
from tests.support.ports import free_port

OURS, OTHERS = Topic(b"o" * 32), Topic(b"x" * 32)
HOST: Any = SimpleNamespace(node=SimpleNamespace(meets_at=lambda topic: topic == OURS))


async def test_members_sit_at_their_topics_and_at_no_others() -> None:
    opened = OpenPort(HOST, free_port())
    await opened.start_listening()
    (url,) = opened.urls
    received: asyncio.Queue[object] = asyncio.Queue()
    connections = RendezvousConnections(received.put_nowait)
    connections.open_connection(url, typed=False, nearby=True)
    try:
        async with asyncio.timeout(15):
            assert await received.get() == RendezvousUp(url)
            for topic in (OTHERS, OURS):
                connections.send_message(url, Take(topic, SeatMode.MESH))
            assert await received.get() == SignalReceived(url, SeatRefused(OTHERS, Refusal.ABSENT))
            seated = await received.get()
        assert isinstance(seated, SignalReceived) and isinstance(seated.message, Seated)
        assert seated.message.topic == OURS
    finally:
        await connections.aclose()
        await opened.stop_listening()


async def test_a_port_that_is_taken_is_a_problem_and_no_failure() -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        opened = OpenPort(HOST, taken.getsockname()[1])
        await opened.start_listening()
        assert "cannot listen at port" in opened.problem
        assert opened.urls == ()
        await opened.stop_listening()
