"""What outlives a node's runs, in a few dictionaries.

Knows: the store's contract. Does not know: what the records mean, or disks.
"""

from __future__ import annotations

from typing import Protocol

from p2pchat.core.values.changes import (
    Change,
    DropCells,
    DropMesh,
    PutCells,
    PutListeners,
    PutMesh,
    PutPatience,
    Settled,
)
from p2pchat.core.values.files import FileEffect, ForFiles
from p2pchat.core.values.records import HeldCell, Identity, Memory, MeshRecord
from p2pchat.types import ConversationId, MeshId


class NodeMemory(Protocol):
    """What outlives a node's runs."""

    def load_memory(self) -> Memory:
        """Return what a node finds when it starts."""
        ...

    def apply_change(self, change: Change) -> Settled | None:
        """Keep a change; what became of a line or reference."""
        ...

    def read_cells(self, mesh: MeshId, numbers: tuple[int, ...]) -> tuple[HeldCell, ...]:
        """Return whole held cells, ordered by number."""
        ...

    def read_room_records(self, room: ConversationId, names: tuple[bytes, ...]) -> dict[bytes, bytes | None]:
        """Return records of a room by their names; None where one is not there."""
        ...

    def serve_file(self, effect: FileEffect) -> ForFiles | None:
        """Do what a node wants of the content of a file; return what it is told."""
        ...


class Shelf:
    """The store of a node without contacts: its meshes, and the cells it holds."""

    __slots__ = ("_held", "_identity", "_meshes")

    def __init__(self, identity: Identity, mesh: MeshRecord) -> None:
        self._identity = identity
        self._meshes = {mesh.id: mesh}
        self._held: dict[MeshId, dict[int, HeldCell]] = {}

    def load_memory(self) -> Memory:
        """Return what a node finds when it starts."""
        index = {
            mesh: tuple(HeldCell(cell.number, cell.key, cell.epoch, cell.slot) for cell in held.values())
            for mesh, held in self._held.items()
        }
        return Memory(self._identity, tuple(self._meshes.values()), held=index)

    def apply_change(self, change: Change) -> None:
        """Apply a change. There are none of contacts and messages."""
        match change:
            case PutMesh(mesh):
                self._meshes[mesh.id] = mesh
            case DropMesh(home):
                self._meshes.pop(home, None)
                self._held.pop(home, None)
            case PutCells(home, cells):
                self._held.setdefault(home, {}).update((cell.number, cell) for cell in cells)
            case DropCells(home, numbers):
                held = self._held.get(home, {})
                for number in numbers:
                    held.pop(number, None)
            case PutPatience() | PutListeners():
                pass  # no message waits
            case _:
                raise ValueError(f"a simulated node keeps no {type(change).__name__}")

    def read_cells(self, mesh: MeshId, numbers: tuple[int, ...]) -> tuple[HeldCell, ...]:
        """Return whole held cells, ordered by number."""
        held = self._held.get(mesh, {})
        return tuple(held[number] for number in sorted(numbers) if number in held)

    def read_room_records(self, room: ConversationId, names: tuple[bytes, ...]) -> dict[bytes, bytes | None]:
        """Return nothing: a simulated node is in no room."""
        return dict.fromkeys(names)

    def serve_file(self, effect: FileEffect) -> ForFiles | None:
        """Do nothing: a simulated node has no files."""
        return None
