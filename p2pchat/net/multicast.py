"""What is said to all machines of a network, and heard of them: multicast DNS' group.

Knows: the socket, the group, how much of what comes is looked at. Does not know: what is said there.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

from p2pchat.core.kit.budget import Budget
from p2pchat.core.kit.table import Table
from p2pchat.wire.mdns import DATAGRAM_MAX, GROUP, HOPS, PORT, QUESTION, concerns_us

READ_PER_S: Final = 1024.0
READ_BURST: Final = 1024.0
"""Datagrams read from all senders of the network: 1 to 2 % of a core, whether 1000 or 22 000 a second come
(measured); the kernel drops the rest. A house has a few a second, printers and loudspeakers included."""

PARSED_PER_S: Final = 64.0
PARSED_BURST: Final = 256.0
"""Of those, the ones that look like announcements and are parsed. Each node says two or three a minute."""

SENDER_PER_S: Final = 2.0
SENDER_BURST: Final = 16.0
"""The same for one sender, so that one flooding machine does not drown the others. A machine that forges many
senders does."""

SENDERS_CAP: Final = 256
"""Senders remembered, the last that were heard."""

AT_ONCE: Final = 32
"""Datagrams read before others have their turn."""

PAUSE_S: Final = 0.25
"""When that is used up: nothing is read meanwhile."""


class Multicast:
    """Sends from each of ``places``, and hears all machines on the same networks."""

    def __init__(
        self, places: Collection[IPv4Interface], receive: Callable[[bytes, IPv4Address, IPv4Interface], None]
    ) -> None:
        """``receive`` is given a datagram, its sender, and the place of ours on the sender's network. Raises
        OSError when the port cannot be had, or none of the places."""
        self._places = tuple(places)
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._read = Budget(self._loop.time(), READ_PER_S, READ_BURST)
        self._ours = Budget(self._loop.time(), PARSED_PER_S, PARSED_BURST)
        self._senders = Table[IPv4Address, Budget](SENDERS_CAP)
        self._paused: asyncio.TimerHandle | None = None
        self._socket = _bound()
        try:
            self._join()
            self._listen()
        except BaseException:
            self._socket.close()
            raise

    def _join(self) -> None:
        last: OSError | None = None
        joined = 0
        for place in self._places:
            try:
                both = socket.inet_aton(GROUP) + place.ip.packed
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, both)
                joined += 1
            except OSError as error:
                last = error
        if not joined and last is not None:
            raise last

    def send_to(self, data: bytes, place: IPv4Interface) -> None:
        """Say it on that place's network. Never waits; what cannot be said is lost, as datagrams may be."""
        with suppress(OSError):
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, place.ip.packed)
            self._socket.sendto(data, (GROUP, PORT))

    def _listen(self) -> None:
        self._paused = None
        self._loop.add_reader(self._socket, self._readable)

    def _readable(self) -> None:
        """Read some datagrams a turn, while the budget of reading lasts."""
        for _ in range(AT_ONCE):
            if not self._read.take_token(self._loop.time()):
                self._loop.remove_reader(self._socket)
                self._paused = self._loop.call_later(PAUSE_S, self._listen)
                return
            try:
                data, (host, port) = self._socket.recvfrom(DATAGRAM_MAX + 1)
            except BlockingIOError:
                self._read.spend_tokens(-1.0)
                return
            except OSError:  # of something that was sent before
                return
            if port == PORT and concerns_us(data):
                self._take(data, IPv4Address(host))

    def _take(self, data: bytes, sender: IPv4Address) -> None:
        near = next((place for place in self._places if sender in place.network), None)
        if near is None:
            return
        # A question costs nothing to look at, and is answered once a second however often it is asked.
        if data == QUESTION or (self._may_say(sender) and self._ours.take_token(self._loop.time())):
            self._receive(data, sender, near)

    def _may_say(self, sender: IPv4Address) -> bool:
        known = self._senders.get(sender) or Budget(self._loop.time(), SENDER_PER_S, SENDER_BURST)
        self._senders.put(sender, known)
        return known.take_token(self._loop.time())

    def close(self) -> None:
        """Close the sockets."""
        if self._paused is not None:
            self._paused.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()


def _bound() -> socket.socket:
    """The one port, which all programs of a machine share."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform != "linux":  # there, others that have not asked for it would keep us out
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, HOPS)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        made.bind(("", PORT))
    except BaseException:
        made.close()
        raise
    return made
