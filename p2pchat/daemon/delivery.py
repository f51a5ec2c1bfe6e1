"""The method ``wait``: how far a message of ours has come.

Knows: what a waiting caller is told, and when it has what it waits for. Does not know: how messages travel,
or why they do not (``hindrance``).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from p2pchat.control import answers, events, methods, parameters
from p2pchat.control.events import HindranceEvent
from p2pchat.core.values.effects import MessageMoved
from p2pchat.core.values.records import Contact
from p2pchat.core.values.room_events import MessageReached
from p2pchat.daemon import views
from p2pchat.daemon.control import Caller
from p2pchat.daemon.events import Subscription
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.hindrance import hindrance, why_not_yet
from p2pchat.daemon.names import is_room
from p2pchat.daemon.needs import MessageNeeds
from p2pchat.daemon.room_views import list_lately
from p2pchat.data import dataclass
from p2pchat.errors import ControlError, Ended, NotInTime, UsageError
from p2pchat.types import ConversationId, MeshId, MessageId, MessageState, conversation_with

HINDRANCE_LOOK_S: Final = 0.5
"""Seconds between checks for an obstacle to a message that a caller waits for."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the delivery of one message is."""

    state: MessageState
    at: float
    reached: int = 0
    """So many members of a room have it."""
    of: int = 0
    """To so many it was written; 0: to none yet, or it is not in a room."""

    def advance_by(self, event: MessageMoved | MessageReached) -> Progress:
        """Return the progress after an event. In a room, the last member's receipt is reported before the
        state that it causes."""
        if isinstance(event, MessageMoved):
            return replace(self, state=event.state, at=event.at)
        state = MessageState.DELIVERED if event.reached >= event.to else self.state
        return replace(self, state=state, reached=event.reached, of=event.to, at=event.at)

    def meets_goal(self, goal: MessageState, members: int | None, lately: int) -> bool:
        """Tell whether a waiting caller's goal is met. ``lately``: the number of other members of the room
        that were heard within the last day. Members with the message are among them, because their receipts
        came since."""
        if goal is MessageState.DELIVERED and members is not None:
            return self.reached >= members
        return self.state.has_reached(goal) or (
            goal is MessageState.DELIVERED and self.reached >= max(1, lately)
        )

    def check_possible(self, goal: MessageState, members: int | None) -> None:
        """Raise Ended if the goal will not be met, UsageError if it cannot be."""
        if self.state.final and self.state is not MessageState.DELIVERED:
            raise Ended(f"the message is {self.state.value} and will no longer be delivered")
        if goal is MessageState.DELIVERED and members is not None and 0 < self.of < members:
            raise UsageError(f"the message goes to {self.of} other members, not to {members}")

    def as_receipt(self, message: MessageId) -> events.ReceiptEvent:
        """Make the event for a waiting caller."""
        receipt = views.receipt(message, self.state, self.at)
        return receipt.with_changes(reached=self.reached, of=self.of) if self.of else receipt

    def as_answer(self, message: MessageId) -> answers.DeliveryInfo:
        """Make the final answer for a caller."""
        answer = views.progress(message, self.state, self.at)
        return answer.with_changes(reached=self.reached, of=self.of) if self.of else answer


