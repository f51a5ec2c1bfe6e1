"""Scenarios: what happens to a mesh, as a value read from TOML.

Knows: the choices, their bounds, and where the named scenarios are. Does not know: how they are carried out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass, replace
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from p2pchat.core.broadcast.damping import Damping
from p2pchat.core.values.profile import PROFILES, Profile
from p2pchat.core.values.settings import Settings
from p2pchat.data import dataclass
from p2pchat.errors import UsageError
from p2pchat.sim.conditions import Conditions
from p2pchat.sim.relays import MISDEEDS
from p2pchat.sim.strategies import STRATEGIES

T = TypeVar("T")

NODES_MAX = 20_000
"""About 0.2 MB each: more would not fit into the memory of a small machine."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much is said. Cells come at random moments, from random nodes."""

    per_minute: float = 1.0
    """Cells a minute from each node."""
    warm_up_cells: int = 400
    """The mesh warms up until so many were said: what its tree needs to settle. In large meshes, where that
    would take less than ``warm_up_s``, all nodes say less."""
    deliveries_max: int | None = None
    """At most about so many deliveries, cells times nodes, are measured: where it binds, all nodes say
    less."""

    def __post_init__(self) -> None:
        _check(self.per_minute >= 0, "load.per_minute: need 0 or more")
        _check(self.warm_up_cells >= 0, "load.warm_up_cells: need 0 or more")
        _check(self.deliveries_max is None or self.deliveries_max > 0, "load.deliveries_max: need 1 or more")


@dataclass(frozen=True, slots=True)
class NatMix:
    """What stands between nodes and the network: weights, in any unit."""

    open: float = 1.0
    cone: float = 0.0
    restricted: float = 0.0
    symmetric: float = 0.0

    def __post_init__(self) -> None:
        weights = (self.open, self.cone, self.restricted, self.symmetric)
        _check(min(weights) >= 0 and sum(weights) > 0, "nat: need weights of 0 or more, not all of them 0")


@dataclass(frozen=True, slots=True)
class Churn:
    """During ``measure_s``, at random moments: shares of the nodes."""

    leave: float = 0.0
    """Go for good, without notice."""
    join: float = 0.0
    """Come new, through the rendezvous if it is up, else introduced by a member."""

    def __post_init__(self) -> None:
        _check(0 <= self.leave < 1 and 0 <= self.join <= 1, "churn: need shares of 0 to 1, not all may leave")


@dataclass(frozen=True, slots=True)
class Away:
    """A share of the nodes goes away and comes back."""

    share: float = 0.0
    at_s: float = 0.0
    """When, after ``measure_s`` has begun; each within ten seconds."""
    for_s: float = 3600.0
    how: str = "kill"
    """``kill``: without notice, and starts again from its store; ``stop``: says goodbye; ``sleep``: the
    machine sleeps."""

    def __post_init__(self) -> None:
        _check(0 <= self.share < 1, "away.share: need a share of 0 to 1, not all may go")
        _check(self.at_s >= 0 and self.for_s > 0, "away: need at_s >= 0 and for_s > 0")
        _check(self.how in ("kill", "stop", "sleep"), "away.how: need kill, stop or sleep")


@dataclass(frozen=True, slots=True)
class Partition:
    """The network falls in two and comes together again."""

    for_s: float = 0.0
    """How long; 0: never."""
    at_s: float = 0.0
    """When, after ``measure_s`` has begun."""
    share: float = 0.5
    """Of the nodes, on one side."""
    bridges: int = 0
    """Nodes that both sides reach all the time."""
    join_halves: bool = False
    """Whether a member of each side meet at a place of their own when the network is back."""

    def __post_init__(self) -> None:
        _check(self.for_s >= 0 and self.at_s >= 0 and self.bridges >= 0, "partition: need 0 or more")
        _check(0 < self.share < 1, "partition.share: need a share between 0 and 1")


