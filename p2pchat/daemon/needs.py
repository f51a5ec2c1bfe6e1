"""The parts of a node that each family of methods needs.

Knows: the shapes. Does not know: the class that has them (``node``), or their use.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from p2pchat.config.choices import Choices, Overrides
from p2pchat.config.paths import NetworkPolicy
from p2pchat.control.answers import LanInfo, ListenerInfo
from p2pchat.control.events import ListenEvents
from p2pchat.core.node import NodeMachine
from p2pchat.core.values.inputs import Input
from p2pchat.core.values.refusals import Rejected
from p2pchat.daemon.events import Events, Happening
from p2pchat.daemon.names import Names
from p2pchat.daemon.own_network import OwnNetwork
from p2pchat.daemon.turn_servers import TurnServers
from p2pchat.errors import SettingRestart
from p2pchat.ports import Entropy
from p2pchat.store import Store

T = TypeVar("T")


class Clock(Protocol):
    """Tells Unix time."""

    def now(self) -> float: ...


class InputSink(Protocol):
    """Takes inputs for the core."""

    def submit_input(self, input: Input, /) -> None: ...

    async def submit_and_persist(self, input: Input, /) -> Rejected | None: ...


class HasState(Protocol):
    """Has the core's state and the time."""

    @property
    def node(self) -> NodeMachine: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def turn_servers(self) -> TurnServers: ...

    @property
    def network(self) -> OwnNetwork: ...


class TakesInputs(HasState, Protocol):
    """Has the core's state, and takes inputs for it."""

    @property
    def driver(self) -> InputSink: ...


class HasStore(Protocol):
    """Has a store."""

    async def ask_store(self, question: Callable[[Store], T], /) -> T: ...


class HasEvents(Protocol):
    """Has the node's events."""

    @property
    def events(self) -> Events: ...


class HasNames(TakesInputs, Protocol):
    """Has the names of contacts, rooms and members."""

    @property
    def names(self) -> Names: ...


class RoomNeeds(HasNames, HasEvents, Protocol):
    """What requests about rooms need."""


class PairingNeeds(TakesInputs, HasEvents, Protocol):
    """What requests that make contacts need."""


class MeshNeeds(TakesInputs, Protocol):
    """What requests about meshes need."""

    @property
    def looking(self) -> bool: ...


class HistoryNeeds(HasNames, HasStore, HasEvents, Protocol):
    """What requests about the history need."""


class MessageNeeds(HistoryNeeds, Protocol):
    """What requests about messages need."""

    @property
    def entropy(self) -> Entropy: ...

    def view_event(self, event: Happening, /) -> ListenEvents | None: ...


class BackupNeeds(TakesInputs, HasStore, Protocol):
    """What requests about backups need."""

    backed_up_at: float | None

    @property
    def home(self) -> Path: ...

    @property
    def entropy(self) -> Entropy: ...


class SettingNeeds(HasStore, HasEvents, Protocol):
    """What requests about settings need."""

    choices: Choices

    @property
    def told(self) -> Overrides: ...

    def take_choices(self, choices: Choices, /) -> None: ...

    def begin_anew(self, why: SettingRestart, /) -> None: ...


class ServersInfo(Protocol):
    """Describes the rendezvous that run inside a node."""

    def lan_info(self) -> LanInfo | None: ...

    def listener_info(self) -> ListenerInfo | None: ...


class HasServers(Protocol):
    """Has the rendezvous that run inside the node."""

    @property
    def servers(self) -> ServersInfo: ...


class DoctorNeeds(MeshNeeds, HasEvents, HasServers, Protocol):
    """What the doctor needs."""

    @property
    def home(self) -> Path: ...

    @property
    def set_back(self) -> str: ...

    @property
    def paths(self) -> NetworkPolicy: ...

    choices: Choices

    backed_up_at: float | None

    @property
    def profile(self) -> str | None: ...

    @property
    def linked(self) -> bool: ...

    @property
    def looks_until(self) -> float: ...


class NodeNeeds(DoctorNeeds, Protocol):
    """What requests about the node itself need."""

    @property
    def separate(self) -> bool: ...

    @property
    def started_at(self) -> float: ...

    @property
    def waits_for(self) -> str: ...

    @property
    def stays(self) -> bool: ...


class AllNeeds(NodeNeeds, MessageNeeds, PairingNeeds, BackupNeeds, SettingNeeds, Protocol):
    """What all requests together need: a running node."""
