"""The methods about one message: react to it, correct it, withdraw it.

Knows: what is refused before sending, and what was sent before. Does not know: how a reference travels, or
its effect on the message.
"""

from __future__ import annotations

import asyncio
import unicodedata
from typing import Final

from p2pchat.control import answers, methods, parameters
from p2pchat.core.messaging.referring import next_turn
from p2pchat.core.values import user_inputs
from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Reference, ReferenceKind, Referred
from p2pchat.daemon import views
from p2pchat.daemon.control import Caller
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.mentions import find_mentions
from p2pchat.daemon.needs import MessageNeeds
from p2pchat.daemon.refusals import raise_refusal
from p2pchat.errors import UsageError
from p2pchat.types import MessageId, MessageState

UNKNOWN_MESSAGE: Final = "no message here has that id; see 'p2pchat history NAME --ids'"


class ReferenceMethods:
    """Handles reactions, corrections and withdrawals, for one running node."""

    def __init__(self, host: MessageNeeds) -> None:
        self._host = host
        self._one = asyncio.Lock()
        """Facts about a message must still hold when a reference to it is sent."""

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about one message."""
        handlers.add(methods.REACT, self.add_reaction)
        handlers.add(methods.CORRECT, self.correct_message)
        handlers.add(methods.WITHDRAW, self.withdraw_message)

    async def add_reaction(self, params: parameters.ReactParams, _caller: Caller) -> answers.DeliveryInfo:
        """React to a message with one sign, in place of an earlier one; an empty sign removes it."""
        sign = params.sign.strip()
        if not _is_sign(sign):
            raise UsageError("a reaction is one sign, like 👍; to say more, reply")
        async with self._one:
            line, referred = await self._find_line(params.id)
            if referred.withdrawal is not None:
                raise UsageError("that message was withdrawn")
            before = next((reaction for reaction in referred.reactions if reaction.author is None), None)
            if (before.text if before is not None else "") == sign:
                return self._known(before, "you have not reacted to that message")
            turn = next_turn(before, self._host.clock.now())
            return await self._submit(line, ReferenceKind.REACTION, turn, sign, params.wants)

    async def correct_message(
        self, params: parameters.CorrectParams, _caller: Caller
    ) -> answers.DeliveryInfo:
        """Correct a message of ours, at both ends."""
        async with self._one:
            line, referred = await self._find_line(params.id)
            self._check_ours(line, referred, "correct")
            if line.text == params.text and not line.rewritten:
                return self._known(referred.correction, "the message already has that text")
            turn = next_turn(referred.correction, self._host.clock.now())
            return await self._submit(line, ReferenceKind.CORRECTION, turn, params.text, params.wants)

    async def withdraw_message(
        self, params: parameters.WithdrawParams, _caller: Caller
    ) -> answers.DeliveryInfo:
        """Withdraw a message of ours, at both ends."""
        async with self._one:
            line, referred = await self._find_line(params.id)
            if line.outgoing and referred.withdrawal is not None:
                return self._known(referred.withdrawal, "")
            self._check_ours(line, referred, "withdraw")
            return await self._submit(line, ReferenceKind.WITHDRAWAL, 0, "", params.wants)

    async def _find_line(self, id: str) -> tuple[Message, Referred]:
        line = await self._host.ask_store(lambda store: store.history.find_message(MessageId(id)))
        if line is None:
            raise UsageError(UNKNOWN_MESSAGE)
        return line, line.referred or Referred()

    def _check_ours(self, line: Message, referred: Referred, what: str) -> None:
        if not line.outgoing:
            raise UsageError(f"only the author of a message can {what} it")
        if referred.withdrawal is not None:
            raise UsageError("that message was withdrawn")
        if line.state in (MessageState.EXPIRED, MessageState.CANCELLED):
            raise UsageError(
                "that message was never delivered; 'p2pchat history forget --message' drops it here"
            )

    def _known(self, before: Reference | None, otherwise: str) -> answers.DeliveryInfo:
        """The id of a reference; a repeated request has the same id and sends nothing."""
        if before is None:
            raise UsageError(otherwise)
        return views.progress(before.id, before.state, self._host.clock.now())

    async def _submit(
        self, line: Message, kind: ReferenceKind, turn: int, text: str, wants: bool
    ) -> answers.DeliveryInfo:
        id = MessageId(self._host.entropy.draw_bytes(16).hex())
        target = user_inputs.Target(line.id, line.outgoing)
        named = self._host.names.people_of(line.conversation) if kind is ReferenceKind.CORRECTION else {}
        mentions = find_mentions(text, named)
        input = user_inputs.ReferenceSubmitted(
            id, line.conversation, kind, target, turn, text, mentions, wants
        )
        rejected = await self._host.driver.submit_and_persist(input)
        raise_refusal(rejected, contact=self._host.names.partner_name(line.conversation), text=text)
        return views.progress(id, MessageState.QUEUED, self._host.clock.now())


def _is_sign(text: str) -> bool:
    """Whether it is one sign. An emoji of several parts counts as one: the joining characters are not
    printable by themselves."""
    return not any(letter.isspace() or unicodedata.category(letter) in ("Cc", "Cs", "Co") for letter in text)
