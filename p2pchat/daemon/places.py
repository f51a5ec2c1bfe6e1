"""The methods about meshes and where they are met: listed, added to, left.

Knows: their parameters and answers. Does not know: how a mesh is joined or left.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from p2pchat.core import facts
from p2pchat.core.records import Mesh
from p2pchat.daemon import views
from p2pchat.daemon.arguments import Arguments
from p2pchat.daemon.control import Asker
from p2pchat.errors import Malformed, UsageError
from p2pchat.types import MeshId
from p2pchat.wire.places import check_rendezvous, is_public

if TYPE_CHECKING:
    from p2pchat.daemon.node import RunningNode


class Places:
    """The verbs, bound to one running node."""

    def __init__(self, running: RunningNode) -> None:
        self._running = running

    def methods(self) -> dict[str, Callable[[Arguments, Asker], Awaitable[Any]]]:
        """By name."""
        return {
            "mesh.list": self.meshes,
            "mesh.leave": self.leave,
            "rendezvous.list": self.rendezvous,
            "rendezvous.add": self.add,
            "rendezvous.remove": self.remove,
        }

    async def meshes(self, arguments: Arguments, asker: Asker) -> list[views.View]:
        """Every mesh, with the contacts who are reached through it; the one into which invites lead first.
        Of a node that has not had the time to link, ``links`` are not known."""
        node = self._running.node
        links = {each.mesh: each.links for each in node.status().meshes}
        none = None if self._running.looking else 0
        return [
            {
                "mesh": mesh.id.hex(),
                "invites": number == 0,
                "followed_by": mesh.successor.hex() if mesh.successor is not None else None,
                "contacts": self._names(mesh.id),
                "links": links.get(mesh.id) or none,
                "rendezvous": list(mesh.rendezvous),
                "joined_at": views.moment(mesh.joined_at),
            }
            for number, mesh in enumerate(node.meshes())
        ]

    async def leave(self, arguments: Arguments, asker: Asker) -> views.View:
        """Take part no more; with ``forget``, also though contacts are reached through it, who then are
        forgotten."""
        mesh = self.mesh(arguments.text("mesh"))
        contacts = self._names(mesh.id)
        if contacts and not arguments.flag("forget", False):
            raise UsageError(
                f"{', '.join(contacts)} would be forgotten: they are reached through this mesh alone"
            )
        await self._running.driver.submit_and_persist(facts.MeshLeft(mesh.id))
        return {"mesh": mesh.id.hex(), "forgotten": contacts}

    async def rendezvous(self, arguments: Arguments, asker: Asker) -> list[views.View]:
        """Every rendezvous that is known: whose it is, whether it is ``used`` just now, and whether it is
        reached, if that is known."""
        node = self._running.node
        reached = {each.url: each for each in node.status().rendezvous}
        meshes, own = node.meshes(), node.identity.rendezvous
        return [
            {
                "url": url,
                "own": url in own,
                "typed": url in node.typed(),
                "meshes": [mesh.id.hex() for mesh in meshes if url in mesh.rendezvous],
                "used": url in reached,
                "up": reached[url].up if url in reached else None,
                "reason": reached[url].reason if url in reached else "",
            }
            for url in node.places()
        ]

    async def add(self, arguments: Arguments, asker: Asker) -> list[views.View]:
        """Meet others there: of one mesh, or else our own, and the one mesh there is. ``typed``: by a person;
        otherwise a contact named it and a person agreed."""
        url, typed = arguments.text("url"), arguments.flag("typed", True)
        name = arguments.optional_text("mesh")
        self._check((url,), typed)
        meshes = self._running.node.meshes()
        chosen = [self.mesh(name)] if name is not None else list(meshes) if len(meshes) == 1 else []
        own = self._running.node.identity.rendezvous
        for urls in ([own] if name is None else []) + [mesh.rendezvous for mesh in chosen]:
            self._check(tuple(dict.fromkeys((*urls, url))), typed=True)
        if name is None:
            await self._submit(facts.RendezvousAdded(url, None))
        for mesh in chosen:
            await self._submit(facts.RendezvousAdded(url, mesh.id, typed))
        return await self.rendezvous(arguments, asker)

    async def remove(self, arguments: Arguments, asker: Asker) -> list[views.View]:
        """Meet nobody there any more: of one mesh, or of none and not for ourselves either."""
        url, name = arguments.text("url"), arguments.optional_text("mesh")
        meshes = [self.mesh(name)] if name is not None else self._running.node.meshes()
        own = name is None and url in self._running.node.identity.rendezvous
        met = [mesh for mesh in meshes if url in mesh.rendezvous]
        if not own and not met:
            raise UsageError(f"{url} is not among your rendezvous; see 'p2pchat rendezvous list'")
        if own:
            await self._submit(facts.RendezvousRemoved(url, None))
        for mesh in met:
            await self._submit(facts.RendezvousRemoved(url, mesh.id))
        return await self.rendezvous(arguments, asker)

    async def _submit(self, fact: facts.MeshFact) -> None:
        await self._running.driver.submit_and_persist(fact)

    def _names(self, mesh: MeshId) -> list[str]:
        return [contact.name for contact in self._running.node.contacts() if contact.mesh == mesh]

    def mesh(self, name: str) -> Mesh:
        """A mesh by the beginning of its id. Raises UsageError."""
        meshes = self._running.node.meshes()
        fitting = [each for each in meshes if name and each.id.hex().startswith(name.lower())]
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
