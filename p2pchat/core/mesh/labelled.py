"""Whose outputs are to be carried on: what one machine decides about others.

Knows: the names of the machines. Does not know: what any of them says.
"""

from __future__ import annotations

from collections.abc import Iterable

from p2pchat.core.mesh.mesh import Mesh
from p2pchat.core.mesh.outputs import MeshOutput
from p2pchat.core.messaging import outputs
from p2pchat.core.pairing import invites
from p2pchat.core.values.effects import Effect
from p2pchat.data import dataclass


@dataclass(frozen=True, slots=True)
class OfMesh:
    """What a mesh has to say."""

    mesh: Mesh
    outputs: Iterable[MeshOutput]


@dataclass(frozen=True, slots=True)
class OfConversations:
    """What conversations have to say."""

    outputs: Iterable[outputs.Routed]


@dataclass(frozen=True, slots=True)
class OfInvite:
    """What an invite has to say."""

    invite: int
    outputs: Iterable[invites.InviteOutput]


BelongingOutput = Effect | OfMesh | OfConversations | OfInvite
