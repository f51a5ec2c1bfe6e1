"""The node's connections to rendezvous servers, and the seats it wants there.

Knows: which topics are wanted where, when to connect, how long to back off. Does not know: what is said at a
seat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table
from p2pchat.core.values.effects import CloseRendezvous, ConnectRendezvous, Effect, Signal
from p2pchat.core.values.status import ClockStatus, RendezvousStatus
from p2pchat.data import dataclass
from p2pchat.ports import Entropy, uniform
from p2pchat.types import Topic
from p2pchat.wire.signalling import Blob, Gone, Leave, Refusal, Seated, SeatMode, SeatRefused, Take

Line = str
"""One connection: the URL, or, where each topic has a connection of its own, the URL, ``#`` and the topic. No
URL has a fragment."""

Topical = Seated | SeatRefused | Blob | Gone
"""What a server says about one topic."""

FIRST_BACKOFF_S = 1.0
LAST_BACKOFF_S = 60.0
"""A lost server is asked again after 1, 2, 4 … 60 s, each times U(0.75, 1.25), so that not all clients meet
a restarted server at once and is found again within about a minute."""

LASTED_S = 10.0
"""A connection that ended sooner counts as one that failed: a server that welcomes and hangs up is not asked
every second."""

FLOODED_FIRST_S = 60.0
FLOODED_LAST_S = 3600.0
"""A server that flooded us is left alone for 1, 2, 4 … 60 minutes, whether it welcomes us between or not,
unless a person asks for it; an hour after that without a flood it starts again."""

SILENT_S = 1.0
"""A server that has not welcomed us for so long is called silent while we wait on: a connection to a machine
that is off takes ten seconds to fail, and people hear of it sooner."""

SEAT_S = 5.0
"""A server that is up gives a seat within so long, or it is of no use: three machines that ask each other
take a quarter of a second."""

NO_SEAT = "it is connected, but gives no seat"
FULL = "it is full; try again later"

NO_ANSWER_YET = "no answer yet"
"""The reason that is given for a silent server."""

CLOCKS_CAP = 64
"""Servers of which it is remembered what time they told; eight times what one invite can name."""

PENDING_CAP = 64
"""Topics on one connection for which a seat was asked and none given yet; a node wants a handful at once."""

FLOODERS_CAP = 64
"""Servers remembered as such: eight times what one invite can name."""


def url_of(line: Line) -> str:
    """Return the URL to which the connection leads."""
    return line.partition("#")[0]


def topic_of(line: Line) -> Topic | None:
    """Return the only topic of the connection, or None if it serves all."""
    topic = line.partition("#")[2]
    return Topic(bytes.fromhex(topic)) if topic else None


@dataclass(frozen=True, slots=True)
class TakeSeat:
    """A machine wants a seat; the node passes the wish on to ``Rendezvous.keep_seat``."""

    url: str
    topic: Topic
    mode: SeatMode


@dataclass(frozen=True, slots=True)
class LeaveSeat:
    """A machine gives its seat up."""

    url: str
    topic: Topic


@dataclass(slots=True)
class _Server:
    topics: dict[Topic, SeatMode] = field(default_factory=dict)
    pending: Table[Topic, int] = field(default_factory=lambda: Table(PENDING_CAP))
    """How many seats were asked for on this connection and not given yet."""
    up: bool = False
    up_since: float = 0.0
    connecting: bool = False
    answer_due: float = NEVER
    """When it should have answered: a connection at first, a wish for a seat once it is up."""
    useless: str = ""
    """Why it is of no use though it has not failed."""
    reason: str = ""
    """Why the last connection failed or ended; empty while there is one, or was none."""
    backoff: float = FIRST_BACKOFF_S
    retry_at: float = 0.0

    def end_attempt(self) -> None:
        """The connection stands, or has failed."""
        self.connecting = False
        self.note_answer()

    def note_answer(self, useless: str = "") -> None:
        """The server has answered; ``useless``: why it is of no use all the same."""
        self.answer_due, self.useless = NEVER, useless

    def note_silence(self, now: float) -> None:
        """See whether it should have answered."""
        if now >= self.answer_due:
            self.answer_due, self.useless = NEVER, NO_SEAT if self.up else NO_ANSWER_YET

    def say_reason(self) -> str:
        """Say why it is of no use; empty when it is of use, or when nothing is known yet."""
        return self.reason or self.useless


@dataclass(slots=True)
class _Flooder:
    """What a server did is remembered also while no seat is wanted there."""

    backoff: float
    until: float


class Rendezvous:
    """Keeps a connection to every server at which some topic is wanted, and a seat for each such topic."""

    def __init__(
        self,
        entropy: Entropy,
        typed: Callable[[str], bool] = lambda url: False,
        separate: bool = False,
        nearby: Callable[[str], bool] = lambda url: False,
    ) -> None:
        """``typed``: whether the person has typed a URL; ``separate``: whether each topic gets a connection
        of its own, so that no server sees which topics one node is at; ``nearby``: whether a URL is a place
        on this machine's own network."""
        self._entropy = entropy
        self._typed = typed
        self._separate = separate
        self._nearby = nearby
        self._servers: dict[Line, _Server] = {}
        self._flooders = Table[str, _Flooder](FLOODERS_CAP)
        self._ahead = Table[str, float](CLOCKS_CAP)
        """How far our clock was ahead of each server's when it last welcomed us."""

    def keep_seat(self, url: str, topic: Topic, mode: SeatMode, now: float) -> list[Effect]:
        """Take a seat at ``topic`` now, and again after every reconnection. Asking again draws fresh
        neighbours."""
        line = self.line_at(url, topic)
        server = self._servers.setdefault(line, _Server())
        server.topics[topic] = mode
        if server.up:
            return [_take(line, server, topic, now)]
        return self._connect(line, server, now, by_person=mode is not SeatMode.MESH)

    def line_at(self, url: str, topic: Topic) -> Line:
        """The connection over which is spoken at a seat."""
        return f"{url}#{topic.hex()}" if self._separate else url

    def leave_seat(self, url: str, topic: Topic) -> list[Effect]:
        """Leave the seat; the last one left closes the connection."""
        line = self.line_at(url, topic)
        server = self._servers.get(line)
        if server is None or server.topics.pop(topic, None) is None:
            return []
        leave: list[Effect] = [Signal(line, Leave(topic))] if server.up else []
        if server.topics:
            return leave
        del self._servers[line]
        return [*leave, CloseRendezvous(line)]

    def on_connected(self, line: Line, clock: float | None, now: float) -> list[Effect]:
        """Connected: take every wanted seat. ``clock``: what time it is there."""
        url = url_of(line)
        if clock is not None and not self._nearby(url):  # of a place nearby it may be our own clock
            self._ahead.put(url, now - clock)
        server = self._servers.get(line)
        if server is None:
            return [CloseRendezvous(line)]
        server.up, server.up_since, server.reason = True, now, ""
        server.end_attempt()
        return [_take(line, server, topic, now) for topic in server.topics]

    def take_message(self, line: Line, message: Topical) -> bool:
        """Take a server's word, and return whether we wait for it: it is of a topic that we want there, and a
        seat comes once for each time that we asked. A refusal may also answer a blob, and does not use up
        what was asked."""
        server = self._servers.get(line)
        if server is None:
            return False
        if isinstance(message, Seated):
            if not _is_pending(server, message.topic):
                return False
            server.note_answer()
        elif isinstance(message, SeatRefused) and server.pending.get(message.topic):
            server.note_answer(FULL if message.reason is Refusal.BUSY else server.useless)
        return message.topic in server.topics

    def on_disconnected(self, line: Line, reason: str, now: float, flooded: bool = False) -> None:
        """Lost or never reached: back off, and longer from one that flooded."""
        if flooded:
            self._shun(url_of(line), now)
        server = self._servers.get(line)
        if server is None:
            return
        if server.up and now >= server.up_since + LASTED_S:
            server.backoff = FIRST_BACKOFF_S
        server.up = False
        server.end_attempt()
        server.pending.clear()
        server.reason = reason
        server.retry_at = now + server.backoff * uniform(self._entropy, 0.75, 1.25)
        server.backoff = min(LAST_BACKOFF_S, server.backoff * 2)

    def end_backoffs(self, now: float) -> list[Effect]:
        """A person asks, or the network has changed: end every back-off but of those that flooded."""
        for server in self._servers.values():
            server.backoff, server.retry_at = FIRST_BACKOFF_S, now
        return self.tick(now)

    def _shun(self, url: str, now: float) -> None:
        before = self._flooders.get(url)
        repeated = before is not None and now < before.until + FLOODED_LAST_S
        backoff = min(FLOODED_LAST_S, before.backoff * 2) if before and repeated else FLOODED_FIRST_S
        self._flooders.put(url, _Flooder(backoff, now + backoff * uniform(self._entropy, 0.75, 1.25)))

    def _retry_at(self, line: Line, server: _Server) -> float:
        flooder = self._flooders.get(url_of(line))
        return server.retry_at if flooder is None else max(server.retry_at, flooder.until)

    def tick(self, now: float) -> list[Effect]:
        """Reconnect where the back-off is over, and note which servers are silent."""
        for server in self._servers.values():
            server.note_silence(now)
        return [
            effect for line, server in self._servers.items() for effect in self._connect(line, server, now)
        ]

    def next_wakeup(self) -> float | None:
        """The earliest end of a back-off, or of the patience with a silent server."""
        waiting = [self._retry_at(u, s) for u, s in self._servers.items() if not (s.up or s.connecting)]
        waiting += [server.answer_due for server in self._servers.values() if server.answer_due != NEVER]
        return min(waiting, default=None)

    def get_status(self, nearby: bool = False) -> tuple[RendezvousStatus, ...]:
        """Every server at which a seat is wanted; or every place nearby."""
        urls: dict[str, list[_Server]] = {}
        for line, server in self._servers.items():
            urls.setdefault(url_of(line), []).append(server)
        return tuple(_status(url, known) for url, known in urls.items() if self._nearby(url) is nearby)

    def clock_status(self) -> ClockStatus | None:
        """What is to be thought of our clock: one server that agrees with it is enough."""
        told = [ClockStatus(ahead, url) for url, ahead in self._ahead.items()]
        return min(told, key=lambda told_clock: abs(told_clock.ahead_s), default=None)

    def count_agreeing(self) -> int:
        """How many servers' clocks say that ours is right."""
        return sum(not ClockStatus(ahead, url).doubtful for url, ahead in self._ahead.items())

    def _connect(self, line: Line, server: _Server, now: float, by_person: bool = False) -> list[Effect]:
        retry_at = server.retry_at if by_person else self._retry_at(line, server)
        if server.up or server.connecting or now < retry_at:
            return []
        server.connecting = True
        server.answer_due = NEVER if server.reason else now + SILENT_S
        url = url_of(line)
        return [ConnectRendezvous(line, self._typed(url), self._nearby(url))]


def _status(url: str, servers: list[_Server]) -> RendezvousStatus:
    up = any(server.up for server in servers)
    failed = any(server.reason for server in servers)
    reasons = [server.say_reason() for server in servers if server.up or not up]
    of_use = up and not all(reasons)
    why = "" if of_use else next(filter(None, reasons), "")
    return RendezvousStatus(url, up if up or failed else None, why)


def _take(line: Line, server: _Server, topic: Topic, now: float) -> Signal:
    server.answer_due = min(server.answer_due, now + SEAT_S)
    server.pending.put(topic, server.pending.get(topic, 0) + 1)
    return Signal(line, Take(topic, server.topics[topic]))


def _is_pending(server: _Server, topic: Topic) -> bool:
    left = server.pending.pop(topic, 0) - 1
    if left > 0:
        server.pending.put(topic, left)
    return left >= 0
