"""The methods about meshes and their rendezvous: list, add, leave.

Knows: their parameters and answers. Does not know: how a mesh is joined or left.
"""

from __future__ import annotations

from p2pchat.control import answers, methods, parameters
from p2pchat.core.values import user_inputs
from p2pchat.core.values.records import MeshRecord
from p2pchat.daemon import views
from p2pchat.daemon.control import Caller
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.needs import MeshNeeds
from p2pchat.errors import Malformed, UsageError
from p2pchat.types import MeshId
from p2pchat.wire.places import check_rendezvous, is_public


class MeshMethods:
    """Handles requests about meshes and their rendezvous, for one running node."""

    def __init__(self, host: MeshNeeds) -> None:
        self._host = host

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about meshes and their rendezvous."""
        handlers.add(methods.MESHES, self.list_meshes)
        handlers.add(methods.LEAVE_MESH, self.leave)
        handlers.add(methods.RENDEZVOUS, self.list_rendezvous)
        handlers.add(methods.ADD_RENDEZVOUS, self.add)
        handlers.add(methods.REMOVE_RENDEZVOUS, self.remove)

    async def list_meshes(self, params: parameters.NoParams, caller: Caller) -> list[answers.MeshInfo]:
        """List every mesh with its contacts; the mesh for invites comes first. ``links`` are unknown while a
        new node still has time to link."""
        node = self._host.node
        links = {mesh.mesh: mesh.links for mesh in node.get_status().meshes}
        none = None if self._host.looking else 0
        return [
            answers.MeshInfo(
                mesh=mesh.id.hex(),
                invites=number == 0,
                followed_by=mesh.successor.hex() if mesh.successor is not None else None,
                contacts=self._names(mesh.id),
                links=links.get(mesh.id) or none,
                rendezvous=list(mesh.rendezvous),
                joined_at=views.moment(mesh.joined_at),
            )
            for number, mesh in enumerate(node.list_meshes())
        ]

    async def leave(self, params: parameters.LeaveMeshParams, caller: Caller) -> answers.LeaveMeshResult:
        """Leave a mesh; with ``forget``, also a mesh with contacts, which are then deleted."""
        mesh = self.find_mesh(params.mesh)
        contacts = self._names(mesh.id)
        if contacts and not params.forget:
            raise UsageError(
                f"{', '.join(contacts)} would be deleted: they are reached through this mesh alone"
            )
        await self._host.driver.submit_and_persist(user_inputs.MeshLeft(mesh.id))
        return answers.LeaveMeshResult(mesh=mesh.id.hex(), forgotten=contacts)

    async def list_rendezvous(
        self, params: parameters.NoParams, caller: Caller
    ) -> list[answers.RendezvousInfo]:
        """List every known rendezvous: its meshes, whether it is ``used`` now, and whether it is reached, if
        known."""
        node = self._host.node
        reached = {server.url: server for server in node.get_status().rendezvous}
        meshes, own = node.list_meshes(), node.identity.rendezvous
        return [
            answers.RendezvousInfo(
                url=url,
                own=url in own,
                typed=url in node.typed_urls(),
                meshes=[mesh.id.hex() for mesh in meshes if url in mesh.rendezvous],
                used=url in reached,
                up=reached[url].up if url in reached else None,
                reason=reached[url].reason if url in reached else "",
            )
            for url in node.known_urls()
        ]

    async def add(
        self, params: parameters.AddRendezvousParams, caller: Caller
    ) -> list[answers.RendezvousInfo]:
        """Add a rendezvous: to one mesh, or else to our own and the only mesh. ``typed``: a person typed it;
        otherwise a contact named it and a person agreed."""
        url, typed, name = params.url, params.typed, params.mesh
        self._check((url,), typed)
        meshes = self._host.node.list_meshes()
        chosen = [self.find_mesh(name)] if name is not None else list(meshes) if len(meshes) == 1 else []
        own = self._host.node.identity.rendezvous
        for urls in ([own] if name is None else []) + [mesh.rendezvous for mesh in chosen]:
            self._check(tuple(dict.fromkeys((*urls, url))), typed=True)
        if name is None:
            await self._submit(user_inputs.RendezvousAdded(url, None))
        for mesh in chosen:
            await self._submit(user_inputs.RendezvousAdded(url, mesh.id, typed))
        return await self.list_rendezvous(parameters.NoParams(), caller)

    async def remove(
        self, params: parameters.RemoveRendezvousParams, caller: Caller
    ) -> list[answers.RendezvousInfo]:
        """Remove a rendezvous: from one mesh, or from all meshes and our own."""
        url, name = params.url, params.mesh
        meshes = [self.find_mesh(name)] if name is not None else self._host.node.list_meshes()
        own = name is None and url in self._host.node.identity.rendezvous
        meeting = [mesh for mesh in meshes if url in mesh.rendezvous]
        if not own and not meeting:
            raise UsageError(f"{url} is not among your rendezvous; see 'p2pchat rendezvous list'")
        if own:
            await self._submit(user_inputs.RendezvousRemoved(url, None))
        for mesh in meeting:
            await self._submit(user_inputs.RendezvousRemoved(url, mesh.id))
        return await self.list_rendezvous(parameters.NoParams(), caller)

    async def _submit(self, input: user_inputs.MeshInput) -> None:
        await self._host.driver.submit_and_persist(input)

    def _names(self, mesh: MeshId) -> list[str]:
        return [contact.name for contact in self._host.node.list_contacts() if contact.mesh == mesh]

    def find_mesh(self, name: str) -> MeshRecord:
        """Find a mesh by the first digits of its id. Raises UsageError."""
        meshes = self._host.node.list_meshes()
        fitting = [mesh for mesh in meshes if name and mesh.id.hex().startswith(name.lower())]
        if len(fitting) == 1:
            return fitting[0]
        what = "several meshes' ids begin" if fitting else "no mesh's id begins"
        raise UsageError(f"{what} with {name!r}; see 'p2pchat mesh list'")

    def _check(self, urls: tuple[str, ...], typed: bool) -> None:
        try:
            check_rendezvous(urls)
        except Malformed as error:
            why = f"{error}; remove one first" if len(urls) > 1 else str(error)
            raise UsageError(why) from error
        if not typed and not all(map(is_public, urls)):
            raise UsageError(f"{urls[-1]} is an address of a private network: only a person can name it")
