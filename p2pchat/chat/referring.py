"""The commands of a chat that concern one message: reply, react, correct, withdraw.

Knows: which message a command means, and its call. Does not know: how a command was typed, or the screen.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from p2pchat.chat.lines import ChatLine, lines_of
from p2pchat.errors import UsageError

if TYPE_CHECKING:
    from p2pchat.chat.model import ChatModel
    from p2pchat.client import Node

BACK_MAX: Final = 100
"""How far back a number can name a message."""

SIGNS: Final = ("👍", "❤️", "😂", "😮", "😢", "🎉")
"""Signs that a menu offers; any other can be typed."""

_BACK: Final = re.compile(r"\^([1-9][0-9]{0,2})(?:\s+|$)")


def parse_back(rest: str) -> tuple[int, str]:
    """The number of a message, counted from the newest, and the rest: ``^2 yes`` means the last but one.
    Raises UsageError."""
    found = _BACK.match(rest)
    if found is None:
        return 1, rest
    if int(found[1]) > BACK_MAX:
        raise UsageError(f"a message may be at most {BACK_MAX} back")
    return int(found[1]), rest[found.end() :].strip()


async def find_line(node: Node, name: str, back: int, *, ours: bool) -> ChatLine:
    """The message of ours, or of theirs, at that number. Raises UsageError."""
    lines = lines_of(await node.history(name, limit=4 * BACK_MAX))
    found = [line for line in lines if line.outgoing == ours and not line.withdrawn]
    if len(found) < back:
        raise UsageError(f"there is no such message of {'yours' if ours else 'theirs'}")
    return found[-back]


class ReferenceVerbs:
    """Bound to one chat. ``have_node``: queue a request to the node."""

    def __init__(
        self,
        model: ChatModel,
        have_node: Callable[[Awaitable[object]], None],
        say_line: Callable[[str, ChatLine], None],
        ask_withdraw: Callable[[Callable[[], None]], None],
    ) -> None:
        self._model = model
        self._have_node = have_node
        self._say_line = say_line
        self._ask_withdraw = ask_withdraw
        self.verbs: dict[str, Callable[[str, str], None]] = {
            "reply": self.reply_to,
            "react": self.react_to,
            "correct": self.correct_one,
            "withdraw": self.withdraw_one,
        }

    def reply_to(self, name: str, rest: str) -> None:
        """Answer a message of theirs."""
        back, text = parse_back(rest)
        if not text:
            raise UsageError("/reply needs a text, like /reply yes, or /reply ^2 yes for the last but one")

        async def reply() -> None:
            self._say_line(text, await find_line(self._model.node, name, back, ours=False))

        self._have_node(reply())

    def react_to(self, name: str, rest: str) -> None:
        """React to a message of theirs with one sign, or take the reaction back."""
        back, sign = parse_back(rest)
        if not sign:
            raise UsageError("/react needs a sign, like /react 👍, or off")

        async def react() -> None:
            line = await find_line(self._model.node, name, back, ours=False)
            await self._model.node.react_to(line.id, "" if sign == "off" else sign, wait="queued")

        self._have_node(react())

    def correct_one(self, name: str, rest: str) -> None:
        """Correct a message of ours."""
        back, text = parse_back(rest)
        if not text:
            raise UsageError("/correct needs the new text")

        async def correct() -> None:
            line = await find_line(self._model.node, name, back, ours=True)
            await self._model.node.correct_message(line.id, text, wait="queued")

        self._have_node(correct())

    def withdraw_one(self, name: str, rest: str) -> None:
        """Withdraw a message of ours, after a question."""
        back, more = parse_back(rest)
        if more:
            raise UsageError("/withdraw takes a number only, like /withdraw ^2 for your last but one")

        async def withdraw() -> None:
            line = await find_line(self._model.node, name, back, ours=True)
            await self._model.node.withdraw_message(line.id, wait="queued")

        self._ask_withdraw(lambda: self._have_node(withdraw()))
