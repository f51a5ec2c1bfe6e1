"""Who waits for a message hears how far it has come, and in a room how many have it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from p2pchat.control import parameters
from p2pchat.control.events import Event, ReceiptEvent
from p2pchat.core.values.effects import MessageMoved
from p2pchat.core.values.records import Message
from p2pchat.core.values.room_events import MessageReached
from p2pchat.core.values.room_records import LinePlace
from p2pchat.daemon import delivery
from p2pchat.daemon.delivery import DeliveryMethods, Progress
from p2pchat.errors import Ended, NotInTime, P2PChatError, UsageError
from p2pchat.types import ContactId, ConversationId, MessageId, MessageState, conversation_with
from tests.support.room_views import AT, ROOM, FakeCore, member, room

ID = MessageId("a" * 32)
OURS = Message(ID, ROOM, None, AT, "hi", MessageState.QUEUED, room=LinePlace())
RELAYED, DELIVERED = MessageState.RELAYED, MessageState.DELIVERED


class Host(FakeCore):
    """A node with one message of ours."""

    def __init__(self, line: Message = OURS) -> None:
        super().__init__(room("friends"))
        self.line = line
        self.told: list[ReceiptEvent] = []

    async def ask_store(self, question: Any) -> Any:
        """What the store would say; it is asked two things only."""
        return question(self)

    @property
    def history(self) -> Host:
        return self

    def sent_state(self, id: MessageId) -> tuple[ConversationId, MessageState] | None:
        return (self.line.conversation, self.line.state) if id == ID else None

    def find_sent_message(self, id: MessageId) -> Message | None:
        return self.line if id == ID else None

    def send_event(self, event: Event) -> None:
        """As the caller."""
        assert isinstance(event, ReceiptEvent)
        self.told.append(event)

    async def wait(self, *happenings: MessageMoved | MessageReached, **params: Any) -> tuple[Any, ...]:
        """Wait while these things happen; what the caller is answered."""
        asked = parameters.WaitParams(id=ID, **{"state": "delivered", **params})
        waiting = asyncio.ensure_future(
            DeliveryMethods(cast(Any, self)).wait_for_state(asked, cast(Any, self))
        )
        for happening in happenings:
            for _ in range(5):
                await asyncio.sleep(0)
            self.events.publish(happening)
        answer = await waiting
        return answer.state, answer.reached, answer.of


@pytest.fixture(autouse=True)
def well_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "hindrance", lambda host, mesh: "")
    monkeypatch.setattr(delivery, "why_not_yet", lambda host, mesh: "no receipt came back yet")


def moved(state: MessageState) -> MessageMoved:
    return MessageMoved(ID, ROOM, state, AT)


def reached(number: int, of: int = 3) -> MessageReached:
    return MessageReached(ID, ROOM, number, of, AT)


async def test_in_a_room_each_member_that_has_it_is_told() -> None:
    host = Host()
    members = [member(bytes([number]), "x", spoke_at=AT) for number in range(1, 4)]
    host.rooms.rooms = [room("friends", *members)]
    assert await host.wait(moved(RELAYED), reached(1), reached(2), moved(DELIVERED)) == ("delivered", 2, 3)
    told = [(event.state, event.as_record().get("reached")) for event in host.told]
    assert told == [("queued", None), ("relayed", None), ("relayed", 1), ("relayed", 2), ("delivered", 2)]


async def test_so_many_members_are_enough_whatever_the_state_is() -> None:
    assert await Host().wait(moved(RELAYED), reached(1), reached(2), members=2) == ("relayed", 2, 3)


async def test_a_message_that_is_delivered_already_may_still_be_waited_for_with_more_members() -> None:
    line = replace(OURS, state=DELIVERED, room=LinePlace(1, to=3, reached=2))
    assert await Host(line).wait(members=2) == ("delivered", 2, 3)
    assert await Host(line).wait(reached(3), members=3) == ("delivered", 3, 3)


async def test_all_that_were_heard_within_a_day_are_enough() -> None:
    host = Host()
    present, absent = (member(id, "x", spoke_at=at) for id, at in ((b"\x01", AT - 9), (b"\x02", AT - 90_000)))
    host.rooms.rooms = [room("friends", member(b"\x09", "ana", own=True), present, absent)]
    assert await host.wait(moved(RELAYED), reached(1, of=2)) == ("relayed", 1, 2)
    host.rooms.rooms = [room("friends", member(b"\x09", "ana", own=True), absent)]
    assert await host.wait(reached(1, of=1)) == ("delivered", 1, 1)


async def test_more_members_than_it_goes_to_cannot_be_waited_for() -> None:
    with pytest.raises(UsageError, match="goes to 3 other members, not to 4"):
        await Host().wait(moved(RELAYED), reached(1), members=4)


async def test_between_two_there_are_no_members_to_wait_for() -> None:
    line = replace(OURS, conversation=conversation_with(ContactId("b" * 64)), room=None)
    with pytest.raises(UsageError, match="only a message to a room"):
        await Host(line).wait(members=1)
    assert (await Host(line).wait(moved(DELIVERED)))[0] == "delivered"


async def test_a_message_that_expires_ends_the_wait() -> None:
    with pytest.raises(Ended, match="the message is expired"):
        await Host().wait(moved(MessageState.EXPIRED))


async def test_time_that_runs_out_is_told_with_the_reason() -> None:
    with pytest.raises(NotInTime, match=r"no receipt came back yet\); it stays queued"):
        await Host().wait(timeout=0.01)


async def test_time_that_runs_out_in_a_room_is_told_with_how_many_have_it() -> None:
    line = replace(OURS, state=RELAYED, room=LinePlace(1, to=3, reached=2))
    with pytest.raises(NotInTime, match=r"delivered to 2 of 3\); the other members get it"):
        await Host(line).wait(timeout=0.01, members=3)


async def test_what_is_not_ours_cannot_be_waited_for() -> None:
    host = Host()
    host.sent_state = lambda id: None  # type: ignore[method-assign]
    with pytest.raises(P2PChatError, match="no message of ours"):
        await host.wait()


def test_progress_is_of_one_kind_at_a_time() -> None:
    progress = Progress(RELAYED, AT).advance_by(reached(2))
    assert (progress.state, progress.reached, progress.of) == (RELAYED, 2, 3)
    assert progress.advance_by(moved(DELIVERED)).reached == 2
