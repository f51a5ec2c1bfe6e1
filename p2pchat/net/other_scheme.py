"""Whether a server that did not answer as its address says would answer to the other scheme, ws:// or wss://.

Knows: the first bytes of both. Does not know: rendezvous, or what is said afterwards.

Our servers, and many others, hang up on the wrong scheme without a word, as one that is full does. So a
person who typed an address learns which it was.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Final

PATIENCE_S: Final = 3.0
"""Seconds for the whole look."""

_REQUEST: Final = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
"""Neither the path nor the name of the address: it may hold a token, and this is not encrypted."""


async def find_scheme_fault(scheme: str, host: str, connection: socket.socket) -> str:
    """Return what is wrong with the scheme of an address, in words; "" where it is not the scheme. Closes the
    connection."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            if scheme == "ws":
                spoken = await _speaks_tls(host, connection)
                return "it speaks TLS: its address begins with wss://, not ws://" if spoken else ""
            spoken = await _speaks_http(connection)
            return "it speaks without TLS: its address begins with ws://, not wss://" if spoken else ""
    except (OSError, TimeoutError, EOFError):
        return ""
    finally:
        connection.close()


async def _speaks_tls(host: str, connection: socket.socket) -> bool:
    """Whether a TLS handshake ends well. Nothing is sent over it, so no certificate matters."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection(sock=connection, ssl=context, server_hostname=host)
    writer.transport.abort()
    return True


async def _speaks_http(connection: socket.socket) -> bool:
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        writer.write(_REQUEST)
        return await reader.readexactly(5) == b"HTTP/"
    finally:
        writer.transport.abort()
