"""The WebSocket server around a broker.

Knows: where it listens, and how it ends. Does not know: the rules of meeting, or the answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server, serve
from websockets.server import ServerProtocol

from p2pchat.types import Topic
from p2pchat.wire.signalling import MESSAGE_MAX
from rendezvous.addresses import addresses
from rendezvous.broker import Broker
from rendezvous.bus import Bus
from rendezvous.bus_messages import SERVER_BYTES
from rendezvous.cluster import TICK_SECONDS, Cluster
from rendezvous.collecting import set_aside, without_long_collections
from rendezvous.connection import SILENT, ClientSocket
from rendezvous.door import Door
from rendezvous.hints import HintedPorts
from rendezvous.limits import Limits
from rendezvous.listening import clients_told, remove_stale_socket
from rendezvous.proxy import Proxies
from rendezvous.shell import Shell

CLOSE_SECONDS = 2.0
"""Seconds for the closing handshake, so that the server stops in about two seconds with any clients."""

FRAMES_QUEUED = 8
"""Received messages waiting for the broker, 2 kB each; it answers at once, so more would only be memory."""

SOCKET_MODE = 0o666
"""The mode of a Unix socket: a user with access to its folder may connect."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    url: str
    port: int
    """0 on a Unix socket."""
    broker: Broker
    drain: Callable[[float], Coroutine[Any, Any, None]]
    """Send all clients elsewhere, within that many seconds."""
    peers: Callable[[], int]
    """How many other servers of the cluster are heard from."""
    tell: Callable[[HintedPorts], None]
    """Have clients told of STUN and TURN from now on."""


@contextlib.asynccontextmanager
async def running(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
    proxies: Proxies | None = None,
    door: Door | None = None,
    unix: Path | None = None,
    bus: str | None = None,
    serves: Callable[[Topic], bool] = lambda topic: True,
    guest: bool = False,
) -> AsyncIterator[Running]:
    """Serve while the context lasts; on leaving it, close every connection with 1001 (going away).

    ``host`` "*" means every address of this machine, a name those of its addresses that can be had; ``port``
    0 lets the system choose; ``unix`` is listened on instead. ``proxies`` are believed when they say for whom
    they connect; ``bus`` is where the other servers of a cluster are met, NATS' URLs with commas between.
    ``serves``: whether a topic may be met at here. ``guest``: the process is another program's, whose garbage
    is its own to collect.
    Raises OSError when no address can be had, NoBus.
    """
    limits, proxies = limits or Limits(), proxies or Proxies()
    rng = random.SystemRandom()
    own = rng.randbytes(SERVER_BYTES) if bus is not None else b""
    broker = Broker(limits, rng, server=own, serves=serves)
    cluster = None if bus is None else Cluster(broker)
    shell = Shell(broker, limits, proxies, door or Door())
    own_socket = type("_OwnSocket", (ClientSocket,), {"shell": shell, "limits": limits})
    own_accept = proxies.header or tls is not None
    manners: dict[str, Any] = {
        "ping_interval": limits.ping_seconds,
        "ping_timeout": limits.ping_seconds,
        "close_timeout": CLOSE_SECONDS,
        "max_queue": FRAMES_QUEUED,
    }
    async with (
        _member(bus, cluster, shell),
        serve(
            shell.serve_connection,
            **_where(host, port, unix),
            create_connection=own_socket,
            process_request=shell.answer_request,
            compression=None,  # blobs are random bytes, and each deflate window costs 64 kB or more
            max_size=MESSAGE_MAX,
            open_timeout=limits.open_seconds,
            server_header=None,
            logger=SILENT,
            ssl=tls,
            start_serving=not own_accept,
            **manners,
        ) as server,
    ):

        def make(client: str) -> ClientSocket:
            made: ClientSocket = own_socket(
                ServerProtocol(max_size=MESSAGE_MAX, logger=SILENT), server, **manners
            )
            made.client = client
            return made

        async with contextlib.AsyncExitStack() as stack:
            stack.callback(shell.cut_off_strangers)
            if unix is not None:
                unix.chmod(SOCKET_MODE)
                stack.callback(unix.unlink, missing_ok=True)
            if own_accept:
                # It does not listen itself, and would accept no client.
                server.is_serving = lambda: server.close_task is None  # type: ignore[method-assign]
                told = clients_told(
                    server.sockets, make, shell.admit_connect, proxies, tls, limits.open_seconds
                )
                await stack.enter_async_context(told)
            if not guest:
                stack.enter_context(without_long_collections())
            ticking = shell.tick_forever((lambda: None) if guest else set_aside)
            stack.push_async_callback(_cancelled, asyncio.create_task(ticking))
            bound = _bound_port(server) if unix is None else 0
            url = _url(host, bound, tls is not None, unix)
            peers = lambda: cluster.peers if cluster else 0  # noqa: E731
            yield Running(url, bound, broker, shell.drain_clients, peers, shell.set_hints)


@contextlib.asynccontextmanager
async def _member(urls: str | None, cluster: Cluster | None, shell: Shell) -> AsyncIterator[None]:
    """Take part in a cluster while the context lasts, if there is one."""
    if urls is None or cluster is None:
        yield
        return

    def on_messages(messages: Iterable[bytes]) -> None:
        shell.execute_outputs(cluster.on_messages(messages, time.monotonic()))

    def changed(up: bool) -> None:
        shell.execute_outputs(cluster.announce_presence() if up else cluster.cut_off(time.monotonic()))

    async def look_forever() -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            shell.execute_outputs(cluster.tick(time.monotonic()))

    bus = Bus(urls, cluster.server, on_messages, changed)
    shell.resolve = cluster.resolve_outputs
    shell.publish = bus.publish
    async with bus.taking_part():
        looking = asyncio.create_task(look_forever())
        try:
            yield
        finally:
            await _cancelled(looking)
            shell.execute_outputs(cluster.announce_departure())


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _where(host: str, port: int, unix: Path | None) -> dict[str, Any]:
    if unix is not None:
        remove_stale_socket(unix)
        return {"unix": True, "path": str(unix)}
    return {"host": None if host == "*" else addresses(host, port), "port": port}


def _bound_port(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


def _url(host: str, port: int, tls: bool, unix: Path | None) -> str:
    scheme = "wss" if tls else "ws"
    if unix is not None:
        return f"{scheme}+unix:{unix}"
    shown = {"*": "0.0.0.0"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{scheme}://{shown}:{port}"
