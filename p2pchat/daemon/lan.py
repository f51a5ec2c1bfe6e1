"""This machine's own network: our own rendezvous on it, and the discovery of others.

Knows: when to announce, when to give a place up. Does not know: how members are told from strangers
(``core.membership.nearby``), or any socket (``net.multicast``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

from p2pchat.core.membership.nearby import Nearby
from p2pchat.core.values.inputs import NearbyFound, Sought
from p2pchat.daemon.needs import TakesInputs
from p2pchat.errors import Malformed
from p2pchat.net import interfaces
from p2pchat.net.multicast import Multicast
from p2pchat.ports import Entropy, uniform
from p2pchat.wire.mdns import QUESTION, decode, encode
from p2pchat.wire.places import nearby_url
from rendezvous.limits import Limits
from rendezvous.server import running

LOOK_S: Final = 0.25
"""Seconds between checks of searches and results."""

NETWORK_LOOK_S: Final = 2.0
"""Seconds between checks of the machine's networks, and of unreachable places."""

RETRY_S: Final = 10.0
"""Seconds between attempts to open the port of multicast DNS, or our own place."""

QUERY_AFTER_S: Final = (0.0, 1.0, 3.0)
"""Times of questions after a new search starts; repeated, because a datagram may be lost."""

ANNOUNCE_AFTER_S: Final = (0.0, 1.0)
"""Times of announcements after their contents have changed (RFC 6762, section 8.3)."""

REPEAT_S: Final = 60.0
"""Seconds between repetitions: half the lifetime of an announcement."""

ANSWERED_FROM_S, ANSWERED_TO_S = 0.02, 0.12
"""Delay of an answer, so that not all nodes send at once (RFC 6762, section 6)."""

ANNOUNCE_GAP_S: Final = 1.0
"""Seconds between two announcements on one network, for any number of questions (the same section)."""

LOST_S: Final = 10.0
"""A place that is unreachable for this time is dropped for another."""

NETWORKS_MAX: Final = 4
"""Networks of one machine; each costs a listening port and a connection."""

LIMITS: Final = Limits(
    connections=64, connections_per_address=8, seats=512, topics=128, addresses=256, seats_per_address=64
)
"""Caps of our own rendezvous: eight machines of eight meshes, or fifty of one. 4 MB when all caps are
reached."""


