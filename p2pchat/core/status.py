"""A node's present state as a value to show.

Knows: what can be asked of a running node. Does not know: how it is displayed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from p2pchat.types import LinkId, MeshId, NodeId


@dataclass(frozen=True, slots=True)
class LinkStatus:
    link: LinkId
    mesh: MeshId
    peer: NodeId | None
    """The neighbour's id, once its offer or answer was read."""
    state: str
    """``connecting``, ``confirming`` or ``up``."""
    since: float
    """When this state began; Unix seconds."""
    sent: int
    """Frames handed to the engine."""
    received: int
    """Frames that opened."""


@dataclass(frozen=True, slots=True)
class RendezvousStatus:
    url: str
    up: bool
    reason: str
    """Why it is not up; empty when it is, or when nothing was tried yet."""


@dataclass(frozen=True, slots=True)
class Status:
    node: NodeId
    links: tuple[LinkStatus, ...]
    rendezvous: tuple[RendezvousStatus, ...]
    outbox: int
    """Messages accepted and not yet delivered, expired or cancelled."""
    counters: dict[str, int] = field(default_factory=dict)
    """What was relayed, refused, shed …, since the node started."""
