"""WebRTC links by aiortc.

Knows: peer connections and their one data channel. Does not know: what frames hold, whom a link is with, or
what had to be mended in the engine (``mending``).
"""

# ruff: noqa: SLF001 -- aiortc shows neither the peer's certificate nor what is unacknowledged

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from dataclasses import replace
from typing import Any, Final

from p2pchat.core.facts import (
    AnswerMade,
    Fact,
    FrameReceived,
    FramesDrained,
    LinkDown,
    LinkShaken,
    LinkUp,
    OfferMade,
)
from p2pchat.errors import LinkError, Malformed
from p2pchat.net.rtc import gathering, mending
from p2pchat.net.rtc.checks import sparing
from p2pchat.net.rtc.mending import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)
from p2pchat.types import LinkId
from p2pchat.wire.description import Description
from p2pchat.wire.ice import NO_SERVERS, Servers
from p2pchat.wire.sdp import from_sdp, to_sdp

CONNECT_SECONDS: Final = 20.0
"""From the first description to the open channel; ICE over two NATs needs up to 7 s (measured)."""

CLOSE_SECONDS: Final = 2.0
"""For the engine to finish what it has begun, and again for it to close."""

DRAIN_SECONDS: Final = 1.0
"""For the peer to acknowledge what was sent before we close: some repeats of a lost packet, yet nobody waits
long for a peer that is dead."""

Report = Callable[[Fact], None]

_log = logging.getLogger(__name__)


