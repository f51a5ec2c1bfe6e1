"""Every type of payload has its handler, the unknown ones one together."""

from __future__ import annotations

from typing import get_args

import pytest

from p2pchat.core.messaging.content_records import AT_PAST_S
from p2pchat.core.messaging.outputs import MeshTold, RetentionDecided
from p2pchat.core.messaging.payload_handlers import PayloadHandlers
from p2pchat.core.values.effects import Notify
from p2pchat.types import MessageId
from p2pchat.wire import content
from p2pchat.wire import payload as wire
from tests.support.world import World

NOW = 1e9


@pytest.fixture(scope="module")
def handlers() -> PayloadHandlers:
    world = World()
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name)
    world.pair("alice", "bob")
    with_bob = world.machines["alice"].running._conversations._by_id[world.conversation("alice", "bob")]
    return with_bob.incoming._handlers


def test_each_type_of_payload_has_a_handler(handlers: PayloadHandlers) -> None:
    assert set(handlers._handlers) == set(get_args(wire.Payload))


@pytest.mark.parametrize(
    ("written", "shown"), [(NOW - 5.0, NOW - 5.0), (NOW + 5.0, NOW), (0.0, NOW - AT_PAST_S)]
)
def test_a_line_is_shown_as_written_within_what_can_be(
    handlers: PayloadHandlers, written: float, shown: float
) -> None:
    text = content.Text(MessageId("0" * 32), written, "hi")
    *_, told = handlers.handle_payload(text, NOW)
    assert isinstance(told, Notify) and told.event.message.at == shown  # type: ignore[union-attr]


def test_what_a_later_version_says_is_counted(handlers: PayloadHandlers) -> None:
    assert handlers.handle_payload(wire.UnknownPayload(999), NOW) == []
    assert handlers._counters["payloads not understood"] == 1


def test_what_concerns_other_parts_of_the_node_is_handed_on(handlers: PayloadHandlers) -> None:
    renewed = wire.MeshRenewed(1, bytes(32))
    assert handlers.handle_payload(renewed, NOW) == [MeshTold(renewed)]
    assert handlers.handle_payload(wire.Retention(60.0, 1), NOW) == [RetentionDecided(60.0, 1, by_them=True)]
