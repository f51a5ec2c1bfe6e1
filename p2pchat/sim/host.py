"""Machines on which nodes run, sleep, stop and start again, and the ends of links they hold.

Knows: what a machine keeps while its node comes and goes. Does not know: what happens to it.
"""

from __future__ import annotations

from enum import Enum

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.node import NodeMachine
from p2pchat.sim.store import NodeMemory
from p2pchat.types import LinkId
from rendezvous.topics import Connection


class NatClass(Enum):
    """What stands between a machine and the others (the classes of RFC 3489)."""

    OPEN = "open"
    CONE = "cone"
    """Full or address-restricted cone: takes anything from an address it has sent to."""
    RESTRICTED = "restricted"
    """Port-restricted cone: only from the very port it has sent to."""
    SYMMETRIC = "symmetric"
    """Another outside port for every destination, so no peer can be told which."""

    def can_link_with(self, other: NatClass) -> bool:
        """Whether a link between the two can be made without a relay (measured with both engines)."""
        hard = (NatClass.RESTRICTED, NatClass.SYMMETRIC)
        return not (NatClass.SYMMETRIC in (self, other) and self in hard and other in hard)


class SimulatedHost:
    """A machine. ``node`` is None while it is off."""

    __slots__ = (
        "asleep",
        "clock_error",
        "commit_s",
        "fired",
        "fired_at",
        "index",
        "line_s",
        "lines",
        "nat",
        "node",
        "run",
        "side",
        "store",
        "timer_at",
        "wires",
    )

    def __init__(self, index: int, store: NodeMemory, line_s: float, nat: NatClass = NatClass.OPEN) -> None:
        self.index = index
        self.store = store
        self.line_s = line_s
        """One way to any rendezvous, in seconds."""
        self.nat = nat
        self.side = 0
        """While the network is cut, hosts reach only their own side; side 0 reaches both."""
        self.node: NodeMachine | None = None
        self.run = 0
        """How often its node was started: what was meant for an earlier run does not reach a later one."""
        self.asleep = False
        self.clock_error = 0.0
        """Seconds by which its clock is ahead."""
        self.commit_s = 0.0
        """How long its disk takes to commit."""
        self.timer_at = NEVER
        self.fired_at = 0.0
        self.fired = 0
        """When its timer last fired, and how often at that moment."""
        self.wires: dict[LinkId, Wire] = {}
        self.lines: dict[str, Connection] = {}
        """Its connections to rendezvous, by URL."""

    @property
    def awake(self) -> bool:
        """Whether its node runs and can do something."""
        return self.node is not None and not self.asleep


class Wire:
    """One end of a virtual link: what ``host`` sends over ``link``; ``peer`` is the other end, once known."""

    __slots__ = ("delay", "free_at", "host", "last_at", "link", "number", "open", "owed", "peer", "stalled")

    def __init__(self, host: SimulatedHost, link: LinkId, number: int) -> None:
        self.host = host
        self.link = link
        self.number = number
        self.peer: Wire | None = None
        self.open = True
        self.delay = 0.0
        """One way, in seconds."""
        self.free_at = 0.0
        """When the last frame handed over has left."""
        self.last_at = 0.0
        """When it arrives: the next may not come before it."""
        self.owed = 0
        """Frames whose credit the node has not got back yet."""
        self.stalled: list[bytes] = []
        """Frames that wait for the network, or for the other machine to wake up."""
