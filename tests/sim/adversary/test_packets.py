"""Colluders tell the pieces of a stem between honest nodes, and nothing between themselves."""

from __future__ import annotations

from p2pchat.sim.adversary.packets import pieces
from tests.sim.adversary.test_mesh import line


def test_colluders_tell_pieces_between_honest_nodes() -> None:
    path = (0, 1, 2, 3, 4, 5)
    assert [path[a:b] for a, b in pieces(path, line(".x..xx").colludes)] == [(0, 1, 2), (3, 4, 5)]
    assert [path[a:b] for a, b in pieces(path, line(".xx.x.").colludes)] == [(0, 1, 2, 3), (3, 4, 5)]
