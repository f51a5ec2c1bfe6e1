"""A peer connection of aiortc's, and its one data channel.

Knows: aiortc's objects and events. Does not know: what had to be patched in them (``patches``).
"""

# ruff: noqa: SLF001 -- aiortc shows neither the peer's certificate nor what is unacknowledged

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Final, TypeVar

from p2pchat.net.engines import port
from p2pchat.net.engines.aiortc import gathering, patches
from p2pchat.net.engines.aiortc.patches import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)
from p2pchat.net.engines.port import CandidatePair, Fingerprints, Listener, Policy, UntilEnd
from p2pchat.wire.description import Description
from p2pchat.wire.ice import Servers
from p2pchat.wire.sdp import from_sdp, to_sdp

T = TypeVar("T")

NAME: Final = "aiortc"


class Aiortc:
    """The engine."""

    name = NAME

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.refused: set[str] = set()
        self.silent: set[str] = set()
        transport = RTCIceTransportPolicy.RELAY if policy.relay_only else RTCIceTransportPolicy.ALL
        self._configuration = RTCConfiguration([], iceTransportPolicy=transport)

    def make_connection(self, listener: Listener, servers: Servers) -> AiortcConnection:
        """Return a connection that will ask these servers."""
        context = contextvars.copy_context()
        context.run(gathering.PROXY.set, self.policy.proxy)
        context.run(gathering.CA_FILE.set, self.policy.ca_file)
        context.run(gathering.SERVERS.set, servers)
        context.run(gathering.REFUSED.set, self.refused)
        context.run(gathering.SILENT.set, self.silent)
        return AiortcConnection(
            RTCPeerConnection(self._configuration), listener, self.policy.relay_only, context
        )


class AiortcConnection:
    """One peer connection and its channel."""

    def __init__(
        self,
        connection: RTCPeerConnection,
        listener: Listener,
        relayed: bool,
        context: contextvars.Context,
    ) -> None:
        self._connection = connection
        self._told = UntilEnd(listener)
        self._relayed = relayed
        self._context = context
        self._channel: RTCDataChannel | None = None
        self._opened = False
        self._describing: asyncio.Task[Any] | None = None
        connection.on("datachannel", self._adopt)
        connection.on("connectionstatechange", self._state_changed)

    # --- making it

    async def make_offer(self) -> Description:
        """See ``port.PeerConnection``."""
        return await self._describing_in_context(self._offer())

    async def make_answer(self, offer: Description) -> Description:
        """See ``port.PeerConnection``."""
        return await self._describing_in_context(self._answer(offer))

    async def accept_answer(self, answer: Description) -> None:
        """See ``port.PeerConnection``."""
        await self._in_context(self._take(answer, "answer"))

    async def _describing_in_context(self, work: Coroutine[Any, Any, T]) -> T:
        self._describing = task = self._in_context(work)
        return await task

    def _in_context(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run work where gathering finds its servers: aiortc passes nothing on."""
        return asyncio.get_running_loop().create_task(work, context=self._context)

    async def _offer(self) -> Description:
        self._adopt(self._connection.createDataChannel(port.CHANNEL))
        return await self._describe(await self._connection.createOffer())

    async def _answer(self, offer: Description) -> Description:
        await self._take(offer, "offer")
        return await self._describe(await self._connection.createAnswer())

    async def _take(self, description: Description, kind: str) -> None:
        await self._connection.setRemoteDescription(RTCSessionDescription(to_sdp(description), kind))

    async def _describe(self, description: RTCSessionDescription) -> Description:
        await self._connection.setLocalDescription(description)
        made = from_sdp(self._connection.localDescription.sdp)
        if self._relayed:
            port.check_relayed(made, bool(gathering.REFUSED.get()))
        assert self._connection.sctp is not None, "described"
        return replace(made, nat=gathering.nat(self._connection.sctp.transport.transport._connection))

    def _adopt(self, channel: RTCDataChannel) -> None:
        if self._channel is not None:
            self._told.tell_end(port.SECOND_CHANNEL)
            return
        if not channel.ordered or channel.maxRetransmits is not None or channel.maxPacketLifeTime is not None:
            self._told.tell_end(port.UNLIKE_CHANNEL)
            return
        self._channel = channel
        channel.on("open", self._open)
        channel.on("close", lambda: self._told.tell_end(port.CLOSED))
        channel.on("message", self._told.tell_message)
        channel.on("bufferedamountlow", self._drained)
        if channel.readyState == "open":
            self._open()

    def _open(self) -> None:
        if not self._opened and not self._told.over:
            self._opened = True
            self._told.tell_open()

    # --- what it is

    def read_fingerprints(self) -> Fingerprints:
        """See ``port.PeerConnection``."""
        assert self._connection.sctp is not None, "a connection with an open channel"
        dtls = self._connection.sctp.transport
        own = next(f.value for f in dtls.getLocalParameters().fingerprints if f.algorithm == "sha-256")
        tls = dtls._ssl
        certificate = tls.get_peer_certificate() if tls is not None else None
        assert certificate is not None, "DTLS without a peer's certificate"
        return Fingerprints(_from_colons(own), _from_colons(certificate.digest("sha256").decode("ascii")))

    def selected_pair(self) -> CandidatePair | None:
        """See ``port.PeerConnection``."""
        if self._connection.sctp is None or not self._opened:
            return None
        return gathering.chosen(self._connection.sctp.transport.transport._connection)

    # --- messages

    @property
    def buffered_bytes(self) -> int:
        """See ``port.PeerConnection``."""
        return self._channel.bufferedAmount if self._channel is not None else 0

    def send_message(self, message: bytes) -> bool:
        """See ``port.PeerConnection``."""
        if self._channel is None or self._channel.readyState != "open":
            return False
        self._channel.send(message)
        self._ask_for_less()
        return True

    def _drained(self) -> None:
        self._ask_for_less()
        self._told.tell_drain()

    def _ask_for_less(self) -> None:
        """Have aiortc tell as soon as the first of what waits has left."""
        assert self._channel is not None, "adopted"
        self._channel.bufferedAmountLowThreshold = max(0, self._channel.bufferedAmount - 1)

    # --- the end

    def _state_changed(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self._told.tell_end(f"the connection {self._connection.connectionState}")

    async def close(self) -> None:
        """See ``port.PeerConnection``."""
        self._told.fall_silent()
        if self._describing is not None:
            # Closed while it gathers, the engine would leave the sockets behind that it was about to open.
            await asyncio.wait((self._describing,), timeout=port.CLOSE_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(port.DRAIN_SECONDS):
                while self._unacknowledged():
                    await asyncio.sleep(0.01)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(port.CLOSE_SECONDS):
                await self._connection.close()
                await patches.connected_or_not(self._connection)

    def _unacknowledged(self) -> bool:
        """Whether anything is under way still: bufferedAmount leaves out what may be sent again."""
        if self._channel is None or self._channel.readyState != "open":
            return False
        sctp = self._channel.transport
        return bool(self._channel.bufferedAmount or sctp._outbound_queue or sctp._sent_queue)


def _from_colons(fingerprint: str) -> bytes:
    return bytes.fromhex(fingerprint.replace(":", ""))
