"""The meshes this node takes part in.

Knows: which of them a topic, a link or a wish concerns, and into which one invites lead. Does not know: what
happens within one (``mesh``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from p2pchat.core.broadcast.strategy import Strategy
from p2pchat.core.mesh.mesh import Mesh
from p2pchat.core.stem.stem import Stems
from p2pchat.core.values.records import HeldCell, MeshRecord
from p2pchat.core.values.settings import Settings
from p2pchat.ports import Entropy
from p2pchat.types import LinkId, MeshId, NodeId, Topic
from p2pchat.wire.places import grown

NODE_BYTES = 8


class Meshes:
    """A table of meshes, in the order in which they were joined."""

    def __init__(
        self, settings: Settings, strategy: Strategy, stem: Stems, entropy: Entropy, counters: Counter[str]
    ) -> None:
        self._settings = settings
        self._strategy = strategy
        self._stem = stem
        self._entropy = entropy
        self._counters = counters
        self._meshes: dict[MeshId, Mesh] = {}
        self._links = 0
        self.own_places: tuple[str, ...] = ()
        """Where this node listens itself: each mesh is met there."""

    def __iter__(self) -> Iterator[Mesh]:
        return iter(list(self._meshes.values()))

    def values(self) -> Iterator[Mesh]:
        """All, as of any mapping."""
        return iter(self)

    def __len__(self) -> int:
        return len(self._meshes)

    def get(self, id: MeshId) -> Mesh | None:
        """The mesh, if we take part in it."""
        return self._meshes.get(id)

    def find_by_topic(self, topic: Topic) -> Mesh | None:
        """Whose topic it is."""
        return next(
            (mesh for mesh in self._meshes.values() if mesh.view.seat_links.seats.is_ours(topic)), None
        )

    def find_by_link(self, link: LinkId) -> Mesh | None:
        """Whose link it is."""
        return next((mesh for mesh in self._meshes.values() if link in mesh.table), None)

    @property
    def primary(self) -> Mesh | None:
        """The mesh into which invites lead: the first that we joined, or what has followed it."""
        last = [mesh for mesh in self._meshes.values() if mesh.record.successor is None]
        return min(last, key=lambda mesh: mesh.record.joined_at, default=None)

    def last_of(self, id: MeshId) -> Mesh | None:
        """The mesh, or the one that has followed it."""
        mesh = self._meshes.get(id)
        after = mesh.record.successor if mesh is not None else None
        return self._meshes.get(after, mesh) if after is not None else mesh

    def add(self, record: MeshRecord, kept: Iterable[HeldCell] = (), listeners: Iterable[str] = ()) -> Mesh:
        """Take part in a mesh, under an id that no other mesh sees. ``kept``: what an earlier run held;
        ``listeners``: where it saw members listen.

        Of an older home's list of rendezvous, entries that are no longer allowed are left out.
        """
        record = replace(record, rendezvous=grown((), record.rendezvous))
        entropy = self._entropy.make_child(f"mesh {record.id.hex()}")
        mesh = Mesh(
            record,
            NodeId(entropy.make_child("node").draw_bytes(NODE_BYTES)),
            self._settings,
            entropy,
            self._new_link,
            self._counters,
            self._strategy,
            kept,
            self._stem,
            listeners,
        )
        mesh.view.seat_links.meet_nearby(self.own_places)
        self._meshes[record.id] = mesh
        return mesh

    def remove(self, id: MeshId) -> None:
        """Leave the mesh."""
        self._meshes.pop(id, None)

    def _new_link(self) -> LinkId:
        self._links += 1
        return LinkId(self._links)