class DeliveryMethods:
    """Handles requests to wait for a message, for one running node."""

    def __init__(self, host: MessageNeeds) -> None:
        self._host = host

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handler of requests to wait for a message."""
        handlers.add(methods.WAIT, self.wait_for_state)

    async def wait_for_state(self, params: parameters.WaitParams, caller: Caller) -> answers.DeliveryInfo:
        """Wait until a message has reached a state; each earlier state comes as an event."""
        message, goal, patience = MessageId(params.id), MessageState(params.state), params.timeout
        conversation = await self._conversation_of(message)
        if params.members is not None and conversation is not None and not is_room(conversation):
            raise UsageError("only a message to a room is delivered to a number of members")
        telling = asyncio.get_running_loop().create_task(self._tell_hindrances(message, conversation, caller))
        try:
            async with asyncio.timeout(patience):
                return await self._follow(message, conversation, goal, params.members, caller)
        except TimeoutError:
            why = await self._why_not_yet(message, conversation)
            raise NotInTime(f"not {goal.value} within {patience:.3g} s ({why}") from None
        finally:
            telling.cancel()

    async def _follow(
        self,
        message: MessageId,
        conversation: ConversationId | None,
        goal: MessageState,
        members: int | None,
        caller: Caller,
    ) -> answers.DeliveryInfo:
        with self._host.events.follow_message(message) as happenings:
            progress = await self._find_progress(message)
            if progress is None:
                raise UsageError("no message of ours has that id, or a later one took its place")
            caller.send_event(progress.as_receipt(message))
            while not progress.meets_goal(goal, members, self._count_lately(conversation)):
                progress.check_possible(goal, members)
                progress = await _next_progress(progress, happenings)
                caller.send_event(progress.as_receipt(message))
        return progress.as_answer(message)

    async def _find_progress(self, message: MessageId) -> Progress | None:
        known = await self._host.ask_store(lambda store: store.history.sent_state(message))
        line = await self._host.ask_store(lambda store: store.history.find_sent_message(message))
        if known is None:
            return None
        progress = Progress(known[1], self._host.clock.now())
        if line is None or line.room is None:
            return progress
        return replace(progress, reached=line.room.reached, of=line.room.to)

    async def _why_not_yet(self, message: MessageId, conversation: ConversationId | None) -> str:
        """The nearest reason, and what becomes of the message, behind an open parenthesis."""
        progress = await self._find_progress(message)
        if progress is not None and progress.reached:
            reached = f"delivered to {progress.reached} of {progress.of}"
            return f"{reached}); the other members get it when they are back"
        why = _find_session_fault(self._contact_of(conversation)) or why_not_yet(
            self._host, self._mesh_of(conversation)
        )
        return f"{why}); it stays queued and will still go out"

    async def _conversation_of(self, message: MessageId) -> ConversationId | None:
        """In which conversation a message of ours was sent."""
        known = await self._host.ask_store(lambda store: store.history.sent_state(message))
        return known[0] if known is not None else None

    def _contact_of(self, conversation: ConversationId | None) -> Contact | None:
        contacts = self._host.node.list_contacts()
        return next((contact for contact in contacts if conversation_with(contact.id) == conversation), None)

    def _count_lately(self, conversation: ConversationId | None) -> int:
        """Of how many other members of a room anything has come within the last day."""
        now, rooms = self._host.clock.now(), self._host.node.rooms.list_rooms()
        found = next((room for room in rooms if room.record.id == conversation), None)
        return len(list_lately(found, now)) if found is not None else 0

    def _mesh_of(self, conversation: ConversationId | None) -> MeshId | None:
        if conversation is not None and is_room(conversation):
            rooms = self._host.node.rooms.list_rooms()
            return next((room.record.mesh for room in rooms if room.record.id == conversation), None)
        contact = self._contact_of(conversation)
        return contact.mesh if contact is not None else None

    async def _tell_hindrances(
        self, message: MessageId, conversation: ConversationId | None, caller: Caller
    ) -> None:
        """Tell a waiting caller of an obstacle as soon as it is known: a rendezvous that is down, or two
        networks that cannot be linked."""
        told = ""
        while True:
            why = hindrance(self._host, self._mesh_of(conversation))
            if why and why != told:
                caller.send_event(HindranceEvent(id=message, why=why))
                told = why
            await asyncio.sleep(HINDRANCE_LOOK_S)


async def _next_progress(progress: Progress, happenings: Subscription) -> Progress:
    async for event in happenings:
        if isinstance(event, MessageMoved | MessageReached):
            return progress.advance_by(event)
    raise ControlError("the node was too busy to follow the message; see 'p2pchat history'")


def _find_session_fault(contact: Contact | None) -> str | None:
    """The reason that keeps a message here although there may be links."""
    if contact is None or contact.standing not in ("behind", "lost", "twin", "held"):
        return None
    return f"this home and {contact.name} are out of step, see 'p2pchat contacts show'"
