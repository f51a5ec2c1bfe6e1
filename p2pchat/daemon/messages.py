"""The methods about messages: send, listen.

Knows: when a message is accepted, and what a listener is told. Does not know: how messages travel, or how far
they have come (``delivery``).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from p2pchat.control import answers, methods, parameters
from p2pchat.control.failures import INVALID_PARAMS, MethodError
from p2pchat.core.values import effects, user_inputs
from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Referred
from p2pchat.crypto.identity import named_id
from p2pchat.crypto.kdf import digest
from p2pchat.daemon import line_views, views
from p2pchat.daemon.control import Caller
from p2pchat.daemon.events import HistoryForgotten, HistoryRewritten
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.intake import Intake
from p2pchat.daemon.mentions import find_mentions
from p2pchat.daemon.names import Partner
from p2pchat.daemon.needs import MessageNeeds
from p2pchat.daemon.refusals import raise_refusal
from p2pchat.errors import ControlError, Ended, UsageError
from p2pchat.types import ConversationId, MessageId, MessageState

_MESSAGE_ID: Final = re.compile(r"[0-9a-f]{32}")


class MessageMethods:
    """Handles requests to send and to listen, for one running node."""

    def __init__(self, host: MessageNeeds) -> None:
        self._host = host
        self._intake = Intake(lambda: host.node.count_waiting())
        self._sending: dict[MessageId, tuple[asyncio.Lock, int]] = {}

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about messages."""
        handlers.add(methods.SEND, self.send)
        handlers.add(methods.LISTEN, self.listen)

    async def send(self, params: parameters.SendParams, caller: Caller) -> answers.DeliveryInfo:
        """Accept a message, and answer when it is on disk. A repeated request with the same ``id`` accepts no
        second message."""
        partner = self._host.names.find_partner(params.to)
        message = await self._message_id(params)
        await self._intake.wait_for_room()
        async with self._alone(message):
            state = await self._accepted(message, partner, params)
        return views.progress(message, state, self._host.clock.now())

    async def _message_id(self, params: parameters.SendParams) -> MessageId:
        """The id of a message: the ``id``, or derived from the caller's ``key`` (bytes in hexadecimal), or a
        new one."""
        if params.key is None:
            message = MessageId(params.id or self._host.entropy.draw_bytes(16).hex())
            if not _MESSAGE_ID.fullmatch(message):
                raise MethodError(INVALID_PARAMS, "id must be 32 hexadecimal digits")
            return message
        try:
            data = bytes.fromhex(params.key)
        except ValueError as error:
            raise MethodError(INVALID_PARAMS, "key must be hexadecimal digits") from error
        before = MessageId(digest(data, 16).hex())  # the id that versions without a secret derived
        if await self._host.ask_store(
            lambda store: store.history.find_sent_message(before) or store.history.is_forgotten(before)
        ):
            return before
        return named_id(self._host.node.identity.pickle_key, data)

    @asynccontextmanager
    async def _alone(self, message: MessageId) -> AsyncIterator[None]:
        """Lock an id: the facts about it must still hold when they are used."""
        lock, askers = self._sending.get(message, (asyncio.Lock(), 0))
        self._sending[message] = (lock, askers + 1)
        try:
            async with lock:
                yield
        finally:
            lock, askers = self._sending.pop(message)
            if askers > 1:  # the next waiter may have been woken without holding the lock yet
                self._sending[message] = (lock, askers - 1)

    async def _accepted(
        self, message: MessageId, partner: Partner, params: parameters.SendParams
    ) -> MessageState:
        """The state of a message that was just or earlier accepted."""
        conversation, text, reply_to = partner.conversation, params.text, params.reply_to
        known = await self._host.ask_store(lambda store: store.history.find_sent_message(message))
        if known is None:
            if await self._host.ask_store(lambda store: store.history.is_forgotten(message)):
                raise UsageError("a message that was forgotten here had that id; give this one its own")
            answers = await self._find_target(conversation, reply_to) if reply_to is not None else None
            mentions = find_mentions(text, self._host.names.people_of(conversation))
            input = user_inputs.MessageSubmitted(message, conversation, text, answers, mentions, params.wants)
            rejected = await self._host.driver.submit_and_persist(input)
            raise_refusal(rejected, contact=partner.name, text=text)
            known = await self._host.ask_store(lambda store: store.history.find_sent_message(message))
        elif known.conversation != conversation or not (known.text == text or _is_altered(known)):
            raise UsageError("another message has that id; give each its own")
        if known is None:
            raise Ended(f"{partner.name} was removed meanwhile; nothing was sent")
        return known.state

    async def _find_target(self, conversation: ConversationId, id: str) -> user_inputs.Target:
        """The message of the conversation that a reply answers."""
        line = await self._host.ask_store(lambda store: store.history.find_message(MessageId(id)))
        if line is None or line.conversation != conversation:
            raise UsageError(
                "no message there has the id that you reply to; see 'p2pchat history NAME --ids'"
            )
        return user_inputs.Target(line.id, line.outgoing)

    async def listen(self, params: parameters.ListenParams, caller: Caller) -> None:
        """Send the unheard messages, then all events, until the connection ends."""
        names = self._host.names
        conversation = names.find_partner(params.sender).conversation if params.sender is not None else None
        with self._host.events.follow_all() as happenings:
            unread = await self._host.ask_store(lambda store: store.history.list_unread(conversation))
            for line in unread:
                caller.send_event(line_views.message(line, names))
                await caller.read()
            shown = {line.id for line in unread}
            async for event in happenings:
                if (
                    isinstance(event, effects.MessageSent | HistoryRewritten | HistoryForgotten)
                    and not params.own
                ):
                    continue
                if isinstance(event, effects.MessageArrived):
                    theirs = conversation not in (None, event.message.conversation)
                    if event.message.id in shown or theirs:
                        continue
                if isinstance(event, effects.LineReferred):
                    theirs = conversation not in (None, event.reference.conversation)
                    if theirs or (event.reference.author is None and not params.own):
                        continue
                view = self._host.view_event(event)
                if view is not None:
                    caller.send_event(view)
        raise ControlError("this listener was too slow and has missed events; what came is in the history")


def _is_altered(line: Message) -> bool:
    """Whether the text may have changed since it was sent."""
    referred = line.referred or Referred()
    return line.rewritten or referred.correction is not None or referred.withdrawal is not None
