"""WebRTC engines: the port that all of them meet, and a room for each.

Knows: where each engine's room is. Does not know: what a link is for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from p2pchat.config.paths import AIORTC, LIBWEBRTC, NetworkPolicy, is_installed
from p2pchat.net.engines.port import Engine, MakeEngine, Policy

_ROOMS: Final = {AIORTC: "p2pchat.net.engines.aiortc", LIBWEBRTC: "p2pchat.net.engines.libwebrtc"}


def installed() -> tuple[str, ...]:
    """List the names of the engines that are installed."""
    return tuple(name for name in _ROOMS if is_installed(name))


def make_engine(name: str, policy: Policy) -> Engine:
    """Make an engine. It is imported now: engines are large, and a process needs one."""
    make: MakeEngine = import_module(_ROOMS[name]).make
    return make(policy)


def engine_for(paths: NetworkPolicy) -> Engine:
    """Return the engine that the settings choose, with its policy."""
    return make_engine(paths.engine_name(), Policy(paths.relay_only, paths.proxy, paths.ca_file))
