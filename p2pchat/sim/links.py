"""Virtual links: which nodes can have one, and what a barrier or a sleeping machine does to their frames.

Knows: the order of frames, NAT classes, credit. Does not know: what a frame holds, when nodes want a link, or
how long a frame takes (``conditions``).

A link is what the node's engine makes of a data channel: reliable and ordered, or gone. So nothing is ever
lost on one that stands; loss is the delay of a retransmission, and everything behind it waits.
"""

from __future__ import annotations

from collections.abc import Callable

from p2pchat.core.values import inputs
from p2pchat.core.values.effects import AcceptAnswer, CloseLink, MakeAnswer, MakeOffer, SendFrame
from p2pchat.sim.agenda import Agenda
from p2pchat.sim.barriers import Barriers
from p2pchat.sim.conditions import RTO_S, Conditions, Delays
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.sim.host import SimulatedHost, Wire
from p2pchat.sim.trace import Trace, TraceKind
from p2pchat.types import LinkId
from p2pchat.wire.description import Description

GATHER_S = 0.1
"""An engine's candidates: a socket and an answer from a STUN server."""

HANDSHAKE_TRIPS = 10
"""One-way trips from the answer to an open channel: ICE 2, DTLS 1.2 4, SCTP 4."""

CREDIT_BATCH = 16
"""Frames that one input reports as sent. A node has credit for 64, so at least 48 are always free."""


