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
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from rendezvous.handshakes import Handshakes
from rendezvous.limits import Limits, groups
from rendezvous.proxy import UNIX, NoHeader, Proxies, read_header

UNNAMED_MAX = 256
"""Connections whose client is not yet known. A proxy names the client in its first packet."""

BACKLOG = 1024
"""Connections that the kernel holds for us. One that finds no room there in a flood waits a second."""

SHUTDOWN_SECONDS = 1.0
"""That a client of TLS has for the answer to our farewell."""

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
    admits: Callable[[str], bool],
    proxies: Proxies,
    tls: ssl.SSLContext | None,
    patience: float,
) -> AsyncIterator[None]:
    """Accept connections on bound sockets; ``make`` serves one, given its client's address: the peer's, or
    what a proxy has said. ``admits`` says of that address whether it may connect once more. The header comes
    before TLS, so no library's server would read it. And none would count a client's connections before their
    handshakes have ended."""
    front = _Front(make, admits, proxies, tls, patience)
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
        admits: Callable[[str], bool],
        proxies: Proxies,
        tls: ssl.SSLContext | None,
        patience: float,
    ) -> None:
        self._make = make
        self._admits = admits
        self._proxies = proxies
        self._patience = patience
        self._tls: dict[str, Any] = {}
        if tls is not None:
            self._tls = {
                "ssl": tls,
                "ssl_handshake_timeout": patience,
                "ssl_shutdown_timeout": SHUTDOWN_SECONDS,
            }
        self.entering: set[asyncio.Task[None]] = set()
        self._unnamed = 0
        self._handshakes: Handshakes[asyncio.Task[None]] = Handshakes()

    async def accept_forever(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            peer = address[0] if address else UNIX
            if self._is_named_later(peer) or self._admits(peer):
                task = asyncio.create_task(self._let_in(accepted, peer))
                self.entering.add(task)
                task.add_done_callback(self.entering.discard)
            else:
                accepted.close()
            await asyncio.sleep(0)  # to accept does not wait, and a flood of connections would hold the loop

    async def _let_in(self, accepted: socket.socket, peer: str) -> None:
        accepted.setblocking(False)
        try:
            client = await self._name_client(accepted, peer)
            if self._is_named_later(peer) and not self._admits(client):
                raise _TooMany
            with self._counted(client):
                await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: self._make(client), accepted, **self._tls
                )
        except (OSError, NoHeader, _TooMany):  # ssl.SSLError and TimeoutError are OSErrors
            accepted.close()
        except BaseException:
            accepted.close()
            raise

    def _is_named_later(self, peer: str) -> bool:
        """Whether a header says who the client is."""
        return self._proxies.header and self._proxies.is_trusted(peer)

    async def _name_client(self, accepted: socket.socket, peer: str) -> str:
        if not self._is_named_later(peer):
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
        """A handshake of this client, which ends if it has to make way for another."""
        own = asyncio.current_task()
        assert own is not None, "within the loop"
        one = client != UNIX and not self._proxies.is_trusted(client)
        names = [group.name for group in groups(client, _LIMITS)] if one else []
        address, network = (names[0], names[-1]) if names else ("", "")
        displaced = self._handshakes.begin_handshake(own, address, network)
        if displaced is not None:
            displaced.cancel()
        try:
            yield
        finally:
            self._handshakes.end_handshake(own, network)


class _TooMany(Exception):
    """More connections are open than the limit allows."""
