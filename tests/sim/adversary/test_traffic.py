"""A node keeps to its stem, unless each message takes another."""

from __future__ import annotations

from random import Random

import pytest

from p2pchat.core.values.profile import FAST, STRONG
from p2pchat.errors import UsageError
from p2pchat.sim.adversary.mesh import mesh
from p2pchat.sim.adversary.traffic import Flows, Habits, ObservedMessage, Traffic, traffic
from tests.sim.adversary.test_mesh import line

MESH = mesh(50, 0.2, Random(1))


def test_a_stem_is_kept_or_drawn_anew() -> None:
    keeps = Traffic(MESH, Habits(FAST), 1)
    assert keeps.draw_stem(7) == keeps.draw_stem(7)
    assert keeps.draw_stem(7)[0] == 7
    changes = Traffic(MESH, Habits(FAST, fresh_stems=True, cover="fresh"), 1)
    assert len({changes.draw_stem(7) for _ in range(20)}) > 1


def test_a_mesh_too_small_for_a_stem_is_refused() -> None:
    with pytest.raises(UsageError, match="need more nodes"):
        Traffic(line(".."), Habits(STRONG), 1).draw_stem(0)


def test_every_honest_stem_takes_its_own_piece() -> None:
    flows = traffic(MESH, Habits(FAST), 1)
    assert isinstance(flows, Flows)
    seen = [ObservedMessage(flows, flows.draw_stem(node), 60.0) for node in MESH.honest_nodes()]
    pieces = [piece for message in seen for piece in message.seen]
    assert pieces and all(flows.stems_taking(piece) >= 1 for piece in pieces)
    assert flows.stems_taking((0, 0)) == flows.whole_stems((0, 0)) == 0


def test_a_traced_message_is_seen_alone() -> None:
    flows = traffic(MESH, Habits(FAST, traced=True), 1)
    for node in MESH.honest_nodes():
        message = ObservedMessage(flows, flows.draw_stem(node), 60.0)
        assert all(message.packets_at(piece) == [glimpse] for piece, glimpse in message.seen.items())
