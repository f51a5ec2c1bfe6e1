"""One connection to a control socket: each answer finds its request, and the node's end is told to all."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from p2pchat.control.framing import answer_line, failure_line
from p2pchat.control.methods import WHOAMI
from p2pchat.control.parameters import NoParams
from p2pchat.errors import ControlError, P2PChatError
from p2pchat.rpc import Connection, ConnectionLost, connection_over, open_connection

ME = {"name": "alice", "fingerprint": "00", "words": "a b", "home": "/h", "rendezvous": []}


@asynccontextmanager
async def both_ends() -> AsyncIterator[tuple[Connection, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection, and what a node would read from it and write to it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    connection = await connection_over(ours)
    reader, writer = await asyncio.open_unix_connection(sock=theirs)
    try:
        yield connection, reader, writer
    finally:
        await connection.close()
        writer.close()


async def request_of(reader: asyncio.StreamReader) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(await reader.readline())
    return request


async def test_where_nothing_listens_there_is_no_connection(tmp_path: Path) -> None:
    assert await open_connection(tmp_path) is None


async def test_answers_find_their_requests_in_any_order() -> None:
    async with (
        both_ends() as (connection, reader, writer),
        connection.open_call(WHOAMI, NoParams()) as one,
        connection.open_call(WHOAMI, NoParams()) as two,
    ):
        first, second = await request_of(reader), await request_of(reader)
        writer.write(answer_line(second["id"], ME | {"name": "bob"}))
        writer.write(answer_line(first["id"], ME))
        assert [(await call.wait_result()).name for call in (one, two)] == ["alice", "bob"]


@pytest.mark.parametrize("answer", [{"name": "alice"}, "alice"])
async def test_an_answer_of_another_version_is_refused(answer: object) -> None:
    async with (
        both_ends() as (connection, reader, writer),
        connection.open_call(WHOAMI, NoParams()) as call,
    ):
        writer.write(answer_line((await request_of(reader))["id"], answer))
        with pytest.raises(ControlError, match="of another version"):
            await call.wait_result()


async def test_a_failure_is_raised_with_its_line() -> None:
    async with (
        both_ends() as (connection, reader, writer),
        connection.open_call(WHOAMI, NoParams()) as call,
    ):
        writer.write(failure_line((await request_of(reader))["id"], -32000, "it failed"))
        with pytest.raises(P2PChatError, match="it failed"):
            await call.wait_result()


async def test_a_call_that_is_left_early_is_withdrawn() -> None:
    async with both_ends() as (connection, reader, _):
        async with connection.open_call(WHOAMI, NoParams()):
            asked = await request_of(reader)
        assert str(asked["id"]) in str(await request_of(reader))


async def test_the_end_of_the_node_is_the_end_of_every_call() -> None:
    async with both_ends() as (connection, _, writer):
        async with connection.open_call(WHOAMI, NoParams()) as call:
            writer.close()
            with pytest.raises(ConnectionLost):
                await call.wait_result()
        with pytest.raises(ConnectionLost):
            async with connection.open_call(WHOAMI, NoParams()):
                pass
