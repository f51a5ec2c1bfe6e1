"""WebRTC links: names them, gives them their time, and tells what becomes of them as inputs.

Knows: one connection for each link, the servers it may ask, credit. Does not know: which engine makes
connections, what frames hold, which node a link leads to.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Final

from p2pchat.core.values.inputs import (
    AnswerMade,
    FrameReceived,
    FramesDrained,
    Input,
    LinkDown,
    LinkShaken,
    LinkUp,
    OfferMade,
)
from p2pchat.errors import LinkError, Malformed
from p2pchat.net.checks import sparing
from p2pchat.net.engines.port import CandidatePair, Engine, PeerConnection
from p2pchat.types import LinkId
from p2pchat.wire.description import Description
from p2pchat.wire.ice import NO_SERVERS, Servers

CONNECT_SECONDS: Final = 20.0
"""From the first description to the open channel; ICE over two NATs needs up to 7 s (measured)."""

Report = Callable[[Input], None]

_log = logging.getLogger(__name__)


class WebRtcLinks:
    """Makes and keeps links. ``report`` is called in the event loop and must not block.

    ``servers`` are the user's own STUN and TURN servers. With a policy of relays only, nothing is sent or
    received but by way of their TURN server: no socket of a link is open to another address, and
    neighbours learn the server's address alone. UDP does not go through a proxy, so no STUN server is asked
    then.
    """

    def __init__(self, report: Report, engine: Engine, servers: Servers = NO_SERVERS) -> None:
        self._report = report
        self._engine = engine
        self._servers = servers
        self._links: dict[LinkId, _Link] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def refused(self) -> tuple[str, ...]:
        """Which TURN servers, as ``host:port``, refused their user or password when last asked."""
        return tuple(sorted(self._engine.refused))

    @property
    def silent(self) -> tuple[str, ...]:
        """Which TURN servers, as ``host:port``, did not answer when last asked."""
        return tuple(sorted(self._engine.silent))

    def selected_pair(self, link: LinkId) -> CandidatePair | None:
        """Return the addresses that a link uses; None if it is not open."""
        known = self._links.get(link)
        return known.connection.selected_pair() if known is not None else None

    def use_servers(self, servers: Servers) -> None:
        """Ask these of the user's for links that are made from now on."""
        self._servers = servers
        self._engine.refused.clear()
        self._engine.silent.clear()

    def servers_for(self, hinted: Servers) -> Servers:
        """What may be asked for a link. Where UDP would show our address, no datagram leaves for a server."""
        policy = self._engine.policy
        if policy.relay_only:
            return Servers(turn=self._servers.turn)
        if policy.proxy is None:
            return self._servers + hinted
        over_tcp = tuple(server for server in hinted.turn if server.transport != "udp")
        return Servers(turn=self._servers.turn) + Servers(turn=over_tcp)

    def make_offer(self, link: LinkId, hinted: Servers = NO_SERVERS) -> None:
        """Begin a link; answered by OfferMade or LinkDown. ``hinted``: what a rendezvous has named, to be
        asked beside the user's own servers."""
        self._begin(link, hinted, lambda made: made.describe_offer())

    def make_answer(self, link: LinkId, offer: Description, hinted: Servers = NO_SERVERS) -> None:
        """Begin a link to a received offer; answered by AnswerMade or LinkDown."""
        self._begin(link, hinted, lambda made: made.describe_answer(offer))

    def accept_answer(self, link: LinkId, answer: Description) -> None:
        """Go on with the link we offered; answered by LinkUp or LinkDown."""
        known = self._links.get(link)
        if known is not None:
            self._spawn(known.run_guarded(known.connection.accept_answer(sparing(answer))))

    def send_frame(self, link: LinkId, frame: bytes) -> None:
        """Send one frame, after all before it. Dropped when the link is gone: the input of that is on its
        way."""
        known = self._links.get(link)
        if known is not None:
            known.send_frame(frame)

    def on_addresses_changed(self, addresses: Collection[str]) -> None:
        """Shake the links from addresses that this machine has lost."""
        for link, made in list(self._links.items()):
            pair = made.connection.selected_pair()
            if pair is not None and pair.base not in addresses:
                self._report(LinkShaken(link))

    def shake_links(self) -> None:
        """Shake every link, after the machine has slept: any of them may be gone."""
        for link in list(self._links):
            self._report(LinkShaken(link))

    def close_link(self, link: LinkId) -> None:
        """Close after what was sent has left, as far as the engine gets in its time; no input follows."""
        known = self._links.pop(link, None)
        if known is not None:
            known.stop_reporting()
            self._spawn(known.connection.close())

    async def aclose(self) -> None:
        """Close everything and wait for it."""
        for link in list(self._links):
            self.close_link(link)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(
        self, link: LinkId, hinted: Servers, step: Callable[[_Link], Coroutine[Any, Any, None]]
    ) -> None:
        made = _Link(link, self._engine, self.servers_for(hinted), self._tell)
        self._links[link] = made
        self._spawn(made.run_guarded(step(made)))
        self._spawn(made.run_guarded(made.await_open()))

    def _tell(self, input: Input) -> None:
        if isinstance(input, LinkDown):
            self.close_link(input.link)
        self._report(input)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Link:
    """One connection and the events that it reports."""

    def __init__(self, link: LinkId, engine: Engine, servers: Servers, tell: Report) -> None:
        self._id = link
        self._tell: Report | None = tell
        self._over = asyncio.Event()
        self._in_engine: deque[int] = deque()
        self._waiting = 0
        self.connection: PeerConnection = engine.make_connection(self, servers)

    def report_input(self, input: Input) -> None:
        if self._tell is not None:
            self._tell(input)

    def stop_reporting(self) -> None:
        """Report nothing from now on."""
        self._tell = None
        self._over.set()

    # --- making the connection

    async def describe_offer(self) -> None:
        self.report_input(OfferMade(self._id, await self.connection.make_offer()))

    async def describe_answer(self, offer: Description) -> None:
        self.report_input(AnswerMade(self._id, await self.connection.make_answer(sparing(offer))))

    async def await_open(self) -> None:
        """The link is down when the channel does not open in time."""
        await asyncio.wait_for(self._over.wait(), CONNECT_SECONDS)

    async def run_guarded(self, step: Coroutine[Any, Any, None]) -> None:
        """Run a step; an error in it ends the link, with one line."""
        try:
            await step
        except TimeoutError:
            self.on_end(f"no connection within {CONNECT_SECONDS:.0f} seconds")
        except (Malformed, LinkError) as error:
            self.on_end(str(error))
        except Exception as error:  # noqa: BLE001 -- engines' own errors have no common root
            _log.debug("link %d", self._id, exc_info=True)
            self.on_end(f"{type(error).__name__}: {error}")

    # --- what the connection says

    def on_open(self) -> None:
        self._over.set()
        seen, pair = self.connection.read_fingerprints(), self.connection.selected_pair()
        self.report_input(LinkUp(self._id, seen.own, seen.peer, pair.remote if pair is not None else ""))

    def on_message(self, message: bytes) -> None:
        self.report_input(FrameReceived(self._id, message))

    def on_drain(self) -> None:
        """Give credit back for the frames that have left the engine's buffer."""
        buffered, left = self.connection.buffered_bytes, 0
        while self._in_engine and self._waiting - self._in_engine[0] >= buffered:
            self._waiting -= self._in_engine.popleft()
            left += 1
        if left:
            self.report_input(FramesDrained(self._id, left))

    def on_end(self, reason: str) -> None:
        self.report_input(LinkDown(self._id, reason))

    # --- frames

    def send_frame(self, frame: bytes) -> None:
        """Send it, and count it until it has left."""
        if not self.connection.send_message(frame):
            return
        self._in_engine.append(len(frame))
        self._waiting += len(frame)
        if not self.connection.buffered_bytes:
            self.on_drain()
