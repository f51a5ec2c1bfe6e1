"""The rendezvous: real brokers behind virtual connections.

Knows: which nodes are connected, how long a message takes, which servers are down. Does not know: what
brokers decide.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from p2pchat.core.rendezvous.rendezvous import url_of
from p2pchat.core.values import inputs
from p2pchat.core.values.effects import CloseRendezvous, ConnectRendezvous, Signal
from p2pchat.sim.agenda import Agenda
from p2pchat.sim.host import SimulatedHost
from p2pchat.sim.trace import Trace, TraceKind
from p2pchat.wire.signalling import FromServer, encode_client
from rendezvous.broker import Broker
from rendezvous.limits import Limits
from rendezvous.outputs import Close, Deliver, Output
from rendezvous.topics import Connection

TICK_S = 5.0
"""Between a server's looks for connections without a seat."""

_Line = tuple[SimulatedHost, int, str]
"""A host, which of its runs, and where to."""


class Meetings:
    """All rendezvous, by URL. A server starts when the first client connects."""

    def __init__(
        self,
        agenda: Agenda,
        limits: Limits,
        seed: str,
        trace: Trace,
        tell: Callable[[SimulatedHost, inputs.Input], None],
    ) -> None:
        self._agenda = agenda
        self._limits = limits
        self._seed = seed
        self._trace = trace
        self._tell = tell
        self.brokers: dict[str, Broker] = {}
        """The servers that run, by URL."""
        self.refusing: set[str] = set()
        """The servers that refuse every client."""
        self.alter: Callable[[SimulatedHost, FromServer], FromServer | None] = lambda host, message: message
        """Returns what a hostile server sends in place of a message; None drops it."""
        self.expelled = 0
        """How many clients a server has disconnected."""
        self._lines: dict[Connection, _Line] = {}
        self._connections = 0
        self.messages = 0
        """How many messages clients have sent."""

    # --- what a node asks for

    def open_connection(self, host: SimulatedHost, effect: ConnectRendezvous) -> None:
        """Open a connection: a round trip for TCP, one for WebSocket."""
        line = host, host.run, effect.url
        self._agenda.call_at(self._agenda.now + 4 * host.line_s, self._connected, line)

    def close_connection(self, host: SimulatedHost, effect: CloseRendezvous) -> None:
        """Close a connection."""
        self._agenda.call_at(self._agenda.now + host.line_s, self._hung_up, host.lines.pop(effect.url, None))

    def send_signal(self, host: SimulatedHost, effect: Signal) -> None:
        """Send a message."""
        connection = host.lines.get(effect.url)
        if connection is not None:
            self.messages += 1
            data = encode_client(effect.message)
            self._agenda.call_at(self._agenda.now + host.line_s, self._received, connection, data)

    # --- what happens to machines and servers

    def silence_host(self, host: SimulatedHost) -> None:
        """Break the connections of a machine that is gone."""
        self.hang_up(host)
        host.lines.clear()

    def hang_up(self, host: SimulatedHost) -> None:
        """Have the servers drop a machine, which may not know it yet."""
        for connection in host.lines.values():
            self._hung_up(connection)

    def wake_host(self, host: SimulatedHost) -> None:
        """Tell a machine that woke up that its connections are broken."""
        urls = list(host.lines)
        self.silence_host(host)
        for url in urls:
            self._tell(host, inputs.RendezvousDown(url, "timed out"))

    def stop_server(self, url: str) -> None:
        """Stop a server. It refuses clients until it is started again."""
        self.refusing.add(url)
        for connection, (host, run, where) in list(self._lines.items()):
            if url_of(where) == url:
                self._lose(connection, host, run, where)
        self.brokers.pop(url, None)

    def start_server(self, url: str) -> None:
        """Start a server again."""
        self.refusing.discard(url)

    def break_connection(self, host: SimulatedHost, url: str) -> Connection:
        """Break a connection at the client's end alone; return the server's name for it. The server does not
        notice."""
        connection = host.lines[url]
        self._lose(connection, *self._lines[connection])
        return connection

    def deliver_outputs(self, outputs: Iterable[Output]) -> None:
        """Carry out what a broker wants done."""
        for output in outputs:
            if isinstance(output, Deliver):
                self._send(output)
                continue
            assert isinstance(output, Close), "one server alone asks no others"
            self.expelled += 1
            line = self._lines.get(output.connection)
            if line is not None:
                self._lose(output.connection, *line)

    # --- inside

    def _connected(self, line: _Line, _: object) -> None:
        host, run, url = line
        if host.run != run or host.node is None:
            return
        connection = Connection(self._connections + 1)
        if url_of(url) in self.refusing or not self._broker(url_of(url)).on_connect(
            connection, (), self._agenda.now
        ):
            self._tell(host, inputs.RendezvousDown(url, "connection refused"))
            return
        self._connections += 1
        host.lines[url] = connection
        self._lines[connection] = line
        self._tell(host, inputs.RendezvousUp(url))

    def _broker(self, url: str) -> Broker:
        broker = self.brokers.get(url)
        if broker is None:
            broker = self.brokers[url] = Broker(self._limits, random.Random(f"{self._seed} {url}"))
            self._agenda.call_at(self._agenda.now + TICK_S, self._tick, url, broker)
        return broker

    def _tick(self, url: str, broker: Broker) -> None:
        if self.brokers.get(url) is broker:
            self.deliver_outputs(broker.tick(self._agenda.now))
            self._agenda.call_at(self._agenda.now + TICK_S, self._tick, url, broker)

    def _received(self, connection: Connection, data: bytes) -> None:
        line = self._lines.get(connection)
        if line is not None:
            broker = self.brokers[url_of(line[2])]
            self.deliver_outputs(broker.on_frame(connection, self._agenda.now))
            self.deliver_outputs(broker.on_message(connection, data, self._agenda.now))

    def _hung_up(self, connection: Connection | None, _: object = None) -> None:
        line = self._lines.pop(connection, None) if connection is not None else None
        if line is not None and connection is not None:
            self.deliver_outputs(self.brokers[url_of(line[2])].on_disconnect(connection, self._agenda.now))

    def _lose(self, connection: Connection, host: SimulatedHost, run: int, url: str) -> None:
        del self._lines[connection]
        host.lines.pop(url, None)
        lost = inputs.RendezvousDown(url, "the connection ended")
        self._agenda.call_at(self._agenda.now + host.line_s, self._tell_run, (host, run), lost)

    def _send(self, output: Deliver) -> None:
        line = self._lines.get(output.to)
        message = self.alter(line[0], output.message) if line is not None else None
        if line is not None and message is not None:
            host, run, url = line
            received = inputs.SignalReceived(url, message)
            self._agenda.call_at(self._agenda.now + host.line_s, self._tell_run, (host, run), received)

    def _tell_run(self, whom: tuple[SimulatedHost, int], input: inputs.Input) -> None:
        host, run = whom
        if host.run == run and host.node is not None:
            self._trace.add_event(self._agenda.now, host.index, 0, TraceKind.SIGNAL)
            self._tell(host, input)
