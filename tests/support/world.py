"""People and their machines in the simulator's world: pairing, messages, names.

Knows: what people do, and what stays of it. Does not know: how links, servers and time work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from unittest.mock import patch

from p2pchat.core.link import link
from p2pchat.core.node import TICK_MIN_S, NodeMachine
from p2pchat.core.values import effects, inputs, user_inputs
from p2pchat.core.values.records import Identity
from p2pchat.core.values.settings import Settings
from p2pchat.crypto.olm import create_account
from p2pchat.sim import world as sim
from p2pchat.sim.conditions import Conditions
from p2pchat.sim.host import SimulatedHost
from p2pchat.types import ContactId, ConversationId, LinkId, MessageId, conversation_with
from p2pchat.wire.invite import InviteCode, InviteLink
from p2pchat.wire.signalling import FromServer
from rendezvous.broker import Broker
from tests.support.memory_store import MemoryStore

E = TypeVar("E")

HEARTBEAT_S, QUIET_S, SILENCE_S = 30.0, 70.0, 100.0
"""Of links that are left alone: a tenth of the heartbeats, which are most of the work of an idle hour."""

URL = "ws://meeting.test"


class Machine:
    """One home: its store outlives its runs."""

    def __init__(self, name: str, store: MemoryStore, host: SimulatedHost) -> None:
        self.name = name
        self.store = store
        self.host = host
        self.notices: list[effects.Event] = []

    @property
    def node(self) -> NodeMachine | None:
        """The node, if it runs."""
        return self.host.node

    @property
    def run(self) -> int:
        """How often it was started."""
        return self.host.run

    @property
    def clock_error(self) -> float:
        """Seconds by which its clock is ahead."""
        return self.host.clock_error

    @clock_error.setter
    def clock_error(self, seconds: float) -> None:
        self.host.clock_error = seconds

    @property
    def running(self) -> NodeMachine:
        """The node, which must be running."""
        assert self.host.node is not None
        return self.host.node

    def events(self, kind: type[E]) -> list[E]:
        return [event for event in self.notices if isinstance(event, kind)]


IDLE_TICKS = 50
"""So many in a row, a moment apart, are no accident: a deadline stays in the past, and a real node spins."""


class Restful(sim.World):
    """Fails where a node's timer goes off again and again with nothing to do."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._idle: dict[int, tuple[float, int]] = {}
        self._ticks = False

    def tell_node(self, host: SimulatedHost, input: inputs.Input) -> None:
        self._ticks = isinstance(input, inputs.TimerFired)
        super().tell_node(host, input)

    def execute_batch(self, host: SimulatedHost, batch: list[effects.Effect]) -> None:
        if self._ticks:
            before, count = self._idle.get(host.index, (0.0, 0))
            count = count + 1 if not batch and self.now <= before + 2 * TICK_MIN_S else 0
            assert count < IDLE_TICKS, f"node {host.index} wakes up for nothing"
            self._idle[host.index] = self.now, count
        super().execute_batch(host, batch)


