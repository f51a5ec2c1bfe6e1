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
    """Unix time."""

    def now(self) -> float: ...


class InputSink(Protocol):
    """Takes inputs."""

    def submit_input(self, input: Input, /) -> None: ...

    async def submit_and_persist(self, input: Input, /) -> Rejected | None: ...


class Knows(Protocol):
    """Has the core's state, and the time."""

    @property
    def node(self) -> NodeMachine: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def turn_servers(self) -> TurnServers: ...

    @property
    def network(self) -> OwnNetwork: ...


class Acts(Knows, Protocol):
    """Takes inputs and has the core's state."""

    @property
    def driver(self) -> InputSink: ...


class Remembers(Protocol):
    """Has a store."""

    async def ask_store(self, question: Callable[[Store], T], /) -> T: ...


class Happens(Protocol):
    """Has the node's events."""

    @property
    def events(self) -> Events: ...


class Named(Acts, Protocol):
    """Knows how everybody and every room is called."""

    @property
    def names(self) -> Names: ...


class Gathers(Named, Happens, Protocol):
    """The needs of rooms."""


class Pairs(Acts, Happens, Protocol):
    """The needs of pairing."""


class Looks(Acts, Protocol):
    """The needs of the methods about meshes."""

    @property
    def looking(self) -> bool: ...


class Recalls(Named, Remembers, Happens, Protocol):
    """The needs of the history."""


class Sends(Recalls, Protocol):
    """The needs of messages."""

    @property
    def entropy(self) -> Entropy: ...

    def view(self, event: Happening, /) -> ListenEvents | None: ...


class BacksUp(Acts, Remembers, Protocol):
    """The needs of backups."""

    backed_up_at: float | None

    @property
    def home(self) -> Path: ...

    @property
    def entropy(self) -> Entropy: ...


class Configured(Remembers, Happens, Protocol):
    """The needs of settings."""

    choices: Choices

    @property
    def told(self) -> Overrides: ...

    def take_choices(self, choices: Choices, /) -> None: ...

    def begin_anew(self, why: SettingRestart, /) -> None: ...


class ServersInfo(Protocol):
    """Tells of the rendezvous that run inside a node."""

    def lan_info(self) -> LanInfo | None: ...

    def listener_info(self) -> ListenerInfo | None: ...


class Networked(Protocol):
    """Has the state of discovery on its own network."""

    @property
    def servers(self) -> ServersInfo: ...


class Examined(Looks, Happens, Networked, Protocol):
    """The needs of the doctor."""

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


class Shown(Examined, Protocol):
    """The needs of the methods about the node itself."""

    @property
    def separate(self) -> bool: ...

    @property
    def started_at(self) -> float: ...

    @property
    def waits_for(self) -> str: ...

    @property
    def stays(self) -> bool: ...


class Whole(Shown, Sends, Pairs, BacksUp, Configured, Protocol):
    """A node that carries out every method."""