@dataclass(frozen=True, slots=True)
class RendezvousPlan:
    """The rendezvous, which is up at first."""

    down_s: float | None = None
    """When it goes down, after ``measure_s`` has begun; negative: while the mesh warms up."""
    up_s: float | None = None
    """When it comes back."""


@dataclass(frozen=True, slots=True)
class Flooder:
    """One member writes ``times`` its share, one text after the other, in equal parts of ``measure_s``."""

    times: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _check(all(level > 0 for level in self.times), "flooder.times: need numbers above 0")


@dataclass(frozen=True, slots=True)
class Misconduct:
    """Some relays mistreat others' onions while cells are measured."""

    share: float = 0.0
    """Of the nodes; needs ``settings.profile``."""
    does: str = "drop"
    """``drop``; ``delay``: by 5 s on average; ``repeat``: send each twice; ``mark``: turn a bit over."""
    parts: int = 1
    """Equal parts of ``measure_s``, told of one by one."""

    def __post_init__(self) -> None:
        _check(0 <= self.share < 1, "misconduct.share: need a share of 0 to 1, not all")
        _check(self.does in MISDEEDS, f"misconduct.does: need one of {', '.join(MISDEEDS)}")
        _check(self.parts >= 1, "misconduct.parts: need 1 or more")


@dataclass(frozen=True, slots=True)
class Network:
    """The same as ``Conditions``, in units that people use."""

    latency_ms: tuple[float, float] = (20.0, 120.0)
    loss: float = 0.0
    bandwidth: float | None = None

    def __post_init__(self) -> None:
        try:
            self.to_conditions()
        except ValueError as error:
            raise UsageError(f"network.{error}") from None

    def to_conditions(self) -> Conditions:
        """Return the conditions of the links."""
        low, high = self.latency_ms
        return Conditions((low / 1000, high / 1000), self.loss, self.bandwidth)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Times in seconds of virtual time, one after the other: nodes start, the mesh warms up under load,
    cells are measured, the last of them have ``drain_s`` to arrive."""

    about: str = ""
    nodes: int = 200
    bootstrap_s: float = 30.0
    """Nodes start evenly over this time; without load."""
    warm_up_s: float = 60.0
    """At least; see ``Load.warm_up_cells``. 0: not at all."""
    measure_s: float = 120.0
    drain_s: float = 35.0
    strategy: str = "plumtree"
    load: Load = field(default_factory=Load)
    network: Network = field(default_factory=Network)
    nat: NatMix = field(default_factory=NatMix)
    churn: Churn = field(default_factory=Churn)
    away: Away = field(default_factory=Away)
    partition: Partition = field(default_factory=Partition)
    rendezvous: RendezvousPlan = field(default_factory=RendezvousPlan)
    flooder: Flooder = field(default_factory=Flooder)
    misconduct: Misconduct = field(default_factory=Misconduct)
    settings: Settings = field(default_factory=Settings)
    damping: Damping = field(default_factory=Damping)
    """Constants of Plumtree."""

    def __post_init__(self) -> None:
        _check(2 <= self.nodes <= NODES_MAX, f"nodes: need 2 to {NODES_MAX}")
        times = (self.bootstrap_s, self.warm_up_s, self.measure_s)
        _check(min(times) >= 0 and self.measure_s > 0, "bootstrap_s, warm_up_s, measure_s: need seconds")
        _check(self.drain_s >= 0, "drain_s: need 0 or more")
        _check(self.strategy in STRATEGIES, f"strategy: need one of {', '.join(STRATEGIES)}")

    @property
    def parts(self) -> tuple[float, ...]:
        """Return for each part of ``measure_s`` by how much the flooder exceeds its share."""
        return self.flooder.times or (1.0,) * self.misconduct.parts

    @property
    def warming_s(self) -> float:
        """How long the mesh warms up."""
        cells_per_s = self.load.per_minute / 60 * self.nodes
        if not cells_per_s or not self.warm_up_s:
            return self.warm_up_s
        return max(self.warm_up_s, self.load.warm_up_cells / cells_per_s)


def names() -> list[str]:
    """The scenarios that come with the simulator."""
    files_here = (entry.name for entry in _PLACE.iterdir())
    return sorted(name.removesuffix(".toml") for name in files_here if name.endswith(".toml"))


def load(name: str) -> Scenario:
    """Load a scenario by its name, or any TOML file by its path. Raises UsageError."""
    place = Path(name) if name.endswith(".toml") else _PLACE / f"{name}.toml"
    try:
        text = place.read_text()
    except OSError:
        raise UsageError(f"no scenario {name}; there are {', '.join(names())}, or a file .toml") from None
    return parse(text, name)


def parse(text: str, name: str) -> Scenario:
    """A scenario in TOML. Raises UsageError, which names the file and what is wrong in it."""
    try:
        return _read(Scenario, tomllib.loads(text), "")
    except (tomllib.TOMLDecodeError, UsageError) as error:
        raise UsageError(f"scenario {name}: {error}") from None


def altered(scenario: Scenario, changes: Mapping[str, str]) -> Scenario:
    """Return the scenario with other values, given as ``load.per_minute`` = ``2``: each as in TOML. Raises
    UsageError."""
    for key, value in changes.items():
        scenario = _with(scenario, key.split("."), key, value)
    return scenario


def _with(whole: T, path: list[str], key: str, value: str) -> T:
    hints = get_type_hints(type(whole))
    if path[0] not in hints:
        raise UsageError(f"{key}: a scenario has no such value")
    if len(path) > 1:
        inner = getattr(whole, path[0])
        if not is_dataclass(inner):
            raise UsageError(f"{key}: a scenario has no such value")
        return _replaced(whole, path[0], _with(inner, path[1:], key, value), key)
    try:
        given = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        given = value
    return _replaced(whole, path[0], _fitted(hints[path[0]], given, key), key)


def _replaced(whole: T, name: str, value: object, key: str) -> T:
    try:
        return replace(whole, **{name: value})  # type: ignore[type-var]
    except ValueError as error:
        raise UsageError(f"{key}: {error}") from None


def _read(kind: type[T], table: Mapping[str, object], where: str) -> T:
    """A dataclass from a table: unknown keys and values of another type are refused."""
    hints = get_type_hints(kind)
    known = {member.name for member in fields(kind)}  # type: ignore[arg-type]
    for name in table:
        if name not in known:
            raise UsageError(f"{where}{name}: unknown; there are {', '.join(sorted(known))}")
    try:
        return kind(**{name: _fitted(hints[name], value, where + name) for name, value in table.items()})
    except ValueError as error:
        raise UsageError(f"{where.rstrip('.')}: {error}") from None


def _fitted(kind: Any, value: object, where: str) -> object:
    if isinstance(kind, UnionType):
        kind = next(argument for argument in get_args(kind) if argument is not type(None))
    if kind is Profile:
        _check(value in PROFILES, f"{where}: need one of {', '.join(PROFILES)}")
        return PROFILES[str(value)]
    if is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, Mapping):
            raise UsageError(f"{where}: need a table")
        return _read(kind, value, f"{where}.")
    if get_origin(kind) is tuple:
        return _numbers(get_args(kind), value, where)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise UsageError(f"{where}: need {_KINDS[kind]}, not {value!r}")
    return value


def _numbers(kinds: tuple[Any, ...], value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise UsageError(f"{where}: need a list of numbers")
    if kinds[-1] is not Ellipsis and len(value) != len(kinds):
        raise UsageError(f"{where}: need {len(kinds)} numbers")
    return tuple(_fitted(kinds[0], item, where) for item in value)


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise UsageError(otherwise)


_KINDS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
}
_PLACE = files("p2pchat.sim") / "scenarios"
