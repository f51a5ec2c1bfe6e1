"""What a reunion asks for is done, and people are told of it now and then."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.outputs import TagsChanged, Turned
from p2pchat.core.messaging.session_changes import TELL_GAP_S
from p2pchat.core.session.turns import RegisterTags, Tell, Turn
from p2pchat.crypto.envelope import TagDelta
from p2pchat.types import Tag
from tests.support.world import World


@pytest.fixture
def with_bob() -> Conversation:
    world = World()
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name)
    world.pair("alice", "bob")
    return world.machines["alice"].running._conversations._by_id[world.conversation("alice", "bob")]


def test_people_are_told_the_same_once_in_a_while(with_bob: Conversation) -> None:
    def told(turn: Turn, now: float) -> bool:
        return with_bob._changes.apply_steps([Tell(turn)], now) == [Turned(turn, 0)]

    assert told(Turn.TWIN, 1.0) and told(Turn.COPIED, 1.0)
    assert not told(Turn.TWIN, TELL_GAP_S)
    assert told(Turn.TWIN, TELL_GAP_S + 1.0)
    assert told(Turn.RIVALS, 1.0) and told(Turn.RIVALS, 2.0)


def test_steps_are_carried_out_in_their_order(with_bob: Conversation) -> None:
    one, other = Tag(b"a"), Tag(b"b")
    deltas = [TagDelta((one,), ()), TagDelta((other,), (one,))]
    assert with_bob._changes.apply_steps(map(RegisterTags, deltas), 1.0) == [
        TagsChanged(delta) for delta in deltas
    ]
