"""What the adversary concludes is a probability over honest nodes."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from p2pchat.core.values.profile import BALANCED, FAST, STRONG
from p2pchat.sim.adversary.bench import posterior
from p2pchat.sim.adversary.mesh import mesh
from p2pchat.sim.adversary.traffic import Flows, Habits, Traffic


@pytest.mark.parametrize(("kind", "fresh"), [(Traffic, False), (Traffic, True), (Flows, False)])
@pytest.mark.parametrize("profile", [FAST, BALANCED, STRONG])
def test_the_posterior_is_a_probability_over_honest_nodes(
    kind: type[Traffic], fresh: bool, profile: Any
) -> None:
    traffic = kind(mesh(50, 0.2, Random(4)), Habits(profile, fresh_stems=fresh), 4)
    for writer in traffic.mesh.honest_nodes()[:10]:
        chance, seen = posterior(traffic, writer, 3, Random(5), told=False)
        assert sum(chance.values()) == pytest.approx(1.0)
        assert list(chance) == traffic.mesh.honest_nodes()
        assert chance[writer] > 0.0
        assert all(each.spent > 0.0 for each in seen)
