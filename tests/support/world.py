"""Whole nodes in virtual time: real cores, the real broker, virtual links.

Knows: who can reach whom, how long things take, what is killed when. Does not know: any rule of the protocol.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from p2pchat.core import facts, orders
from p2pchat.core.node import Node
from p2pchat.core.records import Identity
from p2pchat.core.settings import Settings
from p2pchat.crypto.olm import create_account
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, LinkId, MessageId
from p2pchat.wire.description import Description
from p2pchat.wire.invite import InviteCode, InviteLink
from p2pchat.wire.signalling import FromServer, encode_client
from rendezvous.broker import Broker, Output, Send
from rendezvous.limits import Limits
from rendezvous.topics import Connection
from tests.support.memory_store import MemoryStore

E = TypeVar("E")

START = 1_800_000_000.0
URL = "ws://meeting.test"


@dataclass
class Machine:
    """One home: its store outlives its runs."""

    name: str
    store: MemoryStore
    node: Node | None = None
    run: int = 0
    clock_error: float = 0.0
    """Seconds by which its clock is ahead."""
    notices: list[orders.Event] = field(default_factory=list)
    wake: int = 0

    @property
    def running(self) -> Node:
        """The node, which must be running."""
        assert self.node is not None
        return self.node

    def events(self, kind: type[E]) -> list[E]:
        return [event for event in self.notices if isinstance(event, kind)]


class World:
    """``add`` nodes, ``start`` them, ``run`` time, look at their stores and events."""

    def __init__(self, seed: object = 0, latency: float = 0.02) -> None:
        self.now = START
        self.entropy = SeededEntropy(seed)
        self.latency = latency
        self.machines: dict[str, Machine] = {}
        self.unreachable: set[frozenset[str]] = set()
        self.tamper: Callable[[FromServer], FromServer | None] = lambda message: message
        self.on_frame: Callable[[str, str, bytes], bytes | None] = lambda source, target, data: data
        self.frames = 0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._sequence = 0
        self._messages = 0
        self.brokers: dict[str, Broker] = {}
        self.down: set[str] = set()
        self._connections: dict[tuple[str, int, str], Connection] = {}
        self._owners: dict[Connection, tuple[str, int, str]] = {}
        self._next_connection = 0
        self._peers: dict[tuple[str, int, LinkId], tuple[str, int, LinkId]] = {}
        self._offers: dict[str, tuple[str, int, LinkId]] = {}

    # --- scenery

    def add(self, name: str, urls: tuple[str, ...] = (URL,)) -> Machine:
        key = self.entropy.child(f"pickle {name}").bytes(32)
        account = create_account(key)
        identity = Identity(name, account.pickle(), key, account.identity_key, urls, self.now)
        self.machines[name] = Machine(name, MemoryStore(identity))
        return self.machines[name]

    def start(self, name: str, settings: Settings | None = None) -> None:
        machine = self.machines[name]
        machine.run += 1
        entropy = self.entropy.child(f"{name} run {machine.run}")
        machine.node = Node(machine.store.load(), entropy, settings)
        self.tell(name, facts.Started())

    def kill(self, name: str) -> None:
        """Gone without a word; its rendezvous connections break, its links fall silent."""
        machine = self.machines[name]
        machine.node = None
        for key in [key for key in self._connections if key[0] == name]:
            self._disconnect(key)

    def stop(self, name: str) -> None:
        self.tell(name, facts.Stopping())
        self.kill(name)

    def separate(self, a: str, b: str) -> None:
        """No link can be made between the two."""
        self.unreachable.add(frozenset((a, b)))

    def close(self, url: str) -> None:
        """That rendezvous ends, for good unless ``down`` says otherwise."""
        self.down.add(url)
        for key in [key for key in self._connections if key[2] == url]:
            self._disconnect(key)
            self._tell_later(key[0], key[1], facts.RendezvousDown(url, "gone"))

    # --- what people do

    def pair(self, host: str, guest: str) -> None:
        """Run a whole pairing by words."""
        code = self.invite(host)
        self.tell(guest, facts.InviteEntered(1, code, None, (), self.now + 60))
        self.run_until(lambda: bool(self.machines[guest].events(orders.InviteDone)))
        self.run(1.0)

    def invite(self, host: str, link: bool = False) -> InviteCode | InviteLink:
        machine = self.machines[host]
        before = len(machine.events(orders.InviteReady))
        self.tell(host, facts.InviteOpened(before + 1, link, None, (), self.now + 600))
        self.run_until(lambda: len(machine.events(orders.InviteReady)) > before)
        return machine.events(orders.InviteReady)[-1].code

    def send(self, source: str, target: str, text: str) -> MessageId:
        self._messages += 1
        message = MessageId(f"{self._messages:032x}")
        self.tell(source, facts.MessageSubmitted(message, self.contact(source, target), text))
        return message

    def contact(self, of: str, name: str) -> ContactId:
        contacts = self.machines[of].store.contacts.values()
        return next(contact.id for contact in contacts if contact.name == name)

    # --- time

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._heap and self._heap[0][0] <= end:
            self._step()
        self.now = end

    def run_until(self, done: Callable[[], bool], within: float = 120.0) -> None:
        end = self.now + within
        while not done():
            assert self._heap and self._heap[0][0] <= end, f"not within {within} virtual seconds"
            self._step()

    def _step(self) -> None:
        at, _, action = heapq.heappop(self._heap)
        self.now = max(self.now, at)
        action()

    def later(self, delay: float, action: Callable[[], None]) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (self.now + delay, self._sequence, action))

    # --- driving one node

    def tell(self, name: str, fact: facts.Fact, run: int | None = None) -> None:
        machine = self.machines[name]
        if machine.node is None or (run is not None and run != machine.run):
            return
        batch = machine.node.handle(fact, self.now + machine.clock_error)
        for order in batch:
            if isinstance(order, orders.Persist):
                machine.store.apply(order.change)
        for order in batch:
            self._carry_out(machine, order)
        self._wake(machine)

    def _wake(self, machine: Machine) -> None:
        assert machine.node is not None
        due = machine.node.next_wakeup()
        machine.wake += 1
        if due is not None:
            ticket, run = machine.wake, machine.run
            delay = max(0.0, due - self.now - machine.clock_error)
            self.later(delay, lambda: self._timer(machine, ticket, run))

    def _timer(self, machine: Machine, ticket: int, run: int) -> None:
        if ticket == machine.wake:
            self.tell(machine.name, facts.TimerFired(), run)

    def _carry_out(self, machine: Machine, order: orders.Order) -> None:
        me, run = machine.name, machine.run
        match order:
            case orders.ConnectRendezvous(url):
                self.later(self.latency, lambda: self._connect(me, run, url))
            case orders.CloseRendezvous(url):
                self.later(self.latency, lambda: self._disconnect((me, run, url)))
            case orders.Signal(url, message):
                self._signal((me, run, url), encode_client(message))
            case orders.MakeOffer(link):
                made = self._describe(me, run, link)
                self.later(self.latency, lambda: self.tell(me, facts.OfferMade(link, made), run))
            case orders.MakeAnswer(link, offer):
                self._peers[(me, run, link)] = self._offers[offer.ufrag]
                made = self._describe(me, run, link)
                self.later(self.latency, lambda: self.tell(me, facts.AnswerMade(link, made), run))
            case orders.AcceptAnswer(link, answer):
                self._peers[(me, run, link)] = self._offers[answer.ufrag]
                self.later(self.latency, lambda: self._link((me, run, link)))
            case orders.SendFrame(link, data):
                self._frame((me, run, link), data)
            case orders.CloseLink(link):
                self._close((me, run, link))
            case orders.Notify(event):
                machine.notices.append(event)
            case orders.FetchCells(mesh, numbers):
                read = facts.CellsFetched(mesh, numbers, machine.store.cells(mesh, numbers))
                self.later(0.0, lambda: self.tell(me, read, run))
            case orders.Persist():
                pass

    # --- rendezvous

    def _connect(self, name: str, run: int, url: str) -> None:
        if url in self.down:
            self.tell(name, facts.RendezvousDown(url, "connection refused"), run)
            return
        broker = self.brokers.setdefault(url, Broker(Limits(), random.Random(url)))
        self._next_connection += 1
        connection = Connection(self._next_connection)
        self._connections[(name, run, url)] = connection
        self._owners[connection] = (name, run, url)
        assert broker.connected(connection, None, self.now)
        self.tell(name, facts.RendezvousUp(url), run)

    def _signal(self, key: tuple[str, int, str], data: bytes) -> None:
        if key not in self._connections:
            return
        url, connection = key[2], self._connections[key]
        self.later(
            self.latency, lambda: self._deliver(self.brokers[url].received(connection, data, self.now))
        )

    def _disconnect(self, key: tuple[str, int, str]) -> None:
        connection = self._connections.pop(key, None)
        if connection is not None:
            url = key[2]
            del self._owners[connection]
            self._deliver(self.brokers[url].disconnected(connection, self.now))

    def _deliver(self, outputs: list[Output]) -> None:
        for output in outputs:
            assert isinstance(output, Send), f"the broker threw a node out: {output}"
            altered = self.tamper(output.message)
            if altered is not None and output.to in self._owners:
                name, run, url = self._owners[output.to]
                self._tell_later(name, run, facts.SignalReceived(url, altered))

    def _tell_later(self, name: str, run: int, fact: facts.Fact) -> None:
        self.later(self.latency, lambda: self.tell(name, fact, run))

    # --- links

    def _describe(self, name: str, run: int, link: LinkId) -> Description:
        ufrag = f"u{len(self._offers):06d}"
        self._offers[ufrag] = (name, run, link)
        return Description("actpass", ufrag, "p" * 22, self.entropy.bytes(32), ())

    def _link(self, a: tuple[str, int, LinkId]) -> None:
        b = self._peers[a]
        if frozenset((a[0], b[0])) in self.unreachable:
            return
        first, second = self.entropy.bytes(32), self.entropy.bytes(32)
        self.tell(a[0], facts.LinkUp(a[2], first, second), a[1])
        self.tell(b[0], facts.LinkUp(b[2], second, first), b[1])

    def _frame(self, source: tuple[str, int, LinkId], data: bytes) -> None:
        self.frames += 1
        target = self._peers.get(source)
        self.later(
            self.latency / 2, lambda: self.tell(source[0], facts.FramesDrained(source[2], 1), source[1])
        )
        if target is None or frozenset((source[0], target[0])) in self.unreachable:
            return
        altered = self.on_frame(source[0], target[0], data)
        if altered is not None:
            self.later(
                self.latency, lambda: self.tell(target[0], facts.FrameReceived(target[2], altered), target[1])
            )

    def _close(self, key: tuple[str, int, LinkId]) -> None:
        peer = self._peers.pop(key, None)
        if peer is not None:
            self.later(self.latency, lambda: self.tell(peer[0], facts.LinkDown(peer[2], "closed"), peer[1]))
