"""Whole nodes in virtual time: real cores, real brokers, virtual links.

Knows: how a machine carries out its node's effects, and when its timer is due. Does not know: why anything
happens to it (``run``), or any rule of the protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from math import nextafter
from typing import Any

from p2pchat.core.broadcast.plumtree import Plumtree
from p2pchat.core.broadcast.strategy import Strategy
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.node import NodeMachine
from p2pchat.core.stem.stem import Stem, Stems
from p2pchat.core.values import effects, inputs
from p2pchat.core.values.files import (
    CheckFile,
    DropContent,
    FetchPiece,
    FileEffect,
    KeepPiece,
    SweepContent,
)
from p2pchat.core.values.refusals import Rejected
from p2pchat.core.values.room_inputs import RoomRecordsFetched
from p2pchat.core.values.settings import Settings
from p2pchat.ports import uniform
from p2pchat.sim.agenda import Action, Agenda
from p2pchat.sim.conditions import Conditions
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.sim.host import NatClass, SimulatedHost
from p2pchat.sim.links import SimulatedLinks
from p2pchat.sim.meetings import Meetings
from p2pchat.sim.store import NodeMemory
from p2pchat.sim.trace import Trace, TraceKind
from rendezvous.limits import Limits

START = 1_800_000_000.0
"""When virtual time begins: two hours after an epoch's edge, four before the next."""

DISK_S = 0.005
"""Reading held cells."""

SPINS_MAX = 1000
"""Timers of one node at one moment."""

PATIENCE_S = 40.0
"""A rendezvous hangs up on a client that was silent for so long: two pings."""


