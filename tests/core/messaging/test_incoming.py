"""What comes and cannot be read changes nothing."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.conversation import Conversation
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.fragment import Lane
from tests.support.world import World


@pytest.fixture
def world() -> World:
    made = World()
    for name in ("alice", "bob"):
        made.add(name)
        made.start(name)
    made.pair("alice", "bob")
    made.run(30.0)
    return made


def between(world: World, of: str, name: str) -> Conversation:
    return world.machines[of].running._conversations._by_id[world.conversation(of, name)]


def test_a_cell_that_does_not_open_is_counted_and_changes_nothing(world: World) -> None:
    incoming = between(world, "alice", "bob").incoming
    session = between(world, "bob", "alice")._session
    sealed = session.seal_fragment(session.make_fragment(Lane.NOTICE, 0, 0, 0, 1, b""), world.now)
    ruined = decode_cell(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    before = incoming._counters["cells refused: unreadable"]
    assert incoming.open_cell(ruined, False, world.now) == []
    assert incoming._counters["cells refused: unreadable"] == before + 1


def test_nothing_waits_for_a_quota_that_is_not_filled(world: World) -> None:
    incoming = between(world, "alice", "bob").incoming
    assert not incoming.over_quota and incoming.put_off_until is None
    assert incoming.retry_put_off(world.now) == []
