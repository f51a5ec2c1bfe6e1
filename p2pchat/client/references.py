"""What is said of one message: reactions, corrections, withdrawals.

Knows: which method each is, and what is waited for. Does not know: where the node runs.
"""

from __future__ import annotations

from typing import TypeVar

from p2pchat.client.messages import ACCEPT_S, MessageCalls
from p2pchat.control import answers, methods, parameters
from p2pchat.control.methods import Method
from p2pchat.control.parameters import Params, Wait

P = TypeVar("P", bound=Params)


class ReferenceCalls(MessageCalls):
    """What refers to a message, beside a reply, which is one itself."""

    async def react_to(
        self,
        id: str,
        sign: str,
        *,
        wait: Wait = "delivered",
        timeout: float | None = 30.0,
        members: int | None = None,
    ) -> answers.DeliveryInfo:
        """Say one sign, such as an emoji, to a message, in place of the one before; "" takes that back. Waits
        and answers as ``send``; the ``id`` of the answer is the reaction's. Raises UsageError."""
        params = parameters.ReactParams(id=id, sign=sign, wants=wait == "delivered")
        return await self._say_of(methods.REACT, params, wait, timeout, members)

    async def correct_message(
        self,
        id: str,
        text: str,
        *,
        wait: Wait = "delivered",
        timeout: float | None = 30.0,
        members: int | None = None,
    ) -> answers.DeliveryInfo:
        """Have a message of ours say something else, for the contact as well. Waits and answers as ``send``;
        the ``id`` of the answer is the correction's. Raises UsageError, LimitError."""
        params = parameters.CorrectParams(id=id, text=text, wants=wait == "delivered")
        return await self._say_of(methods.CORRECT, params, wait, timeout, members)

    async def withdraw_message(
        self,
        id: str,
        *,
        wait: Wait = "delivered",
        timeout: float | None = 30.0,
        members: int | None = None,
    ) -> answers.DeliveryInfo:
        """Have a message of ours say nothing any more, for the contact as well: their program erases it
        unless they keep what was said before. Waits and answers as ``send``; the ``id`` of the answer is the
        withdrawal's. Raises UsageError."""
        params = parameters.WithdrawParams(id=id, wants=wait == "delivered")
        return await self._say_of(methods.WITHDRAW, params, wait, timeout, members)

    async def _say_of(
        self,
        method: Method[P, answers.DeliveryInfo],
        params: P,
        wait: Wait,
        timeout: float | None,
        members: int | None,
    ) -> answers.DeliveryInfo:
        within = None if timeout is None else max(timeout, ACCEPT_S)
        queued = await self._call_within(method, params, within, "the same again says it once")
        if wait == "queued":
            return queued
        return await self._wait(queued.id, wait, timeout, lambda event: None, members)
