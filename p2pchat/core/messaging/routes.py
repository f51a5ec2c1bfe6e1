"""Through which meshes each contact is reached.

Knows: how many links there are into each mesh, and where a contact was heard. Does not know: what is sent.
"""

from __future__ import annotations

from collections.abc import Callable

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.values.records import Contact
from p2pchat.types import ContactId, MeshId

AWAY_S = 600.0
"""A node without a link for so long greets all contacts when one comes, as at a start. After a shorter time
no contact takes us for gone; and a neighbour that takes its link away and brings it back learns nothing."""


class Routes:
    """Finds the meshes through which each contact is reached."""

    def __init__(self) -> None:
        self.successors: Callable[[MeshId], tuple[MeshId, ...]] = lambda mesh: (mesh,)
        """In which meshes a contact may be heard that has told us of one: that, and those before it that we
        have not left yet."""
        self._links: dict[MeshId, int] = {}
        self._alone_since: dict[MeshId, float] = {}
        """When the last link into a mesh went; since ever, before the first."""
        self._last_mesh: dict[ContactId, MeshId] = {}
        """The newest mesh in which a contact was heard, since the node started."""

    def set_links(self, mesh: MeshId, links: int, now: float) -> bool:
        """Note how many links into a mesh are up; True if we come back after a long absence."""
        before, self._links[mesh] = self._links.get(mesh, 0), links
        if before and not links:
            self._alone_since[mesh] = now
        return bool(links and not before and now >= self._alone_since.get(mesh, -NEVER) + AWAY_S)

    def forget_mesh(self, mesh: MeshId) -> None:
        """Forget a mesh that was left."""
        self._links.pop(mesh, None)
        self._alone_since.pop(mesh, None)

    def on_cell(self, contact: Contact, mesh: MeshId) -> None:
        """Note that a contact's cell came in a mesh."""
        if mesh == contact.mesh:
            self._last_mesh[contact.id] = mesh

    def lead_through(self, contact: Contact, mesh: MeshId) -> bool:
        """Tell whether the contact may be reached in a mesh."""
        return mesh in self.successors(contact.mesh) and not contact.blocked

    def count_links(self, contact: Contact) -> int:
        """Count the links into all meshes in which the contact may be."""
        return sum(self._links.get(mesh, 0) for mesh in self.successors(contact.mesh))

    def choose_meshes(self, contact: Contact) -> list[MeshId]:
        """Choose the meshes for a contact's cells: all in which it may be, until it was heard in the
        newest."""
        meshes = self.successors(contact.mesh)
        if self._last_mesh.get(contact.id) == meshes[0] and self._links.get(meshes[0], 0):
            return [meshes[0]]
        return [mesh for mesh in meshes if self._links.get(mesh, 0)] or [meshes[0]]
