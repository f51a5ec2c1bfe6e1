"""The table of links: every neighbour and every attempt at one, by link.

Knows: which node is at the end of each, and how much waits to leave on it. Does not know: how a link comes
or goes (``offers``, ``neighbours``).
"""

from __future__ import annotations

from collections.abc import Iterator

from p2pchat.core.link.link import Link
from p2pchat.core.membership.neighbour import Endpoint, Neighbour
from p2pchat.core.values.effects import SendFrame
from p2pchat.core.values.status import LinkStatus
from p2pchat.types import LinkId, MeshId, NodeId
from p2pchat.wire.frame import Frame


class LinkTable:
    """Neighbours in the order in which they were added."""

    def __init__(self) -> None:
        self._neighbours: dict[LinkId, Neighbour] = {}

    def __iter__(self) -> Iterator[Neighbour]:
        """All of them, the oldest first; the table may change meanwhile."""
        return iter(list(self._neighbours.values()))

    def __len__(self) -> int:
        return len(self._neighbours)

    def __contains__(self, link: LinkId) -> bool:
        return link in self._neighbours

    def __getitem__(self, link: LinkId) -> Neighbour:
        return self._neighbours[link]

    def get(self, link: LinkId) -> Neighbour | None:
        """Return the neighbour of a link, or None."""
        return self._neighbours.get(link)

    def add_link(self, neighbour: Neighbour) -> None:
        """Add one."""
        self._neighbours[neighbour.id] = neighbour

    def drop_link(self, neighbour: Neighbour) -> None:
        """Forget a neighbour, if it is still there."""
        self._neighbours.pop(neighbour.id, None)

    # --- nodes at the other ends

    def counted_neighbours(self) -> list[Neighbour]:
        """Return the neighbours over whose links cells travel now."""
        return [neighbour for neighbour in self._neighbours.values() if neighbour.counts]

    def knows_node(self, node: NodeId) -> bool:
        """Whether there is a link with that node to count on, or an attempt at one."""
        return any(one.node == node and not one.faded for one in self._neighbours.values())

    def waiting_at(self, at: Endpoint) -> Neighbour | None:
        """An offer of ours that waits there for a reply."""
        return next((n for n in self._neighbours.values() if n.offered is not None and n.at == at), None)

    def node_at(self, link: LinkId) -> NodeId | None:
        """The node at the other end."""
        neighbour = self._neighbours.get(link)
        return neighbour.node if neighbour is not None else None

    def list_bindings(self) -> dict[LinkId, bytes]:
        """Return the channel binding, 32 bytes, of each link that counts."""
        return {neighbour.id: neighbour.binding for neighbour in self.counted_neighbours()}

    def list_status(self, mesh: MeshId) -> tuple[LinkStatus, ...]:
        """All links and attempts."""
        return tuple(neighbour.get_status(mesh) for neighbour in self)

    # --- what leaves

    def send(self, link: LinkId, frame: Frame, now: float, source: LinkId | None = None) -> list[SendFrame]:
        """Hand a frame to a link that is up. ``source``: the link a cell came from, if it is not our own."""
        channel = self._channel(link)
        if channel is None:
            return []
        return [SendFrame(link, data) for data in channel.send(frame, now, source)]

    def find_space(self, link: LinkId) -> int:
        """Frames that would leave on this link at once, if they need no credit."""
        channel = self._channel(link)
        return channel.space if channel is not None else 0

    def own_space(self, link: LinkId) -> int:
        """Cells of our own that this link takes."""
        channel = self._channel(link)
        return channel.own_space if channel is not None else 0

    def count_waiting(self, link: LinkId, source: LinkId | None) -> int:
        """Cells that came from ``source``, or are our own, and wait to leave on a link."""
        channel = self._channel(link)
        return channel.count_waiting(source) if channel is not None else 0

    def _channel(self, link: LinkId) -> Link | None:
        neighbour = self._neighbours.get(link)
        return neighbour.link if neighbour is not None else None