class Lan:
    """Discovers nodes on this machine's own network. ``problem``: why it does not work, in words."""

    def __init__(self, host: TakesInputs, entropy: Entropy, also: tuple[str, ...] = ()) -> None:
        """``also``: our further places, for nodes that come from elsewhere."""
        self._also = also
        self._host = host
        self._entropy = entropy
        self._nearby = Nearby(entropy)
        self._places: tuple[IPv4Interface, ...] = ()
        self._ports: dict[IPv4Interface, int] = {}
        self._multicast: Multicast | None = None
        self._open = AsyncExitStack()
        self._told: NearbyFound | None = None
        self._announce_at: list[float] = []
        self._query_at: list[float] = []
        self._announced_at: dict[IPv4Interface, float] = {}
        self._lost: dict[str, float] = {}
        self._look_at = 0.0
        self._running: asyncio.Task[None] | None = None
        self.problem = ""

    # --- state

    @property
    def own(self) -> tuple[str, ...]:
        """The URLs of our own rendezvous there."""
        return tuple(nearby_url(place.ip, port) for place, port in self._ports.items())

    @property
    def addresses(self) -> tuple[str, ...]:
        """Our addresses without the ports, which change."""
        return tuple(str(place.ip) for place in self._ports)

    @property
    def found(self) -> int:
        """The number of rendezvous of other nodes that are known there."""
        places = self._told.places.values() if self._told is not None else ()
        return len({url for urls in places for url in urls})

    # --- life

    async def start_listening(self) -> None:
        """Listen on every network. A failure is told by ``problem``, and tried again."""
        self._places = interfaces.private()[:NETWORKS_MAX]
        self._look_at = self._host.clock.now() + NETWORK_LOOK_S
        self.problem = "" if self._places else "this machine is on no private network"
        if not self._places:
            return
        try:
            self._multicast = Multicast(self._places, self._receive)
            self._open.callback(self._multicast.close)
            for place in self._places:
                serves = self._host.node.meets_at
                server = running(str(place.ip), limits=LIMITS, serves=serves, guest=True)
                self._ports[place] = (await self._open.enter_async_context(server)).port
        except OSError as error:
            await self._close()
            self.problem = f"cannot listen on this machine's network: {error.strerror or error}"
            self._look_at = self._host.clock.now() + RETRY_S
        self._renew()

    def start_announcing(self) -> None:
        """Start to announce our rendezvous, to ask for others, and to tell the node of them."""
        self._look()
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def shut_down(self) -> None:
        """Withdraw the announcements, and close."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait((self._running,))
        for place in self._ports:
            self._announce(place, gone=True)
        await self._close()

    async def _close(self) -> None:
        self._ports.clear()
        self._multicast = None
        opened, self._open = self._open, AsyncExitStack()
        await opened.aclose()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if self._host.clock.now() >= self._look_at:
                with suppress(OSError):  # an interface may vanish while it is read
                    await self._follow()
            self._look()

    async def _follow(self) -> None:
        """Listen on the present networks; drop unreachable places."""
        now = self._host.clock.now()
        self._look_at = now + NETWORK_LOOK_S
        if self.problem or interfaces.private()[:NETWORKS_MAX] != self._places:
            await self._close()
            await self.start_listening()
        down = {place.url for place in self._host.node.nearby_status() if place.up is False}
        self._lost = {url: self._lost.get(url, now) for url in down}
        for url, since in self._lost.items():
            if now >= since + LOST_S:
                self._nearby.drop_place(url, now)

    def _look(self) -> None:
        now = self._host.clock.now()
        if self._nearby.look_for(self._host.node.nearby_keys(now)):
            self._renew()
        if self._due(self._announce_at, now):
            for place in self._ports:
                self._announce(place)
        if self._due(self._query_at, now) and self._multicast is not None and self._nearby.seeks:
            for place in self._ports:
                self._multicast.send_to(QUESTION, place)
        self._tell(self._nearby.list_places(now))

    def _tell(self, places: Mapping[Sought, Sequence[str]]) -> None:
        found = NearbyFound((*self.own, *self._also), places)
        if found != self._told:
            self._told = found
            self._host.driver.submit_input(found)

    # --- sending and receiving

    def _renew(self) -> None:
        """Announce and ask again: our searches or places have changed."""
        now = self._host.clock.now()
        self._announce_at = [now + after for after in ANNOUNCE_AFTER_S]
        self._query_at = [now + after for after in QUERY_AFTER_S]

    def _due(self, times: list[float], now: float) -> bool:
        """Whether the next time has come; all overdue times count once, and the last is followed by
        another."""
        overdue = [at for at in times if at <= now]
        for at in overdue:
            times.remove(at)
        if not times:
            times.append(now + REPEAT_S * uniform(self._entropy, 0.75, 1.0))
        return bool(overdue)

    def _announce(self, place: IPv4Interface, gone: bool = False) -> None:
        if self._multicast is None or not self._nearby.shows:
            return
        self._announced_at[place] = self._host.clock.now()
        announcement = self._nearby.make_announcement(place.ip, self._ports[place], gone)
        self._multicast.send_to(encode(announcement), place)

    def _receive(self, data: bytes, sender: IPv4Address, place: IPv4Interface) -> None:
        """Handle a datagram that may be of our kind."""
        now = self._host.clock.now()
        if data == QUESTION:
            if sender != place.ip and now >= self._announced_at.get(place, 0.0) + ANNOUNCE_GAP_S:
                self._announced_at[place] = now
                wait = uniform(self._entropy, ANSWERED_FROM_S, ANSWERED_TO_S)
                asyncio.get_running_loop().call_later(wait, self._answer, place)
            return
        with suppress(Malformed):
            announcement = decode(data)
            if (
                announcement.address == sender
                and nearby_url(announcement.address, announcement.port) not in self.own
            ):
                self._nearby.take_announcement(announcement, now)

    def _answer(self, place: IPv4Interface) -> None:
        if place in self._ports:
            self._announce(place)