class Engine:
    """Makes and keeps links. ``report`` is called in the event loop and must not block.

    ``servers`` are the user's own STUN and TURN servers. With ``relay_only`` nothing is sent or received but
    by way of their TURN server: no socket of a link is open to anybody else, and neighbours learn the
    server's address alone. ``proxy``, the URL of a SOCKS5 proxy, stands between us and a TURN server that is
    reached over TCP; UDP does not go through it, so no STUN server is asked then, whoever names it.
    ``ca_file`` names a PEM file of certificates to trust beside the system's.
    """

    def __init__(
        self,
        report: Report,
        servers: Servers = NO_SERVERS,
        *,
        relay_only: bool = False,
        proxy: str | None = None,
        ca_file: str | None = None,
    ) -> None:
        self._report = report
        policy = RTCIceTransportPolicy.RELAY if relay_only else RTCIceTransportPolicy.ALL
        self._configuration = RTCConfiguration([], iceTransportPolicy=policy)
        self._servers = servers
        self._proxied = proxy is not None
        self._relay_only = relay_only
        self._context = contextvars.copy_context()
        self._context.run(gathering.PROXY.set, proxy)
        self._context.run(gathering.CA_FILE.set, ca_file)
        self._refused: set[str] = set()
        self._context.run(gathering.REFUSED.set, self._refused)
        self._links: dict[LinkId, _Link] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def refused(self) -> tuple[str, ...]:
        """Which TURN servers, as ``host:port``, refused their user or password when last asked."""
        return tuple(sorted(self._refused))

    def use_servers(self, servers: Servers) -> None:
        """Ask these of the user's for links that are made from now on."""
        self._servers = servers
        self._refused.clear()

    def make_offer(self, link: LinkId, hinted: Servers = NO_SERVERS) -> None:
        """Begin a link; answered by OfferMade or LinkDown. ``hinted``: what a rendezvous has named, to be
        asked beside the user's own servers."""
        self._begin(link, hinted, lambda made: made.offer())

    def make_answer(self, link: LinkId, offer: Description, hinted: Servers = NO_SERVERS) -> None:
        """Begin a link to somebody's offer; answered by AnswerMade or LinkDown."""
        self._begin(link, hinted, lambda made: made.answer(offer))

    def accept_answer(self, link: LinkId, answer: Description) -> None:
        """Go on with the link we offered; answered by LinkUp or LinkDown."""
        known = self._links.get(link)
        if known is not None:
            self._spawn(known.guarded(known.accept(answer)))

    def send(self, link: LinkId, frame: bytes) -> None:
        """Send one frame, after all before it. Dropped when the link is gone: the fact of that is on its
        way."""
        known = self._links.get(link)
        if known is not None:
            known.send(frame)

    def moved(self, addresses: Collection[str]) -> None:
        """This machine has these addresses now: links from others are shaken."""
        for link, made in list(self._links.items()):
            base = made.base()
            if base is not None and base not in addresses:
                self._report(LinkShaken(link))

    def shake(self) -> None:
        """The machine has slept: nobody knows which link still stands."""
        for link in list(self._links):
            self._report(LinkShaken(link))

    def close(self, link: LinkId) -> None:
        """Close after what was sent has left, within ``CLOSE_SECONDS``; no fact follows."""
        known = self._links.pop(link, None)
        if known is not None:
            known.silence()
            self._spawn(known.close())

    async def aclose(self) -> None:
        """Close everything and wait for it."""
        for link in list(self._links):
            self.close(link)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(
        self, link: LinkId, hinted: Servers, step: Callable[[_Link], Coroutine[Any, Any, None]]
    ) -> None:
        made = _Link(link, RTCPeerConnection(self._configuration), self._tell, self._relay_only)
        self._links[link] = made
        context = self._context.copy()
        context.run(gathering.SERVERS.set, self._asked(hinted))
        made.step = self._spawn(made.guarded(step(made)), context)
        self._spawn(made.guarded(made.watch()))

    def _asked(self, hinted: Servers) -> Servers:
        """What may be asked for a link. Where UDP would show our address, no datagram leaves for a server."""
        if self._relay_only:
            return Servers(turn=self._servers.turn)
        if not self._proxied:
            return self._servers + hinted
        over_tcp = tuple(each for each in hinted.turn if each.transport != "udp")
        return Servers(turn=self._servers.turn) + Servers(turn=over_tcp)

    def _tell(self, fact: Fact) -> None:
        if isinstance(fact, LinkDown):
            self.close(fact.link)
        self._report(fact)

    def _spawn(
        self, work: Coroutine[Any, Any, None], context: contextvars.Context | None = None
    ) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, context=context or self._context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Link:
    """One peer connection and its channel."""

    def __init__(self, link: LinkId, connection: RTCPeerConnection, tell: Report, relayed: bool) -> None:
        self._id = link
        self._relayed = relayed
        self._connection = connection
        self._tell: Report | None = tell
        self._channel: RTCDataChannel | None = None
        self._opened = asyncio.Event()
        self._in_engine: deque[int] = deque()
        self._waiting = 0
        self.step: asyncio.Task[None] | None = None
        """Making the first description."""
        connection.on("datachannel", self._adopt)
        connection.on("connectionstatechange", self._state_changed)

    def report(self, fact: Fact) -> None:
        if self._tell is not None:
            self._tell(fact)

    def base(self) -> str | None:
        """The address of ours from which an open link sends; None: there is no such link."""
        if self._connection.sctp is None or not self._opened.is_set():
            return None
        return gathering.base(self._connection.sctp.transport.transport._connection)

    def silence(self) -> None:
        """Report nothing any more."""
        self._tell = None

    # --- making the connection

    async def offer(self) -> None:
        self._adopt(self._connection.createDataChannel("p2pchat"))
        made = await self._describe(await self._connection.createOffer())
        self.report(OfferMade(self._id, made))

    async def answer(self, offer: Description) -> None:
        await self._connection.setRemoteDescription(RTCSessionDescription(to_sdp(sparing(offer)), "offer"))
        made = await self._describe(await self._connection.createAnswer())
        self.report(AnswerMade(self._id, made))

    async def accept(self, answer: Description) -> None:
        await self._connection.setRemoteDescription(RTCSessionDescription(to_sdp(sparing(answer)), "answer"))

    async def watch(self) -> None:
        """The link is down when the channel does not open in time."""
        await asyncio.wait_for(self._opened.wait(), CONNECT_SECONDS)

    async def guarded(self, step: Coroutine[Any, Any, None]) -> None:
        """Whatever goes wrong in a step ends the link, in one line."""
        try:
            await step
        except TimeoutError:
            self.report(LinkDown(self._id, f"no connection within {CONNECT_SECONDS:.0f} seconds"))
        except (Malformed, LinkError) as error:
            self.report(LinkDown(self._id, str(error)))
        except Exception as error:  # noqa: BLE001 -- the engine's own errors have no common root
            _log.debug("link %d", self._id, exc_info=True)
            self.report(LinkDown(self._id, f"{type(error).__name__}: {error}"))

    async def _describe(self, description: RTCSessionDescription) -> Description:
        await self._connection.setLocalDescription(description)
        made = from_sdp(self._connection.localDescription.sdp)
        if self._relayed:
            _check_relayed(made)
        assert self._connection.sctp is not None, "described"
        return replace(made, nat=gathering.nat(self._connection.sctp.transport.transport._connection))

    def _adopt(self, channel: RTCDataChannel) -> None:
        if self._channel is not None:
            self.report(LinkDown(self._id, "the peer opened a second channel"))
            return
        if not channel.ordered or channel.maxRetransmits is not None or channel.maxPacketLifeTime is not None:
            self.report(LinkDown(self._id, "the peer's channel is not ordered and reliable"))
            return
        self._channel = channel
        channel.on("open", self._open)
        channel.on("close", lambda: self.report(LinkDown(self._id, "the channel was closed")))
        channel.on("message", self._received)
        channel.on("bufferedamountlow", self._drained)
        if channel.readyState == "open":
            self._open()

    def _open(self) -> None:
        if self._opened.is_set():
            return
        self._opened.set()
        own, peer = self._fingerprints()
        self.report(LinkUp(self._id, own, peer, self._remote()))

    def _remote(self) -> str:
        assert self._connection.sctp is not None, "a connection with an open channel"
        return gathering.remote(self._connection.sctp.transport.transport._connection)

    def _fingerprints(self) -> tuple[bytes, bytes]:
        """SHA-256 of both certificates, as the DTLS connection itself used them; what the SDP said does not
        count."""
        assert self._connection.sctp is not None, "a connection with an open channel"
        dtls = self._connection.sctp.transport
        own = next(f.value for f in dtls.getLocalParameters().fingerprints if f.algorithm == "sha-256")
        tls = dtls._ssl
        certificate = tls.get_peer_certificate() if tls is not None else None
        assert certificate is not None, "DTLS without a peer's certificate"
        return _from_colons(own), _from_colons(certificate.digest("sha256").decode("ascii"))

    # --- frames

    def send(self, frame: bytes) -> None:
        if self._channel is None or self._channel.readyState != "open":
            return
        self._channel.send(frame)
        self._in_engine.append(len(frame))
        self._waiting += len(frame)
        # Ask to be told as soon as the first of the waiting frames has left.
        self._channel.bufferedAmountLowThreshold = max(0, self._channel.bufferedAmount - 1)
        if not self._channel.bufferedAmount:
            self._drained()

    def _drained(self) -> None:
        """Give credit back for the frames that have left the engine's buffer."""
        assert self._channel is not None
        left = 0
        while self._in_engine and self._waiting - self._in_engine[0] >= self._channel.bufferedAmount:
            self._waiting -= self._in_engine.popleft()
            left += 1
        self._channel.bufferedAmountLowThreshold = max(0, self._channel.bufferedAmount - 1)
        if left:
            self.report(FramesDrained(self._id, left))

    def _received(self, message: object) -> None:
        if isinstance(message, bytes):
            self.report(FrameReceived(self._id, message))
        else:
            self.report(LinkDown(self._id, "the peer sent text"))

    # --- the end

    def _state_changed(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self.report(LinkDown(self._id, f"the connection {self._connection.connectionState}"))

    async def close(self) -> None:
        """Let what was sent leave, then close the engine."""
        self._opened.set()
        if self.step is not None:
            # Closed while it gathers, the engine would leave the sockets behind that it was about to open.
            await asyncio.wait((self.step,), timeout=CLOSE_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while self._unacknowledged():
                    await asyncio.sleep(0.01)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._connection.close()
                await mending.connected_or_not(self._connection)

    def _unacknowledged(self) -> bool:
        """bufferedAmount leaves out what is on its way and may have to be sent again."""
        if self._channel is None or self._channel.readyState != "open":
            return False
        sctp = self._channel.transport
        return bool(self._channel.bufferedAmount or sctp._outbound_queue or sctp._sent_queue)


def _check_relayed(made: Description) -> None:
    """Whatever the engine has gathered: our own address leaves in no description. Raises LinkError."""
    if not made.candidates:
        fault = "refused its user or password" if gathering.REFUSED.get() else "gave no address"
        raise LinkError(f"the TURN server {fault}; check 'p2pchat config get ice'")
    if any(candidate.kind != "relay" for candidate in made.candidates):
        raise LinkError("the engine would have shown our own address")


def _from_colons(fingerprint: str) -> bytes:
    return bytes.fromhex(fingerprint.replace(":", ""))
