"""A peer connection of libwebrtc's, and its one data channel.

Knows: wrtc's objects and events. Does not know: which addresses are of use (``gathering``).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any, Final, TypeVar, cast

import webrtc
from webrtc import (
    RTCCertificate,
    RTCConfiguration,
    RTCDataChannel,
    RTCDataChannelState,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)

from p2pchat.errors import LinkError
from p2pchat.net import interfaces
from p2pchat.net.engines import port
from p2pchat.net.engines.libwebrtc.gathering import UNAUTHORIZED, Gathering, can_reach, server_url
from p2pchat.net.engines.port import CandidatePair, Fingerprints, Listener, PathKind, Policy, UntilEnd
from p2pchat.wire.description import Candidate, Description
from p2pchat.wire.ice import Servers
from p2pchat.wire.sdp import to_sdp

T = TypeVar("T")

NAME: Final = "libwebrtc"

OWN_MANY: Final = 16
"""libwebrtc checks every address of theirs from each address of ours, twenty a second. A machine with dozens
of container networks would check places of the same name at home for longer than a link may take."""


class Libwebrtc:
    """The engine."""

    name = NAME

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.refused: set[str] = set()
        self.silent: set[str] = set()
        if all(ip_address(own.partition("%")[0]).is_loopback for own in interfaces.own()):
            with contextlib.suppress(webrtc.InvalidStateError):  # too late: it has made connections already
                webrtc.allow_loopback()

    def make_connection(self, listener: Listener, servers: Servers) -> LibwebrtcConnection:
        """Return a connection that will ask these servers."""
        return LibwebrtcConnection(listener, servers, self.policy.relay_only, self.refused, self.silent)


class LibwebrtcConnection:
    """One peer connection and its channel."""

    def __init__(
        self, listener: Listener, servers: Servers, relayed: bool, refused: set[str], silent: set[str]
    ) -> None:
        self._told = UntilEnd(listener)
        self._relayed = relayed
        self._refused = refused
        self._silent = silent
        self._gathering = Gathering(servers, relayed)
        self._certificate: RTCCertificate | None = None
        self._connection: RTCPeerConnection | None = None
        self._channel: RTCDataChannel | None = None
        self._channel_closed = asyncio.Event()
        self._opened = False
        self._describing: asyncio.Task[Any] | None = None

    # --- making it

    async def make_offer(self) -> Description:
        """See ``port.PeerConnection``."""
        return await self._describe_in_task(self._offer())

    async def make_answer(self, offer: Description) -> Description:
        """See ``port.PeerConnection``."""
        return await self._describe_in_task(self._answer(offer))

    async def accept_answer(self, answer: Description) -> None:
        """See ``port.PeerConnection``."""
        if self._connection is None:
            raise LinkError("an answer to no offer")
        await self._connection.set_remote_description(_remote(answer, "answer"))

    async def _describe_in_task(self, work: Coroutine[Any, Any, T]) -> T:
        self._describing = task = asyncio.get_running_loop().create_task(work)
        return await task

    async def _offer(self) -> Description:
        connection = await self._begin()
        self._adopt(connection.create_data_channel(port.CHANNEL))
        return await self._describe(connection, await connection.create_offer())

    async def _answer(self, offer: Description) -> Description:
        connection = await self._begin()
        await connection.set_remote_description(_remote(offer, "offer"))
        return await self._describe(connection, await connection.create_answer())

    async def _begin(self) -> RTCPeerConnection:
        """Make our own certificate: the engine does not show one that it makes."""
        self._certificate = await RTCPeerConnection.generate_certificate("ECDSA")
        if self._told.over:
            raise LinkError("closed")
        transport = RTCIceTransportPolicy.relay if self._relayed else RTCIceTransportPolicy.all
        self._connection = connection = RTCPeerConnection(
            RTCConfiguration(
                ice_servers=_servers(self._gathering.servers),
                ice_transport_policy=transport,
                certificates=[self._certificate],
            )
        )
        connection.on("datachannel", lambda event: self._adopt(event.channel))
        connection.on("connectionstatechange", self._state_changed)
        connection.on("icecandidate", self._candidate_found)
        connection.on("icecandidateerror", self._server_failed)
        return connection

    async def _describe(self, connection: RTCPeerConnection, description: Any) -> Description:
        await connection.set_local_description(description)
        await self._gathering.wait_for_enough()
        self._note_silent()
        local = connection.local_description
        if self._told.over or local is None:
            raise LinkError("closed")
        made = self._gathering.describe_local(local.sdp)
        if self._relayed:
            port.check_relayed(made, bool(self._refused))
        return made

    def _note_silent(self) -> None:
        servers = [server for server in self._gathering.servers.turn if can_reach(server)]
        lent = any(line.kind == "relay" for line in self._gathering.lines)
        hosts = {server.host for server in servers if server_url(server) in self._gathering.declined}
        port.note_silent(self._silent, servers, hosts, lent)

    def _candidate_found(self, event: webrtc.RTCPeerConnectionIceEvent) -> None:
        found = event.candidate
        if found is None:
            self._gathering.stop_waiting()
        elif found.candidate:
            self._gathering.add_candidate(found.candidate, found.url)
            if found.type == "relay" and found.url:
                self._refused.discard(_where(found.url))

    def _server_failed(self, event: webrtc.RTCPeerConnectionIceErrorEvent) -> None:
        if event.error_code == UNAUTHORIZED:
            self._refused.add(_where(event.url))
        self._gathering.add_failure(event.url, event.error_code)

    def _adopt(self, channel: RTCDataChannel) -> None:
        if self._channel is not None:
            self._told.tell_end(port.SECOND_CHANNEL)
            return
        if (
            not channel.ordered
            or channel.max_retransmits is not None
            or channel.max_packet_life_time is not None
        ):
            self._told.tell_end(port.UNLIKE_CHANNEL)
            return
        self._channel = channel
        channel.on("open", lambda event: self._open())
        channel.on("close", lambda event: self._close_seen())
        channel.on("message", lambda event: self._told.tell_message(event.data))
        channel.on("bufferedamountlow", lambda event: self._drained())

    def _open(self) -> None:
        if self._opened or self._told.over:
            return
        if not self._peer_certificates():
            self._told.tell_end("DTLS without a peer's certificate")
            return
        self._opened = True
        self._told.tell_open()

    # --- what it is

    def _peer_certificates(self) -> list[bytes]:
        """Return the certificates that the peer showed to DTLS, its own first, DER."""
        sctp = self._connection.sctp if self._connection is not None else None
        return sctp.transport.get_remote_certificates() if sctp is not None else []

    def read_fingerprints(self) -> Fingerprints:
        """See ``port.PeerConnection``."""
        assert self._certificate is not None, "a connection with an open channel"
        shown = {
            fingerprint.algorithm: fingerprint.value for fingerprint in self._certificate.get_fingerprints()
        }
        own = bytes.fromhex(cast(str, shown["sha-256"]).replace(":", ""))
        return Fingerprints(own, hashlib.sha256(self._peer_certificates()[0]).digest())

    def selected_pair(self) -> CandidatePair | None:
        """See ``port.PeerConnection``."""
        sctp = self._connection.sctp if self._connection is not None and self._opened else None
        pair = sctp.transport.ice_transport.get_selected_candidate_pair() if sctp is not None else None
        if pair is None:
            return None
        own, peer = cast(PathKind, str(pair.local.type)), cast(PathKind, str(pair.remote.type))
        base = pair.local.address if own == "host" else pair.local.related_address
        if own == "relay" or not base:
            # Which of our addresses the TURN server is reached from, libwebrtc does not say.
            base = next(iter(interfaces.routed()), "")
        remote = "" if peer == "relay" else pair.remote.address or ""
        return CandidatePair(own, peer, base, remote)

    # --- messages

    @property
    def buffered_bytes(self) -> int:
        """See ``port.PeerConnection``."""
        return self._channel.buffered_amount if self._channel is not None else 0

    def send_message(self, message: bytes) -> bool:
        """See ``port.PeerConnection``."""
        if self._channel is None or self._channel.ready_state != RTCDataChannelState.open:
            return False
        self._channel.send(message)
        self._ask_for_less()
        return True

    def _drained(self) -> None:
        self._ask_for_less()
        self._told.tell_drain()

    def _ask_for_less(self) -> None:
        """Have the engine tell as soon as the first of what waits has left."""
        assert self._channel is not None, "adopted"
        self._channel.buffered_amount_low_threshold = max(0, self._channel.buffered_amount - 1)

    # --- the end

    def _close_seen(self) -> None:
        self._channel_closed.set()
        self._told.tell_end(port.CLOSED)

    def _state_changed(self, event: webrtc.Event) -> None:
        state = str(self._connection.connection_state) if self._connection is not None else "closed"
        if state in ("failed", "closed"):
            self._told.tell_end(f"the connection {state}")

    async def close(self) -> None:
        """See ``port.PeerConnection``."""
        self._told.fall_silent()
        self._gathering.stop_waiting()
        if self._describing is not None:
            await asyncio.wait((self._describing,), timeout=port.CLOSE_SECONDS)
        if self._channel is not None and self._channel.ready_state == RTCDataChannelState.open:
            # Closed, a channel sends what it has, and is closed when the peer has acknowledged all of it.
            self._channel.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(port.DRAIN_SECONDS):
                    await self._channel_closed.wait()
        if self._connection is not None:
            self._connection.close()


def _remote(description: Description, kind: str) -> RTCSessionDescription:
    """Return a description without TCP: libwebrtc would connect to any address that the peer names."""
    over_udp = [candidate for candidate in description.candidates if candidate.protocol == "udp"]
    chosen = tuple(over_udp if len(interfaces.own()) <= OWN_MANY else first_hosts(over_udp))
    return RTCSessionDescription(webrtc.RTCSdpType(kind), to_sdp(replace(description, candidates=chosen)))


def first_hosts(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Return the first own address of each IP version of the other machine, which is the one that it uses,
    and all addresses that servers saw or lent."""
    known = set[int]()
    for candidate in candidates:
        version = ip_address(candidate.address).version
        if candidate.kind != "host" or version not in known:
            yield candidate
        if candidate.kind == "host":
            known.add(version)


def _servers(servers: Servers) -> list[RTCIceServer]:
    stun = [RTCIceServer(urls=server_url(server)) for server in servers.stun]
    turn = [
        RTCIceServer(urls=server_url(server), username=server.user, credential=server.password)
        for server in servers.turn
        if can_reach(server)
    ]
    return stun + turn


def _where(url: str) -> str:
    """``host:port`` of a server's URL."""
    return url.partition(":")[2].partition("?")[0].replace("[", "").replace("]", "")
