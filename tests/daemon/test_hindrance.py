"""What is said to be in the way of a message depends on the mesh in which its recipient is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from p2pchat.core.membership.unreached import Unreached
from p2pchat.core.status import LinkStatus, Status
from p2pchat.daemon.hindrance import hindrance, why_not_yet
from p2pchat.daemon.ports import Knows
from p2pchat.types import LinkId, MeshId, NodeId
from p2pchat.wire.description import Nat

OURS, THEIRS = MeshId(b"o" * 16), MeshId(b"t" * 16)
APART = Unreached(NodeId(b"n" * 8), 99.0, Nat.SYMMETRIC, Nat.SYMMETRIC, relayed=False)


def host() -> Knows:
    """A node with a link in our mesh, and with a member of theirs that no check reaches."""
    link = LinkStatus(LinkId(1), OURS, None, "up", 0.0, 0, 0)
    status = Status((link,), (), 1)

    def unreached(now: float, of: MeshId | None = None) -> tuple[Unreached, ...]:
        return (APART,) if of in (None, THEIRS) else ()

    node = SimpleNamespace(status=lambda: status, unreached=unreached)
    made: Any = SimpleNamespace(node=node, clock=SimpleNamespace(now=lambda: 100.0), turn_refused=False)
    return cast(Knows, made)


def test_a_link_of_another_mesh_does_not_hide_that_there_is_no_way() -> None:
    assert "symmetric NAT" in hindrance(host(), THEIRS)
    assert "symmetric NAT" in why_not_yet(host(), THEIRS)


@pytest.mark.parametrize("mesh", [OURS, None])
def test_where_a_link_may_carry_the_message_nothing_is_in_the_way_for_certain(
    mesh: MeshId | None,
) -> None:
    assert hindrance(host(), mesh) == ""
    assert why_not_yet(host(), mesh) == "no receipt came back yet"
