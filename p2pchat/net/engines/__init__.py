"""WebRTC engines: the port that all of them meet, and a room for each.

Knows: where each engine's room is. Does not know: what a link is for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from p2pchat.config.paths import Paths
from p2pchat.net.engines.port import Engine, MakeEngine, Policy

_ROOMS: Final = {"aiortc": "p2pchat.net.engines.aiortc"}


def installed() -> tuple[str, ...]:
    """The names of the engines that are there."""
    return tuple(_ROOMS)


def make_engine(name: str, policy: Policy) -> Engine:
    """The engine of that name. It is imported now: engines are large, and a process needs one."""
    make: MakeEngine = import_module(_ROOMS[name]).make
    return make(policy)


def engine_for(paths: Paths) -> Engine:
    """The engine that is set, with what is set for it."""
    return make_engine("aiortc", Policy(paths.relay_only, paths.proxy, paths.ca_file))
