"""A TURN server (RFC 8656): links go through it, and tests see what does.

Knows: allocations with long-term credentials, refreshing, channels, permissions by address. Does not know:
IPv6, Send indications, lifetimes: the engine's client uses channels alone, and tests are short.

Run by itself, ``python -m tests.support.turn INSIDE OUTSIDE`` prints its URL and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast

from aioice import stun
from aioice.turn import is_channel_data, make_integrity_key

Address = tuple[str, int]

USER, PASSWORD, REALM = "ana", "secret", "p2pchat.test"
KEY: Final = make_integrity_key(USER, REALM, PASSWORD)
LIFETIME_S: Final = 600
UNAUTHORIZED, MISMATCH = (401, "Unauthorized"), (437, "Allocation Mismatch")


class TurnServer(asyncio.DatagramProtocol):
    """Where clients send to; one ``_Relay`` for each client."""

    def __init__(self, outside: str) -> None:
        self.outside = outside
        """The address that relays have."""
        self.relays: dict[Address, _Relay] = {}
        self.every_relay: list[Address] = []
        """Also of clients that have left."""
        self.strangers: set[Address] = set()
        """Who sent to a relay without being another relay."""
        self.streams: dict[Address, asyncio.Transport] = {}
        """Clients over TCP."""
        self.passed = 0
        """Datagrams that went through, either way."""
        self._nonce = os.urandom(8).hex().encode()

    @property
    def port(self) -> int:
        return int(self.transport.get_extra_info("sockname")[1])

    @property
    def url(self) -> str:
        host, port = self.transport.get_extra_info("sockname")
        return f"turn:{USER}:{PASSWORD}@{host}:{port}"

    def send(self, data: bytes, client: Address) -> None:
        """Send to a client, over the connection that it uses."""
        if client in self.streams:
            self.streams[client].write(data + bytes(-len(data) % 4))
        else:
            self.transport.sendto(data, client)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, client: Address) -> None:
        if is_channel_data(data):
            if client in self.relays:
                self.relays[client].send(data)
            return
        request = stun.parse_message(data)
        if request.attributes.get("USERNAME") != USER or not request.check_message_integrity(KEY):
            self._refuse(request, client, UNAUTHORIZED, {"REALM": REALM, "NONCE": self._nonce})
        elif request.message_method == stun.Method.ALLOCATE:
            self._allocating = asyncio.get_running_loop().create_task(self._allocate(request, client))
        elif client not in self.relays:
            self._refuse(request, client, MISMATCH, {})
        elif request.message_method == stun.Method.REFRESH:
            self._refresh(request, client)
        elif request.message_method == stun.Method.CHANNEL_BIND:
            self.relays[client].bind(
                request.attributes["CHANNEL-NUMBER"], request.attributes["XOR-PEER-ADDRESS"]
            )
            self._answer(request, client, {})

    async def _allocate(self, request: stun.Message, client: Address) -> None:
        if client not in self.relays:
            loop = asyncio.get_running_loop()
            _, relay = await loop.create_datagram_endpoint(
                lambda: _Relay(self, client), local_addr=(self.outside, 0)
            )
            self.relays[client] = relay
            self.every_relay.append(relay.address)
        found = {
            "XOR-RELAYED-ADDRESS": self.relays[client].address,
            "XOR-MAPPED-ADDRESS": client,
            "LIFETIME": LIFETIME_S,
        }
        self._answer(request, client, found)

    def _refresh(self, request: stun.Message, client: Address) -> None:
        lifetime = request.attributes["LIFETIME"]
        if not lifetime:
            self.relays.pop(client).transport.close()
        self._answer(request, client, {"LIFETIME": lifetime})

    def _answer(self, request: stun.Message, client: Address, attributes: dict[str, Any]) -> None:
        response = stun.Message(
            request.message_method, stun.Class.RESPONSE, request.transaction_id, attributes
        )
        response.add_message_integrity(KEY)
        self.send(bytes(response), client)

    def _refuse(
        self, request: stun.Message, client: Address, code: tuple[int, str], attributes: dict[str, Any]
    ) -> None:
        attributes = {"ERROR-CODE": code, **attributes}
        response = stun.Message(request.message_method, stun.Class.ERROR, request.transaction_id, attributes)
        self.send(bytes(response), client)


class _Stream(asyncio.Protocol):
    """One client over TCP: messages padded to four bytes, one after another."""

    def __init__(self, server: TurnServer) -> None:
        self._server = server
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._client = cast(Address, transport.get_extra_info("peername"))
        self._server.streams[self._client] = cast(asyncio.Transport, transport)

    def connection_lost(self, _: Exception | None) -> None:
        del self._server.streams[self._client]

    def data_received(self, data: bytes) -> None:
        self._data += data
        while len(self._data) >= 4:
            (length,) = struct.unpack_from("!H", self._data, 2)
            size = 4 + length if is_channel_data(self._data) else 20 + length
            padded = size + -size % 4
            if len(self._data) < padded:
                return
            message, self._data = self._data[:size], self._data[padded:]
            self._server.datagram_received(message, self._client)


class _Relay(asyncio.DatagramProtocol):
    """The address by which the world reaches one client."""

    def __init__(self, server: TurnServer, client: Address) -> None:
        self._server = server
        self._client = client
        self._channels: dict[int, Address] = {}

    @property
    def address(self) -> Address:
        return cast(Address, self.transport.get_extra_info("sockname"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def bind(self, channel: int, peer: Address) -> None:
        self._channels[channel] = peer

    def send(self, data: bytes) -> None:
        """ChannelData from the client, on to its peer."""
        channel, length = struct.unpack_from("!HH", data)
        if channel in self._channels:
            self._server.passed += 1
            self.transport.sendto(data[4 : 4 + length], self._channels[channel])

    def datagram_received(self, data: bytes, peer: Address) -> None:
        """Take a datagram from the world. Drop it unless the client has allowed its address."""
        if peer not in self._server.every_relay:
            self._server.strangers.add(peer)
        channel = next((number for number, bound in self._channels.items() if bound == peer), None)
        if channel is not None:
            self._server.passed += 1
            self._server.send(struct.pack("!HH", channel, len(data)) + data, self._client)
        elif any(bound[0] == peer[0] for bound in self._channels.values()):
            attributes = {"XOR-PEER-ADDRESS": peer, "DATA": data}
            indication = stun.Message(stun.Method.DATA, stun.Class.INDICATION, attributes=attributes)
            self._server.send(bytes(indication), self._client)


@asynccontextmanager
async def turn_server(
    inside: str = "127.0.0.1", outside: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[TurnServer]:
    """Listens by UDP and TCP at the same port, for as long as the block lasts; relays are at ``outside``.

    With ``tls``, TCP is TLS.
    """
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: TurnServer(outside), local_addr=(inside, 0)
    )
    try:
        port = transport.get_extra_info("sockname")[1]
        async with await loop.create_server(lambda: _Stream(server), inside, port, ssl=tls):
            yield server
    finally:
        for relay in server.relays.values():
            relay.transport.close()
        transport.close()


async def _serve(inside: str, outside: str) -> None:
    async with turn_server(inside, outside) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
