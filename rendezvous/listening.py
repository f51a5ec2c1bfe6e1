"""Listening where the usual way does not do: on a Unix socket, behind the PROXY protocol, or with TLS.

Knows: sockets before anybody speaks on them. Does not know: WebSockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from rendezvous.limits import Limits, groups
from rendezvous.proxy import UNIX, NoHeader, Proxies, read_header

UNNAMED_MAX = 256
"""Connections whose client is not yet known. A proxy names the client in its first packet."""

HANDSHAKES_MAX = 512
"""TLS handshakes under way, of all clients. Each takes some 130 kB (measured), for ten seconds at most."""

HANDSHAKES_PER_NETWORK = 128
"""The same, of an IPv4 /24 or an IPv6 /48. An honest handshake ends within a few round trips."""

BACKLOG = 128
"""Connections that the kernel holds for us; as many as asyncio asks for, about."""

PAUSE_SECONDS = 1.0
"""When there are no file descriptors left."""

_LIMITS = Limits()
"""For the names of networks alone."""


def remove_stale_socket(path: Path) -> None:
    """Remove the socket of a server that is gone. Raises OSError when one still listens, or it is none."""
    if not path.exists():
        return
    if not path.is_socket():
        raise OSError(errno.EEXIST, "it is there, and no socket")
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


@contextlib.asynccontextmanager
async def clients_told(
    sockets: Iterable[socket.socket],
    make: Callable[[str], asyncio.BaseProtocol],
    proxies: Proxies,
    tls: ssl.SSLContext | None,
    patience: float,
) -> AsyncIterator[None]:
    """Accept connections on bound sockets; ``make`` serves one, given its client's address: the peer's, or
    what a proxy has said. The header comes before TLS, so no library's server would read it. And none would
    count a client's connections before their handshakes have ended."""
    front = _Front(make, proxies, tls, patience)
    own = [socket.socket(fileno=os.dup(listener.fileno())) for listener in sockets]
    for listener in own:
        listener.setblocking(False)
        listener.listen(BACKLOG)
    tasks = [asyncio.create_task(front.accept_forever(listener)) for listener in own]
    try:
        yield
    finally:
        tasks += front.entering
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for listener in own:
            listener.close()


class _Front:
    def __init__(
        self,
        make: Callable[[str], asyncio.BaseProtocol],
        proxies: Proxies,
        tls: ssl.SSLContext | None,
        patience: float,
    ) -> None:
        self._make = make
        self._proxies = proxies
        self._patience = patience
        self._tls: dict[str, Any] = {} if tls is None else {"ssl": tls, "ssl_handshake_timeout": patience}
        self.entering: set[asyncio.Task[None]] = set()
        self._unnamed = 0
        self._handshakes: Counter[str] = Counter()

    async def accept_forever(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            task = asyncio.create_task(self._let_in(accepted, address[0] if address else UNIX))
            self.entering.add(task)
            task.add_done_callback(self.entering.discard)

    async def _let_in(self, accepted: socket.socket, peer: str) -> None:
        accepted.setblocking(False)
        try:
            client = await self._name_client(accepted, peer)
            with self._counted(client):
                await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: self._make(client), accepted, **self._tls
                )
        except (OSError, NoHeader, _TooMany):  # ssl.SSLError and TimeoutError are OSErrors
            accepted.close()
        except BaseException:
            accepted.close()
            raise

    async def _name_client(self, accepted: socket.socket, peer: str) -> str:
        if not (self._proxies.header and self._proxies.is_trusted(peer)):
            return peer
        if self._unnamed >= UNNAMED_MAX:
            raise _TooMany
        loop = asyncio.get_running_loop()

        async def read(size: int) -> bytes:
            data = b""
            while len(data) < size:
                more = await loop.sock_recv(accepted, size - len(data))
                if not more:
                    raise NoHeader("it hung up")
                data += more
            return data

        self._unnamed += 1
        try:
            async with asyncio.timeout(self._patience):
                return await read_header(read) or peer
        finally:
            self._unnamed -= 1

    @contextlib.contextmanager
    def _counted(self, client: str) -> Iterator[None]:
        """A handshake of this client is under way. Raises _TooMany."""
        one = client != UNIX and not self._proxies.is_trusted(client)
        network = next((group.name for group in groups(client, _LIMITS)[-1:]), "") if one else ""
        full = self._handshakes.total() >= HANDSHAKES_MAX
        if full or (network and self._handshakes[network] >= HANDSHAKES_PER_NETWORK):
            raise _TooMany
        self._handshakes[network] += 1
        try:
            yield
        finally:
            self._handshakes[network] -= 1
            if not self._handshakes[network]:
                del self._handshakes[network]


class _TooMany(Exception):
    """More connections are open than the limit allows."""
