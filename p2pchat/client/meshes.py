"""Meshes, and the rendezvous where their members meet.

Knows: parameters and answers. Does not know: what a mesh is made of.
"""

from __future__ import annotations

from p2pchat.client.node_connection import NodeConnection
from p2pchat.control import answers, methods, parameters


class MeshCalls(NodeConnection):
    """The methods about meshes."""

    async def meshes(self) -> list[answers.MeshInfo]:
        """All meshes: ``mesh`` (its id), whether ``invites`` lead into it, the mesh it is ``followed_by``,
        ``contacts``, ``links`` (None: it has just begun to look), ``rendezvous``, ``joined_at``."""
        return await self._call(methods.MESHES, parameters.NoParams())

    async def leave_mesh(self, mesh: str, *, forget: bool = False) -> answers.LeaveMeshResult:
        """Leave a mesh (the first digits of its id). Contacts that are reached through it are ``forgotten``;
        without ``forget``, a mesh with contacts is a UsageError."""
        return await self._call(methods.LEAVE_MESH, parameters.LeaveMeshParams(mesh=mesh, forget=forget))

    async def rendezvous(self) -> list[answers.RendezvousInfo]:
        """All rendezvous: ``url``, whether it is your ``own`` and was ``typed`` by you, the ``meshes`` that
        are met there, whether it is ``used`` and ``up`` (None: not known) and the ``reason`` why not."""
        return await self._call(methods.RENDEZVOUS, parameters.NoParams())

    async def add_rendezvous(
        self, url: str, *, mesh: str | None = None, typed: bool = True
    ) -> list[answers.RendezvousInfo]:
        """Add a rendezvous: for ``mesh``, or else for you and the only mesh. Not ``typed``: a contact named
        it, and you agree. Returns all rendezvous."""
        params = parameters.AddRendezvousParams(url=url, mesh=mesh, typed=typed)
        return await self._call(methods.ADD_RENDEZVOUS, params)

    async def remove_rendezvous(self, url: str, *, mesh: str | None = None) -> list[answers.RendezvousInfo]:
        """Stop using a rendezvous for ``mesh``, or for all. Returns all rendezvous."""
        return await self._call(
            methods.REMOVE_RENDEZVOUS, parameters.RemoveRendezvousParams(url=url, mesh=mesh)
        )
