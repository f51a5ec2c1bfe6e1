"""Listening where the usual way does not do: on a Unix socket, or behind the PROXY protocol.

Knows: sockets before anybody speaks on them. Does not know: WebSockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

from rendezvous.proxy import UNIX, NoHeader, Proxies, read_header

UNSAID_MAX = 256
"""Connections whose client is not yet known. A proxy names the client in its first packet."""

BACKLOG = 128
"""Connections that the kernel holds for us; as many as asyncio asks for, about."""

PAUSE_SECONDS = 1.0
"""When there are no file descriptors left."""


def make_way(path: Path) -> None:
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
async def headers_read(
    sockets: Iterable[socket.socket],
    make: Callable[[str], asyncio.BaseProtocol],
    proxies: Proxies,
    tls: ssl.SSLContext | None,
    patience: float,
) -> AsyncIterator[None]:
    """Accept connections on bound sockets; ``make`` serves one, given the address that its proxy has said.
    The header comes before TLS, so no library's server would read it."""
    front = _Front(make, proxies, tls, patience)
    own = [socket.socket(fileno=os.dup(each.fileno())) for each in sockets]
    for each in own:
        each.setblocking(False)
        each.listen(BACKLOG)
    tasks = [asyncio.create_task(front.accept_forever(each)) for each in own]
    try:
        yield
    finally:
        tasks += front.unsaid
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in own:
            each.close()


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
        self.unsaid: set[asyncio.Task[None]] = set()

    async def accept_forever(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if len(self.unsaid) >= UNSAID_MAX:
                accepted.close()
                continue
            task = asyncio.create_task(self._let_in(accepted, address[0] if address else UNIX))
            self.unsaid.add(task)
            task.add_done_callback(self.unsaid.discard)

    async def _let_in(self, accepted: socket.socket, peer: str) -> None:
        loop = asyncio.get_running_loop()

        async def read(size: int) -> bytes:
            data = b""
            while len(data) < size:
                more = await loop.sock_recv(accepted, size - len(data))
                if not more:
                    raise NoHeader("it hung up")
                data += more
            return data

        accepted.setblocking(False)
        try:
            async with asyncio.timeout(self._patience):
                client = (await read_header(read) if self._proxies.trust(peer) else None) or peer
            await loop.connect_accepted_socket(lambda: self._make(client), accepted, **self._tls)
        except (OSError, NoHeader):  # ssl.SSLError and TimeoutError are OSErrors
            accepted.close()
        except BaseException:
            accepted.close()
            raise
