"""Which stem is drawn when a node on all of them drops its onions."""

from __future__ import annotations

import pytest

from p2pchat.core.values.profile import BALANCED, FAST, STRONG, Profile
from tests.support.stems import Wired, amid, cell


def through_one_who_drops(profile: Profile, others: str, seed: int) -> Wired:
    """``a`` writes for a minute to a mesh in which ``b`` drops every onion; then once more."""
    mesh = amid(profile, others, seed)
    mesh.drops = lambda source, target, onion: target == "b"
    for number in range(12):
        mesh.submit("a", cell(number))
        mesh.run(5.0)
    mesh.entered.clear()
    mesh.submit("a", cell(99))
    mesh.run(20.0)
    return mesh


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("profile", "others"),
    [(FAST, "bc"), (FAST, "bcd"), (BALANCED, "bc"), (BALANCED, "bcd"), (BALANCED, "bcde"), (STRONG, "bcd")],
)
def test_a_small_mesh_is_not_silenced_by_one_who_drops(profile: Profile, others: str, seed: int) -> None:
    """A stem is rather short than over a suspected node: down to a neighbour that broadcasts."""
    mesh = through_one_who_drops(profile, others, seed)
    assert cell(99) in [body for _, body in mesh.entered]
    assert "b" not in mesh.pinned("a")


def test_a_dropping_node_does_not_make_a_strong_node_show_itself_to_the_broadcaster() -> None:
    """In a mesh of three, the place of entry would name the writer to a dropping node: nothing is sent round
    it."""
    mesh = through_one_who_drops(STRONG, "bc", 0)
    assert len(mesh.pinned("a")) == 2
    assert mesh.entered == []
