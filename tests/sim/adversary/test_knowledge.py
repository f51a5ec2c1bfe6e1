"""What the adversary expects at a piece is what comes by."""

from __future__ import annotations

import math
from random import Random

from p2pchat.core.values.profile import STRONG
from p2pchat.sim.adversary.knowledge import Laws
from p2pchat.sim.adversary.mesh import mesh
from p2pchat.sim.adversary.packets import pieces
from p2pchat.sim.adversary.traffic import Habits, Traffic


def test_as_many_packets_come_by_as_the_adversary_expects() -> None:
    traffic = Traffic(mesh(50, 0.2, Random(2)), Habits(STRONG), 2)
    for piece in [traffic.draw_stem(node) for node in traffic.mesh.honest_nodes()]:
        for start, end in pieces(piece, traffic.mesh.colludes):
            told = piece[start:end]
            seen = sum(len(list(traffic.make_background(0.0)(told))) for _ in range(40))
            expected = Laws(traffic).packet_rate(told) * traffic.habits.reach_s * 40
            assert abs(seen - expected) < 6 * math.sqrt(expected) + 3
