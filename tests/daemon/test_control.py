"""The control socket: JSON-RPC 2.0, a line each, for the owner only."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from p2pchat.control.events import LinkEvent, TracingEvent
from p2pchat.control.failures import MethodError
from p2pchat.control.framing import REQUEST_MAX
from p2pchat.daemon.control import REQUESTS_MAX, Caller, ControlServer
from p2pchat.errors import TrustError

withdrawn: list[Any] = []
"""Names of the hanging requests that have ended."""

finished: list[Any] = []
"""Names of the slow requests that were done."""


async def answer(method: str, params: Mapping[str, Any], asker: Caller) -> Any:
    match method:
        case "echo":
            return params
        case "count":
            for number in range(params["to"]):
                asker.send_event(LinkEvent(links=number, change="up"))
            return "done"
        case "refuse":
            raise TrustError("not you")
        case "unknown":
            raise MethodError(-32601, "there is no such method")
        case "break":
            raise RuntimeError("a bug\nof two lines")
        case "slow":
            await asyncio.sleep(params["pause"])
            finished.append(params.get("name"))
        case "recite":
            return "x" * params["size"]
        case "hang":
            asker.send_event(TracingEvent())
            try:
                await asyncio.Event().wait()
            finally:
                withdrawn.append(params.get("name"))
    return None


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Path]:
    server = ControlServer(answer, {"hang"})
    await server.start(tmp_path)
    yield tmp_path
    await server.stop()
    assert not (tmp_path / "control.sock").exists()


async def ask(home: Path, *lines: bytes) -> list[dict[str, Any]]:
    """Send lines, hang up for writing, return every answer."""
    reader, writer = await asyncio.open_unix_connection(home / "control.sock")
    for line in lines:
        writer.write(line + b"\n")
    answers: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        while len(answers) < len(lines) or not answers:
            line = await reader.readline()
            if not line:
                break
            parsed = json.loads(line)
            answers.append(parsed)
            if parsed.get("method"):
                lines = (*lines, b"")
    writer.close()
    return answers


def request(method: str, number: Any = 1, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()


async def test_an_answer_bears_its_request_s_id(server: Path) -> None:
    answers = await ask(server, request("echo", "x", a="ü"), request("echo", 2))
    assert sorted(answers, key=str) == sorted(
        [{"jsonrpc": "2.0", "id": "x", "result": {"a": "ü"}}, {"jsonrpc": "2.0", "id": 2, "result": {}}],
        key=str,
    )


async def test_events_come_before_the_answer(server: Path) -> None:
    answers = await ask(server, request("count", 7, to=2))
    assert [each["params"] for each in answers[:2]] == [
        {"request": 7, "event": {"type": "link", "links": n, "change": "up"}} for n in range(2)
    ]
    assert answers[2]["result"] == "done"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"nonsense", -32700),
        (b"[]", -32600),
        (b'{"id": 1, "method": "echo"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": [1]}', -32600),
        (request("unknown"), -32601),
        (request("refuse"), -4),
        (request("break"), -1),
        (b"x" * (REQUEST_MAX + 2), -32600),
        (b"[" * 200_000, -32700),
        (b"\xff\xfe{}", -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": {"a": NaN}}', -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": {"a": 1e400}}', -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": {"a": ' + b"9" * 5000 + b"}}", -32700),
        (b'{"jsonrpc": "2.0", "id": 1e400, "method": "echo", "params": {}}', -32700),
        (b'{"jsonrpc": "2.0", "id": [1], "method": "echo", "params": {}}', -32600),
        (b'{"jsonrpc": "2.0", "id": true, "method": "echo", "params": {}}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": null}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": {"a": "\\ud800"}}', -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": {"a": [{"b": "x\\udfff"}]}}', -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": {"\\ud800": 1}}', -32602),
        (b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "echo", "params": {}}', -32600),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": {}}]', -32600),
    ],
)
async def test_each_fault_has_its_code_and_one_line(server: Path, line: bytes, code: int) -> None:
    (answered,) = await ask(server, line)
    assert answered["error"]["code"] == code
    assert "\n" not in answered["error"]["message"]


async def test_each_fault_leaves_the_connection_as_it_is(server: Path) -> None:
    faults = [b"[" * 200_000, b"nonsense", b"[]", b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "echo"}']
    answers = await ask(server, *faults, request("echo", 5))
    assert answers[-1] == {"jsonrpc": "2.0", "id": 5, "result": {}}


async def test_a_client_that_stops_writing_gets_every_answer_and_then_the_end(server: Path) -> None:
    asked = [request("slow", number, pause=0.05 * number) for number in (2, 1, 0)]
    reader, writer = await asyncio.open_unix_connection(server / "control.sock")
    writer.write(b"\n".join(asked) + b"\n")
    writer.write_eof()
    async with asyncio.timeout(10):
        answers = [json.loads(line) for line in (await reader.read()).splitlines()]
    assert [each["id"] for each in answers] == [0, 1, 2]
    writer.close()


async def test_the_last_request_needs_no_line_break(server: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(server / "control.sock")
    writer.write(request("echo", 1))
    writer.write_eof()
    async with asyncio.timeout(10):
        assert json.loads(await reader.read())["id"] == 1
    writer.close()


async def test_a_subscription_goes_on_for_a_client_that_only_stopped_writing(server: Path) -> None:
    withdrawn.clear()
    reader, writer = await asyncio.open_unix_connection(server / "control.sock")
    writer.write(request("hang", 1, name="listener") + b"\n")
    writer.write_eof()
    async with asyncio.timeout(10):
        assert json.loads(await reader.readline())["params"]["event"] == {"type": "tracing"}
        others, others_writer = await asyncio.open_unix_connection(server / "control.sock")
        others_writer.write(request("echo", 2) + b"\n")
        await others.readline()
        assert withdrawn == []
        writer.close()
        while withdrawn != ["listener"]:
            await asyncio.sleep(0)
    others_writer.close()


async def test_hanging_up_at_once_ends_what_has_no_end_and_withdraws_nothing_else(server: Path) -> None:
    withdrawn.clear()
    finished.clear()
    _, writer = await asyncio.open_unix_connection(server / "control.sock")
    writer.write(
        request("slow", 1, pause=0.2, name="sent") + b"\n" + request("hang", 2, name="waiting") + b"\n"
    )
    await writer.drain()
    writer.close()
    async with asyncio.timeout(10):
        while withdrawn != ["waiting"] or finished != ["sent"]:
            await asyncio.sleep(0)


async def test_only_the_owner_may_open_it(server: Path) -> None:
    assert stat.S_IMODE((server / "control.sock").stat().st_mode) == 0o600


async def test_a_socket_that_was_removed_or_replaced_is_bound_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.daemon.control.LOOK_EVERY_S", 0.01)
    server, place = ControlServer(answer), tmp_path / "control.sock"
    await server.start(tmp_path)
    reader, writer = await asyncio.open_unix_connection(place)
    async with asyncio.timeout(20):
        for replaced in (False, True):
            place.unlink()
            if replaced:
                place.touch()
            while not place.is_socket():
                await asyncio.sleep(0.01)
            assert (await ask(tmp_path, request("echo", 1)))[0]["id"] == 1
        writer.write(request("echo", 2) + b"\n")
        assert json.loads(await reader.readline())["id"] == 2, "who was there before stays"
    writer.close()
    await server.stop()
    assert not place.exists()


async def test_a_client_that_asks_too_fast_is_slowed_and_not_cut_off(server: Path) -> None:
    count = 4 * REQUESTS_MAX
    answers = await ask(server, *[request("echo", number) for number in range(count)])
    assert sorted(each["id"] for each in answers) == list(range(count))


async def test_too_many_requests_without_end_are_cut_off(server: Path) -> None:
    answers = await ask(server, *[request("hang", number) for number in range(REQUESTS_MAX + 2)])
    assert -5 in [each["error"]["code"] for each in answers if "error" in each]


async def test_hundreds_may_connect_before_the_node_looks_up(server: Path) -> None:
    with ExitStack() as callers:
        for _ in range(200):
            caller = callers.enter_context(socket.socket(socket.AF_UNIX))
            caller.setblocking(False)
            caller.connect(str(server / "control.sock"))  # raises BlockingIOError when there is no room


async def test_a_notification_gets_no_answer(server: Path) -> None:
    silent = json.dumps({"jsonrpc": "2.0", "method": "echo"}).encode()
    reader, writer = await asyncio.open_unix_connection(server / "control.sock")
    writer.write(silent + b"\n" + request("echo", 5) + b"\n")
    assert json.loads(await reader.readline())["id"] == 5
    writer.close()


async def test_a_client_withdraws_one_request_and_keeps_the_others(server: Path) -> None:
    withdrawn.clear()
    reader, writer = await asyncio.open_unix_connection(server / "control.sock")
    others, others_writer = await asyncio.open_unix_connection(server / "control.sock")
    others_writer.write(request("hang", 2, name="somebody else's") + b"\n")
    await others.readline()
    writer.write(request("hang", 1, name="one") + b"\n" + request("hang", 2, name="two") + b"\n")
    for _ in range(2):
        await reader.readline()
    strangers: list[Any] = [3, None, [], {}]
    for unknown in strangers:
        writer.write(cancel(unknown))
    writer.write(cancel(2) + request("echo", 4) + b"\n")
    async with asyncio.timeout(10):
        assert json.loads(await reader.readline())["id"] == 4
    assert withdrawn == ["two"]
    writer.close()
    others_writer.close()


def cancel(number: Any) -> bytes:
    withdrawal = {"jsonrpc": "2.0", "method": "cancel", "params": {"request": number}}
    return json.dumps(withdrawal).encode() + b"\n"


async def test_a_notification_that_fails_gets_no_answer_either(server: Path) -> None:
    refused = json.dumps({"jsonrpc": "2.0", "method": "refuse"}).encode()
    (answered,) = await ask(server, refused + b"\n" + request("echo", 5))
    assert answered["id"] == 5


async def test_stopping_hangs_up_on_everybody(tmp_path: Path) -> None:
    server = ControlServer(answer, {"hang"})
    await server.start(tmp_path)
    reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
    writer.write(request("hang") + b"\n")
    await reader.readline()
    async with asyncio.timeout(10):
        await server.stop()
        assert await reader.read() == b""
    writer.close()


async def test_a_long_answer_is_given_whole_and_one_too_long_is_refused(
    server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.daemon.control.UNSENT_MAX", 1000)
    monkeypatch.setattr("p2pchat.daemon.control.ANSWER_MAX", 3_000_000)
    reader, writer = await asyncio.open_unix_connection(server / "control.sock", limit=8_000_000)
    writer.write(request("recite", size=2_000_000) + b"\n" + request("recite", size=4_000_000) + b"\n")
    first, second = [json.loads(await reader.readline()) for _ in range(2)]
    writer.close()
    answers = sorted([first, second], key=lambda answered: "error" in answered)
    assert len(answers[0]["result"]) == 2_000_000
    assert answers[1]["error"]["code"] == -5
