"""A shelf keeps the mesh and the held cells of a node between its runs."""

from __future__ import annotations

import pytest

from p2pchat.core.values.changes import DropCells, DropMesh, PutCells, PutIdentity, PutMesh
from p2pchat.core.values.records import HeldCell, MeshRecord
from p2pchat.crypto.kdf import mesh_id
from p2pchat.sim.population import identity
from p2pchat.sim.store import Shelf
from p2pchat.types import CellKey, Epoch

MESH = MeshRecord(mesh_id(bytes(32)), bytes(32), (), 0.0)
CELLS = tuple(HeldCell(number, CellKey(bytes([number]) * 8), Epoch(1), 2, b"body") for number in (3, 1, 2))


def test_cells_come_back_whole_and_the_index_without_bodies() -> None:
    shelf = Shelf(identity(), MESH)
    shelf.apply_change(PutCells(MESH.id, CELLS))
    assert [cell.number for cell in shelf.read_cells(MESH.id, (2, 1, 9))] == [1, 2]
    assert {cell.body for cell in shelf.load_memory().held[MESH.id]} == {b""}
    shelf.apply_change(DropCells(MESH.id, (1, 9)))
    assert [cell.number for cell in shelf.read_cells(MESH.id, (1, 2, 3))] == [2, 3]


def test_a_mesh_that_is_left_takes_its_cells_along() -> None:
    shelf = Shelf(identity(), MESH)
    shelf.apply_change(PutCells(MESH.id, CELLS))
    shelf.apply_change(DropMesh(MESH.id))
    assert shelf.load_memory().meshes == () and shelf.read_cells(MESH.id, (1,)) == ()
    shelf.apply_change(PutMesh(MESH))
    assert shelf.load_memory().meshes == (MESH,)


def test_a_change_that_no_simulated_node_makes_is_a_fault() -> None:
    with pytest.raises(ValueError, match="PutIdentity"):
        Shelf(identity(), MESH).apply_change(PutIdentity(identity()))
