"""People and their machines in the simulator's world: pairing, messages, names.

Knows: what people do, and what stays of it. Does not know: how links, servers and time work (``p2pchat.sim``).
"""

from __future__ import annotations

from typing import TypeVar

from p2pchat.core import orders
from p2pchat.core.node import Node
from p2pchat.sim import world as sim
from p2pchat.sim.host import Host
from tests.support.memory_store import MemoryStore

E = TypeVar("E")

URL = "ws://meeting.test"


class Machine:
    """One home: its store outlives its runs."""

    def __init__(self, name: str, store: MemoryStore, host: Host) -> None:
        self.name = name
        self.store = store
        self.host = host
        self.notices: list[orders.Event] = []

    @property
    def node(self) -> Node | None:
        """The node, if it runs."""
        return self.host.node

    @property
    def running(self) -> Node:
        """The node, which must be running."""
        assert self.host.node is not None
        return self.host.node

    def events(self, kind: type[E]) -> list[E]:
        return [event for event in self.notices if isinstance(event, kind)]


class World(sim.World):
    """``join`` people, ``run`` time, look at their stores and events."""