class SimulatedLinks:
    """All links of a world. ``tell`` hands an input to the node of a host."""

    def __init__(
        self,
        agenda: Agenda,
        conditions: Conditions,
        entropy: SeededEntropy,
        trace: Trace,
        tell: Callable[[SimulatedHost, inputs.Input], None],
    ) -> None:
        self._agenda = agenda
        self._entropy = entropy.make_child("certificates")
        self.delays = Delays(conditions, entropy)
        self._trace = trace
        self._tell = tell
        self._wires: dict[int, Wire] = {}
        self._made = 0
        self._barriers = Barriers()
        self.frames = 0
        """How many frames nodes have sent."""
        self.alter: Callable[[SimulatedHost, SimulatedHost, bytes], bytes | None] | None = None
        """Returns what a hostile network delivers in place of a frame; None drops it."""
        self.address_of: Callable[[SimulatedHost], str] = lambda host: ""
        """Returns the address at which links see a host."""

    # --- what a node asks for

    def make_offer(self, host: SimulatedHost, effect: MakeOffer) -> None:
        """Begin a link."""
        wire = self._wire(host, effect.link)
        made = inputs.OfferMade(effect.link, self._describe(wire))
        self._agenda.call_at(self._agenda.now + GATHER_S, self._if_open, wire, made)

    def make_answer(self, host: SimulatedHost, effect: MakeAnswer) -> None:
        """Begin the other end of a link."""
        wire = self._wire(host, effect.link)
        wire.peer = self._wires.get(_number(effect.offer))
        made = inputs.AnswerMade(effect.link, self._describe(wire))
        self._agenda.call_at(self._agenda.now + GATHER_S, self._if_open, wire, made)

    def accept_answer(self, host: SimulatedHost, effect: AcceptAnswer) -> None:
        """Connect the two ends, if the network lets them."""
        wire, peer = host.wires.get(effect.link), self._wires.get(_number(effect.answer))
        if wire is None or peer is None:
            return
        wire.peer, peer.peer = peer, wire
        wire.delay = peer.delay = self.delays.latency_between(host, peer.host)
        self._agenda.call_at(self._agenda.now + HANDSHAKE_TRIPS * wire.delay, self._connect, wire)

    def send_frame(self, host: SimulatedHost, effect: SendFrame) -> None:
        """Carry one frame."""
        wire = host.wires.get(effect.link)
        if wire is None:
            return
        self.frames += 1
        wire.free_at = leaves = max(self._agenda.now, wire.free_at) + self.delays.frame_s
        arrives = leaves + wire.delay + self.delays.draw_retransmissions(wire.delay)
        wire.last_at = arrives = max(arrives, wire.last_at)
        wire.owed += 1
        if wire.owed == CREDIT_BATCH:
            self._agenda.call_at(leaves, self._drained, wire)
        self._agenda.call_at(arrives, self._arrive, wire, effect.data)

    def close_link(self, host: SimulatedHost, effect: CloseLink) -> None:
        """Close one end. The other end hears of it behind the last frame, if it can be reached."""
        wire = host.wires.pop(effect.link, None)
        if wire is not None:
            self._end(wire)
            self._agenda.call_at(max(self._agenda.now + wire.delay, wire.last_at), self._closed, wire.peer)

    # --- what happens to machines and the network

    def silence_host(self, host: SimulatedHost) -> None:
        """Drop the links of a machine that is gone. Their other ends hear nothing."""
        for wire in host.wires.values():
            self._end(wire)
        host.wires.clear()

    def wake_host(self, host: SimulatedHost) -> None:
        """Deliver what waited for a machine that woke up."""
        for wire in list(host.wires.values()):
            if wire.peer is not None:
                self._resume(wire.peer)

    def set_cut(self, is_cut: bool) -> None:
        """Have hosts of different sides be apart; or reach each other again, and what waited arrives."""
        self._barriers.set_cut(is_cut)
        if not is_cut:
            self._resume_all()

    def separate_hosts(self, a: SimulatedHost, b: SimulatedHost) -> None:
        """Have these two not reach each other from now on."""
        self._barriers.separate_hosts(a, b)

    def unite_hosts(self) -> None:
        """Undo every ``separate_hosts``; what waited arrives."""
        self._barriers.unite_hosts()
        self._resume_all()

    def break_link(self, host: SimulatedHost, link: LinkId) -> None:
        """Break a link at one end. The other end hears nothing, not even of the break."""
        wire = host.wires.pop(link, None)
        if wire is not None:
            self._end(wire)
            self._tell(host, inputs.LinkDown(link, "failed"))

    # --- inside

    def _wire(self, host: SimulatedHost, link: LinkId) -> Wire:
        self._made += 1
        wire = self._wires[self._made] = host.wires[link] = Wire(host, link, self._made)
        return wire

    def _describe(self, wire: Wire) -> Description:
        """Make a description by which the other end finds this one."""
        return Description("actpass", f"u{wire.number:08d}", "p" * 22, self._entropy.draw_bytes(32), ())

    def _if_open(self, wire: Wire, input: inputs.Input) -> None:
        if wire.open:
            self._tell(wire.host, input)

    def _connect(self, wire: Wire, _: object) -> None:
        peer = wire.peer
        if peer is None or not (wire.open and peer.open) or wire.host.asleep or peer.host.asleep:
            return
        apart = self._barriers.are_apart(wire.host, peer.host)
        if apart or not wire.host.nat.can_link_with(peer.host.nat):
            return
        self._trace.add_event(self._agenda.now, wire.host.index, peer.host.index, TraceKind.LINKED)
        ours, theirs = self._entropy.draw_bytes(32), self._entropy.draw_bytes(32)
        self._tell(wire.host, inputs.LinkUp(wire.link, ours, theirs, self.address_of(peer.host)))
        if peer.open:
            self._tell(peer.host, inputs.LinkUp(peer.link, theirs, ours, self.address_of(wire.host)))

    def _arrive(self, wire: Wire, data: bytes) -> None:
        peer = wire.peer
        if peer is None or not peer.open:
            return
        host = peer.host
        barriers = self._barriers
        if wire.stalled or host.asleep or (barriers.standing and barriers.are_apart(wire.host, host)):
            wire.stalled.append(data)
            return
        if self.alter is not None:
            altered = self.alter(wire.host, host, data)
            if altered is None:
                return
            data = altered
        self._trace.add_event(self._agenda.now, host.index, wire.host.index, TraceKind.FRAME)
        self._tell(host, inputs.FrameReceived(peer.link, data))

    def _drained(self, wire: Wire, _: object) -> None:
        peer = wire.peer
        if wire.stalled or not wire.open or peer is None or self._barriers.are_apart(wire.host, peer.host):
            return  # nothing is acknowledged; the credit comes back when the network does
        count, wire.owed = wire.owed, 0
        self._tell(wire.host, inputs.FramesDrained(wire.link, count))

    def _resume_all(self) -> None:
        for wire in list(self._wires.values()):
            self._resume(wire)

    def _resume(self, wire: Wire) -> None:
        if wire.peer is not None and (wire.stalled or wire.owed >= CREDIT_BATCH):
            late = self._agenda.now + RTO_S + wire.delay
            wire.last_at = max(wire.last_at, late)
            self._agenda.call_at(late, self._flush, wire)

    def _flush(self, wire: Wire, _: object) -> None:
        peer = wire.peer
        if peer is None or peer.host.asleep or self._barriers.are_apart(wire.host, peer.host):
            return
        stalled, wire.stalled = wire.stalled, []
        for data in stalled:
            self._arrive(wire, data)
        if wire.owed >= CREDIT_BATCH:
            self._drained(wire, None)

    def _closed(self, peer: Wire | None, _: object) -> None:
        """Tell one end that the other has closed. If the word cannot come now, it never does."""
        if peer is None or not peer.open or peer.peer is None or peer.host.asleep:
            return
        if not self._barriers.are_apart(peer.host, peer.peer.host):
            peer.host.wires.pop(peer.link, None)
            self._end(peer)
            self._tell(peer.host, inputs.LinkDown(peer.link, "closed"))

    def _end(self, wire: Wire) -> None:
        wire.open = False
        wire.stalled.clear()
        self._wires.pop(wire.number, None)


def _number(description: Description) -> int:
    return int(description.ufrag[1:])