class World:
    """Add hosts, start their nodes, run time. ``on_event`` is called with what every node reports."""

    def __init__(
        self,
        seed: object,
        conditions: Conditions | None = None,
        limits: Limits | None = None,
        on_event: Callable[[SimulatedHost, effects.Event], None] = lambda host, event: None,
    ) -> None:
        self.entropy = SeededEntropy(seed)
        self.trace = Trace()
        self.agenda = Agenda(START)
        self.conditions = conditions or Conditions()
        self.on_event = on_event
        self.hosts: list[SimulatedHost] = []
        self.links = SimulatedLinks(self.agenda, self.conditions, self.entropy, self.trace, self.tell_node)
        brokers = self.entropy.make_child("brokers").draw_bytes(16).hex()
        self.meetings = Meetings(self.agenda, limits or Limits(), brokers, self.trace, self.tell_node)
        self._carriers: dict[type[effects.Effect], Callable[[SimulatedHost, Any], None]] = {
            effects.SendFrame: self.links.send_frame,
            effects.MakeOffer: self.links.make_offer,
            effects.MakeAnswer: self.links.make_answer,
            effects.AcceptAnswer: self.links.accept_answer,
            effects.CloseLink: self.links.close_link,
            effects.ConnectRendezvous: self.meetings.open_connection,
            effects.CloseRendezvous: self.meetings.close_connection,
            effects.Signal: self.meetings.send_signal,
            effects.FetchCells: self._fetch,
            effects.FetchRoomRecords: self._fetch_room_records,
            FetchPiece: self._serve_file,
            KeepPiece: self._serve_file,
            CheckFile: self._serve_file,
            DropContent: self._serve_file,
            SweepContent: self._serve_file,
            effects.Notify: self._notify,
            effects.Persist: lambda host, effect: None,
            Rejected: lambda host, effect: None,
        }

    @property
    def now(self) -> float:
        """Virtual time, Unix seconds."""
        return self.agenda.now

    def run(self, seconds: float) -> None:
        """Let this much time pass."""
        self.agenda.run(self.agenda.now + seconds)

    def call_in(self, seconds: float, action: Action, first: object = None) -> None:
        """Call ``action(first, None)`` after so long."""
        self.agenda.call_at(self.agenda.now + seconds, action, first)

    # --- machines

    def add_host(self, store: NodeMemory, nat: NatClass = NatClass.OPEN) -> SimulatedHost:
        """Add a machine that is off."""
        entropy = self.entropy.make_child(f"line {len(self.hosts)}")
        host = SimulatedHost(len(self.hosts), store, uniform(entropy, *self.conditions.latency_s), nat)
        self.hosts.append(host)
        return host

    def start_node(
        self,
        host: SimulatedHost,
        settings: Settings | None = None,
        strategy: Strategy = Plumtree,
        stem: Stems = Stem,
    ) -> None:
        """Run a node from what the host's store holds."""
        host.run += 1
        entropy = self.entropy.make_child(f"host {host.index} run {host.run}")
        host.node = NodeMachine(host.store.load_memory(), entropy, settings, strategy, stem)
        host.timer_at = NEVER
        self.trace.add_event(self.now, host.index, 0, TraceKind.STARTED)
        self.tell_node(host, inputs.Started())

    def kill_host(self, host: SimulatedHost) -> None:
        """End a node without notice: its links fall silent, its connections to rendezvous break."""
        self.trace.add_event(self.now, host.index, 0, TraceKind.GONE)
        host.node, host.asleep = None, False
        self.links.silence_host(host)
        self.meetings.silence_host(host)

    def stop_node(self, host: SimulatedHost) -> None:
        """Have a node take leave, then end it."""
        self.tell_node(host, inputs.StopAnnounced())
        self.tell_node(host, inputs.ShutDown())
        self.kill_host(host)

    def suspend_host(self, host: SimulatedHost) -> None:
        """Close a laptop's lid: the machine does nothing, and tells no other."""
        host.asleep = True
        self.agenda.call_at(self.now + PATIENCE_S, self._overslept, host, host.run)

    def resume_host(self, host: SimulatedHost) -> None:
        """Open the lid: the node finds its connections broken, and frames that waited arrive."""
        host.asleep = False
        if host.node is not None:
            self.meetings.wake_host(host)
            self.tell_node(host, inputs.TimerFired())
            self.links.wake_host(host)

    # --- driving one node

    def tell_node(self, host: SimulatedHost, input: inputs.Input) -> None:
        """Hand an input to a host's node, and carry out what it returns."""
        node = host.node
        if node is None or host.asleep:
            return
        self.execute_batch(host, node.handle(input, self.agenda.now + host.clock_error))
        due = node.next_wakeup()
        if due is not None and due - host.clock_error < host.timer_at:
            self._set_timer(host, due)

    def execute_batch(self, host: SimulatedHost, batch: list[effects.Effect]) -> None:
        """Carry out a node's effects: first what is to be kept, last what depends on that."""
        changes = (effect.change for effect in batch if type(effect) is effects.Persist)
        settled = [one for change in changes if (one := host.store.apply_change(change)) is not None]
        news = effects.news(batch, settled)
        for effect in news:
            if type(effect) is not effects.WhenKept:
                self._carriers[type(effect)](host, effect)
        for effect in news:
            if type(effect) is effects.WhenKept:
                self._when_kept(host, effect)

    def _set_timer(self, host: SimulatedHost, due: float) -> None:
        """Set the timer to ``due`` by the host's clock. Rounding never makes it fire too early."""
        at = due - host.clock_error
        while at + host.clock_error < due:
            at = nextafter(at, NEVER)
        host.timer_at = max(at, self.agenda.now)
        self.agenda.call_at(host.timer_at, self._timer, host, (host.run, host.timer_at))

    def _timer(self, host: SimulatedHost, ticket: tuple[int, float]) -> None:
        """Wake the node if its deadline has come. Most deadlines were put off meanwhile, and are set
        again."""
        if ticket != (host.run, host.timer_at) or host.node is None:
            return
        host.timer_at = NEVER
        due = host.node.next_wakeup()
        if due is None or host.asleep:
            return
        if due <= self.agenda.now + host.clock_error:
            self._count(host)
            self.trace.add_event(self.agenda.now, host.index, 0, TraceKind.TIMER)
            self.tell_node(host, inputs.TimerFired())
        else:
            self._set_timer(host, due)

    def _count(self, host: SimulatedHost) -> None:
        """Refuse a node whose deadline no tick clears. A real machine would loop for ever; here time would
        stop."""
        host.fired = host.fired + 1 if host.fired_at == self.agenda.now else 1
        host.fired_at = self.agenda.now
        if host.fired > SPINS_MAX:
            raise RuntimeError(f"host {host.index} wants to be woken at {host.fired_at} for ever")

    def _overslept(self, host: SimulatedHost, run: int) -> None:
        if host.asleep and host.run == run:
            self.meetings.hang_up(host)

    def _when_kept(self, host: SimulatedHost, effect: effects.WhenKept) -> None:
        """Hand over an input once the disk has committed, at once if it is fast."""
        if host.commit_s:
            self.agenda.call_at(self.agenda.now + host.commit_s, self._later, (host, host.run), effect.input)
        else:
            self.tell_node(host, effect.input)

    def _notify(self, host: SimulatedHost, effect: effects.Notify) -> None:
        event = effect.event
        if type(event) is effects.CellSeen:
            self.trace.add_event(self.agenda.now, host.index, event.forwarded, TraceKind.SEEN)
        self.on_event(host, event)

    def _fetch(self, host: SimulatedHost, effect: effects.FetchCells) -> None:
        cells = host.store.read_cells(effect.mesh, effect.numbers)
        read = inputs.CellsFetched(effect.mesh, effect.numbers, cells)
        self.agenda.call_at(self.agenda.now + DISK_S, self._later, (host, host.run), read)

    def _fetch_room_records(self, host: SimulatedHost, effect: effects.FetchRoomRecords) -> None:
        records = host.store.read_room_records(effect.room, effect.names)
        read = RoomRecordsFetched(effect.room, effect.receiver, records)
        self.agenda.call_at(self.agenda.now + DISK_S, self._later, (host, host.run), read)

    def _serve_file(self, host: SimulatedHost, effect: FileEffect) -> None:
        told = host.store.serve_file(effect)
        if told is not None:
            self.agenda.call_at(self.agenda.now + DISK_S, self._later, (host, host.run), told)

    def _later(self, whom: tuple[SimulatedHost, int], input: inputs.Input) -> None:
        host, run = whom
        if host.run == run:
            self.tell_node(host, input)
