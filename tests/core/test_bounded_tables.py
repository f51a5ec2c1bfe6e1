"""What is remembered of others is bounded: of the tables that no other test fills, each is filled here."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from p2pchat.core.anti_entropy.hold import Hold
from p2pchat.core.anti_entropy.reconcile import ALLOWANCES_CAP, Reconcile
from p2pchat.core.membership import unreached
from p2pchat.core.membership.unreached import UnreachedMembers
from p2pchat.core.stem import audit
from p2pchat.core.stem.audit import LOOK_S, UNLISTED_S, Audit, Sight
from p2pchat.types import HopId, LinkId, MeshId, NodeId
from p2pchat.wire.description import Nat


def missed(node: bytes | None) -> Any:
    """A member that no check has reached."""
    end = SimpleNamespace(candidates=(), nat=Nat.UNKNOWN)
    return SimpleNamespace(node=node, own=end, theirs=end)


def test_members_out_of_reach_are_forgotten_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unreached, "CAP", 3)
    members = UnreachedMembers()
    for number in range(5):
        members.on_failure(missed(bytes([number])), 1.0)
    assert list(members._known) == [NodeId(bytes([number])) for number in (2, 3, 4)]


def test_an_attempt_with_an_unknown_node_says_nothing_of_others() -> None:
    members = UnreachedMembers()
    members.on_failure(missed(None), 1.0)
    members.on_link(None)
    assert not members._known


def test_a_member_that_had_a_link_and_stopped_is_not_told_as_out_of_reach() -> None:
    """Nor for one attempt in the middle of which it stopped; but if attempts go on failing, it is."""
    members = UnreachedMembers()
    members.on_link(NodeId(b"n"))
    members.on_failure(missed(b"n"), 1.0)
    members.on_failure(missed(b"n"), 40.0)
    assert not members.still_unreached(40.0, lambda node: False)
    members.on_failure(missed(b"n"), 1.0 + unreached.BLAMED_S)
    assert members.still_unreached(1.0 + unreached.BLAMED_S, lambda node: False)
    members.on_link(NodeId(b"n"))
    members.on_failure(missed(b"n"), 100.0)
    assert not members.still_unreached(100.0, lambda node: False)


def test_neighbours_that_were_let_go_are_barred_up_to_a_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "BARRED_CAP", 2)
    each = Audit()
    for number in range(4):
        sights = {LinkId(number): Sight(HopId(bytes([number])), lists_us=False)}
        now = 1000.0 * number
        gone = [
            each.examine_links(sights, now + LOOK_S * turn) for turn in range(int(UNLISTED_S / LOOK_S) + 2)
        ]
        assert [LinkId(number)] in gone
    assert [each.is_barred(HopId(bytes([number]))) for number in range(4)] == [False, False, True, True]


def test_allowances_of_links_that_are_gone_are_forgotten_oldest_first() -> None:
    reconcile = Reconcile(Hold(MeshId(bytes(16)), [], 1 << 20), Counter())
    for number in range(ALLOWANCES_CAP + 5):
        reconcile.link_up(LinkId(number), False, 1.0)
        reconcile.link_down(LinkId(number), 1.0)
    assert list(reconcile._allowances) == [LinkId(number) for number in range(5, ALLOWANCES_CAP + 5)]
