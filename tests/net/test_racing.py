"""A name with several addresses is reached by whichever leads somewhere."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from p2pchat.net import racing

NOWHERE = ("127.0.0.1", 1)


@contextlib.contextmanager
def listening() -> Iterator[tuple[str, int]]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()


def names(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    """Have every name mean these."""

    async def found(*_: Any, **__: Any) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", each) for each in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)


async def test_an_address_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    silent: list[str] = []
    connect = racing._connect

    async def connects(where: racing.Address) -> socket.socket:
        if where[1] == NOWHERE:
            silent.append("asked")
            await asyncio.Event().wait()
        return await connect(where)

    monkeypatch.setattr(racing, "_connect", connects)
    with listening() as there:
        names(monkeypatch, NOWHERE, there)
        made = await racing.connected("meet.example", there[1])
        assert made is not None and made.getpeername() == there and silent == ["asked"]
        made.close()


async def test_one_that_refuses_gives_way_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as there:
        names(monkeypatch, NOWHERE, there)
        made = await racing.connected("meet.example", there[1])
        assert made is not None
        made.close()


async def test_where_none_answers_it_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, NOWHERE, NOWHERE)
    with pytest.raises(ConnectionRefusedError):
        await racing.connected("meet.example", 1)


async def test_an_address_that_is_not_allowed_is_never_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as there:
        names(monkeypatch, there)
        assert await racing.connected("meet.example", there[1], lambda address: False) is None


async def test_whenever_it_is_called_off_no_socket_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    connect = racing._connect

    async def recorded(where: racing.Address) -> socket.socket:
        made.append(await connect(where))
        return made[-1]

    monkeypatch.setattr(racing, "_connect", recorded)
    with listening() as place:
        for turns in range(20):
            trying = asyncio.ensure_future(racing._first([(socket.AF_INET, place)]))
            for _ in range(turns):
                await asyncio.sleep(0)
            trying.cancel()
            (outcome,) = await asyncio.gather(trying, return_exceptions=True)
            await asyncio.sleep(0.01)
            for each in made:
                assert each is outcome or each.fileno() == -1, turns
                each.close()
    assert made, "it was let through now and then"


def test_the_families_take_turns() -> None:
    v4 = [(socket.AF_INET, (f"192.0.2.{n}", 1)) for n in range(3)]
    v6 = [(socket.AF_INET6, ("2001:db8::1", 1, 0, 0))]
    assert list(racing._interleaved([*v6, *v4])) == [v6[0], *v4]
    assert list(racing._interleaved([*v4, *v6])) == [v4[0], v6[0], *v4[1:]]
