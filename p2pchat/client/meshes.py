"""Meshes, and the rendezvous where their members meet.

Knows: parameters and answers. Does not know: what a mesh is made of.
"""

from __future__ import annotations

from p2pchat.client.reach import Reach
from p2pchat.control import answers, methods, parameters


class MeshCalls(Reach):
    """Where one takes part."""

    async def meshes(self) -> list[answers.MeshInfo]:
        """All meshes: ``mesh`` (its id), whether ``invites`` lead into it, the mesh it is ``followed_by``,
        ``contacts``, ``links`` (None: it has just begun to look), ``rendezvous``, ``joined_at``."""
        return await self._call(methods.MESHES, parameters.NoParams())

    async def leave_mesh(self, mesh: str, *, forget: bool = False) -> answers.LeaveMeshResult:
        """Take part in a mesh (the beginning of its id) no more. Contacts who are reached through it are
        ``forgotten``; without ``forget``, a mesh with contacts is a UsageError."""
        return await self._call(methods.LEAVE_MESH, parameters.LeaveMeshParams(mesh=mesh, forget=forget))

    async def rendezvous(self) -> list[answers.RendezvousInfo]:
        """All rendezvous: ``url``, whether it is your ``own`` and was ``typed`` by you, the ``meshes`` that
        are met there, whether it is ``used`` and ``up`` (None: not known) and the ``reason`` why not."""
        return await self._call(methods.RENDEZVOUS, parameters.NoParams())

    async def add_rendezvous(
        self, url: str, *, mesh: str | None = None, typed: bool = True
    ) -> list[answers.RendezvousInfo]:
        """Meet others there: members of ``mesh``, or else be found there yourself, and those of the one mesh
        there is. Not ``typed``: a contact named it, and you agree. Returns all rendezvous."""
        asked = parameters.AddRendezvousParams(url=url, mesh=mesh, typed=typed)
        return await self._call(methods.ADD_RENDEZVOUS, asked)

    async def remove_rendezvous(self, url: str, *, mesh: str | None = None) -> list[answers.RendezvousInfo]:
        """Meet members of ``mesh``, or anybody, there no more. Returns all rendezvous."""
        return await self._call(
            methods.REMOVE_RENDEZVOUS, parameters.RemoveRendezvousParams(url=url, mesh=mesh)
        )