class World:
    """``add`` nodes, ``start`` them, ``run`` time, look at their stores and events."""

    def __init__(self, seed: object = 0, latency: float = 0.02) -> None:
        self.machines: dict[str, Machine] = {}
        self.on_frame: Callable[[str, str, bytes], bytes | None] = lambda source, target, data: data
        self.sim = Restful(seed, Conditions((latency, latency)), on_event=self._note)
        self.sim.links.alter = lambda source, target, data: self.on_frame(
            self._name(source), self._name(target), data
        )
        self._tamper: Callable[[FromServer], FromServer | None] = lambda message: message
        self.down = self.sim.meetings.refusing
        """Rendezvous that refuse every connection."""
        self.brokers: dict[str, Broker] = self.sim.meetings.brokers
        self._messages = 0

    @property
    def now(self) -> float:
        return self.sim.now

    @now.setter
    def now(self, at: float) -> None:
        """Nothing happens in between."""
        self.sim.agenda.now = at

    # --- scenery

    def add(self, name: str, urls: tuple[str, ...] = (URL,)) -> Machine:
        key = self.sim.entropy.make_child(f"pickle {name}").draw_bytes(32)
        account = create_account(key)
        store = MemoryStore(Identity(name, account.pickle(), key, account.identity_key, urls, self.now))
        self.machines[name] = Machine(name, store, self.sim.add_host(store))
        return self.machines[name]

    def start(self, name: str, settings: Settings | None = None) -> None:
        self.sim.start_node(self.machines[name].host, settings)

    def kill(self, name: str) -> None:
        """End a home without a word: its rendezvous connections break, its links fall silent."""
        self.sim.kill_host(self.machines[name].host)

    def stop(self, name: str) -> None:
        self.sim.stop_node(self.machines[name].host)

    def separate(self, a: str, b: str) -> None:
        """The two cannot reach each other."""
        self.sim.links.separate_hosts(self.machines[a].host, self.machines[b].host)

    def unite(self) -> None:
        """Let all nodes reach each other again."""
        self.sim.links.unite_hosts()

    def lose(self, name: str, link: LinkId) -> None:
        """A link fails here; the other side hears nothing more, not even that."""
        self.sim.links.break_link(self.machines[name].host, link)

    def close(self, url: str) -> None:
        """That rendezvous ends, for good unless ``down`` says otherwise."""
        self.sim.meetings.stop_server(url)

    @property
    def tamper(self) -> Callable[[FromServer], FromServer | None]:
        """What a rendezvous makes of its messages."""
        return self._tamper

    @tamper.setter
    def tamper(self, alter: Callable[[FromServer], FromServer | None]) -> None:
        self._tamper = alter
        self.sim.meetings.alter = lambda host, message: alter(message)

    # --- what people do

    def pair(self, host: str, guest: str) -> None:
        """Run a whole pairing by words."""
        code = self.invite(host)
        self.tell(guest, user_inputs.InviteEntered(1, code, None, (), self.now + 60))
        self.run_until(lambda: bool(self.machines[guest].events(effects.InviteCompleted)))
        self.run(1.0)

    def invite(self, host: str, link: bool = False) -> InviteCode | InviteLink:
        machine = self.machines[host]
        before = len(machine.events(effects.InviteReady))
        self.tell(host, user_inputs.InviteOpened(before + 1, link, None, (), self.now + 600))
        self.run_until(lambda: len(machine.events(effects.InviteReady)) > before)
        return machine.events(effects.InviteReady)[-1].code

    def send(self, source: str, target: str, text: str) -> MessageId:
        self._messages += 1
        message = MessageId(f"{self._messages:032x}")
        self.tell(source, user_inputs.MessageSubmitted(message, self.conversation(source, target), text))
        return message

    def contact(self, of: str, name: str) -> ContactId:
        contacts = self.machines[of].store.contacts.values()
        return next(contact.id for contact in contacts if contact.name == name)

    def conversation(self, of: str, name: str) -> ConversationId:
        return conversation_with(self.contact(of, name))

    # --- time

    def run(self, seconds: float) -> None:
        self.sim.run(seconds)
        assert not self.sim.meetings.expelled, "a rendezvous threw a node out"

    def idle(self, seconds: float) -> None:
        """Let time pass while the test looks at no link: they seldom say that they are alive. In the end all
        have said it as lately as ever."""
        waking = HEARTBEAT_S + 10.0
        if seconds < 2 * waking:
            self.run(seconds)
            return
        with patch.multiple(link, QUIET_S=QUIET_S, SILENCE_S=SILENCE_S):
            with patch.object(link, "HEARTBEAT_S", HEARTBEAT_S):
                self.run(seconds - waking)
            self.run(waking)

    def run_until(self, done: Callable[[], bool], within: float = 120.0) -> None:
        end = self.now + within
        while not done():
            assert self.sim.agenda.run_next(end), f"not within {within} virtual seconds"

    def later(self, delay: float, action: Callable[[], None]) -> None:
        self.sim.agenda.call_at(self.now + delay, lambda _, __: action())

    # --- one node

    def tell(self, name: str, input: inputs.Input) -> None:
        self.sim.tell_node(self.machines[name].host, input)

    def carry_out(self, name: str, batch: list[effects.Effect]) -> None:
        """Do what its node is said to have asked for."""
        self.sim.execute_batch(self.machines[name].host, batch)

    def _name(self, host: SimulatedHost) -> str:
        return list(self.machines)[host.index]

    def _note(self, host: SimulatedHost, event: effects.Event) -> None:
        self.machines[self._name(host)].notices.append(event)
