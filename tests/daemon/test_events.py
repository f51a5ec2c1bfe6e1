"""Who listens hears everything; who follows a message hears of it alone."""

from __future__ import annotations

from p2pchat.core.values.effects import MessageMoved
from p2pchat.daemon.events import Events
from p2pchat.types import ConversationId, MessageId, MessageState


async def test_a_wait_for_a_message_is_woken_by_nothing_else() -> None:
    events = Events()
    moves = [
        MessageMoved(MessageId(name * 32), ConversationId("c"), MessageState.DELIVERED, 1.0) for name in "ab"
    ]
    with events.follow_message(moves[0].id) as one, events.follow_all() as everything:
        with events.follow_message(moves[0].id) as another:
            for move in moves:
                events.publish(move)
        events.publish(moves[0])
        assert [await anext(everything) for _ in range(3)] == [*moves, moves[0]]
        assert [await anext(one) for _ in range(2)] == [moves[0]] * 2
        assert await anext(another) == moves[0]
        assert one._queue.empty()
        assert another._queue.empty()
