"""A TURN server (RFC 8656, UDP) on the loopback: links go through it, and tests see what does.

Knows: allocations with long-term credentials, refreshing, channels, permissions by address. Does not know:
TCP, IPv6, Send indications, lifetimes: the engine's client uses channels alone, and tests are short.
"""

from __future__ import annotations

import asyncio
import os
import struct
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

    def __init__(self) -> None:
        self.relays: dict[Address, _Relay] = {}
        self.every_relay: list[Address] = []
        """Also of clients that have left."""
        self.strangers: set[Address] = set()
        """Who sent to a relay without being another relay."""
        self.passed = 0
        """Datagrams that went through, either way."""
        self._nonce = os.urandom(8).hex().encode()

    @property
    def url(self) -> str:
        host, port = self.transport.get_extra_info("sockname")
        return f"turn:{USER}:{PASSWORD}@{host}:{port}"

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
                lambda: _Relay(self, client), local_addr=("127.0.0.1", 0)
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
        self.transport.sendto(bytes(response), client)

    def _refuse(
        self, request: stun.Message, client: Address, code: tuple[int, str], attributes: dict[str, Any]
    ) -> None:
        attributes = {"ERROR-CODE": code, **attributes}
        response = stun.Message(request.message_method, stun.Class.ERROR, request.transaction_id, attributes)
        self.transport.sendto(bytes(response), client)


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
        """From the world; dropped unless the client has allowed the address it comes from."""
        if peer not in self._server.every_relay:
            self._server.strangers.add(peer)
        channel = next((number for number, bound in self._channels.items() if bound == peer), None)
        if channel is not None:
            self._server.passed += 1
            self._server.transport.sendto(struct.pack("!HH", channel, len(data)) + data, self._client)
        elif any(bound[0] == peer[0] for bound in self._channels.values()):
            attributes = {"XOR-PEER-ADDRESS": peer, "DATA": data}
            indication = stun.Message(stun.Method.DATA, stun.Class.INDICATION, attributes=attributes)
            self._server.transport.sendto(bytes(indication), self._client)


@asynccontextmanager
async def turn_server() -> AsyncIterator[TurnServer]:
    """Listens on the loopback for as long as the block lasts."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(TurnServer, local_addr=("127.0.0.1", 0))
    try:
        yield server
    finally:
        for relay in server.relays.values():
            relay.transport.close()
        transport.close()
