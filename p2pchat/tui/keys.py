"""What comes from the terminal, strictly in order: each key, paste and click to its end before the next.

Textual hands a key that is bound to its action at once, while letters wait in the queue of the widget that
they are for, and what a widget tells the rest waits in others (Textualize/textual, issue 6605). So in one
burst, as tmux, ssh and people send it, Enter overtakes the text that it is to send. Here the next key waits
until nothing of the one before is under way anywhere.

Knows: how Textual hands messages on. Does not know: what any key means.
"""

# ruff: noqa: SLF001 -- whether a part is closing is not told otherwise

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice, takewhile
from typing import Final, TypeVar

from textual import events
from textual._context import message_hook as message_hook_of
from textual.message import Message
from textual.message_pump import MessagePump

from p2pchat.tui.ascii import Legible

R = TypeVar("R")

AT_ONCE_MAX: Final = 4096
"""Letters taken as one piece of text, when so many have come: a paste without brackets is not slow."""

STEPS_MAX: Final = 40
"""From part to part, what one key leads to; the deepest, a dialog that opens, takes a dozen."""

_TURNS: Final = 50
"""Turns of the loop in which nearly every key is done; then the waiting leaves the processor to others."""
_NAP_S: Final = 0.002


class InOrder(Legible[R]):
    """A program that takes what comes from the terminal in order."""

    def __init__(self) -> None:
        super().__init__()
        self._arrived: deque[events.InputEvent | events.Paste] = deque()
        self._come = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._taking = False
        self._begun = 0
        """Messages whose handling has begun, in all parts together."""

    def on_load(self) -> None:
        """Count from now on, in every part that will be made."""
        message_hook_of.set(self._count)

    def _count(self, message: Message) -> None:
        if not (isinstance(message, events.Callback) and isinstance(message.callback, _Mark)):
            self._begun += 1

    async def on_event(self, event: events.Event) -> None:
        """Have input wait for its turn; all else goes on as it comes."""
        if not isinstance(event, events.InputEvent | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._arrived.append(event)
        self._idle.clear()
        self._come.set()
        if not self._taking:
            self._taking = True
            self.run_worker(self._take_all(), name="keys", group="keys")

    async def _take_all(self) -> None:
        try:
            await self._take_in_order()
        finally:
            self._idle.set()

    async def _take_in_order(self) -> None:
        while True:
            await self._come.wait()
            while self._arrived:
                event = self._arrived[0]
                if isinstance(event, events.Paste) or _is_letter(event):
                    self.text_comes()
                    await self._settled()
                letters = self._letters()
                if letters and self.take_letters("".join(str(letter.character) for letter in letters)):
                    for _ in letters:
                        self._arrived.popleft()
                else:
                    await super().on_event(self._arrived.popleft())
                await self._settled()
            self._come.clear()
            self._idle.set()

    def text_comes(self) -> None:
        """The next that came is text, typed or pasted: the place to have it in."""

    def take_letters(self, _text: str) -> bool:
        """Take letters that were typed one after another; False has each of them go the way of all keys."""
        return False

    def _letters(self) -> list[events.Key]:
        """Return the letters that come next, up to the first other key."""
        waiting = islice(self._arrived, AT_ONCE_MAX)
        return [event for event in takewhile(_is_letter, waiting) if isinstance(event, events.Key)]

    async def drain_input(self) -> None:
        """Wait until all that has come so far was handled to its end."""
        await self._idle.wait()

    async def _settled(self) -> None:
        """Wait until no part has anything under way: all are asked whether they have come to the end of what
        waited, and meanwhile none began anything else. With each asking, what a key has led to has come at
        least one part further; so what never ends is not the key's, but comes from outside."""
        for _ in range(STEPS_MAX):
            begun = self._begun
            parts: list[MessagePump] = [self]
            if self.screen_stack:
                parts += self.screen.walk_children(with_self=True)
            await _reached([mark for part in parts if part.post_message((mark := _Mark(part)).message)])
            if begun == self._begun and not any(part.message_queue_size for part in parts):
                return


def _is_letter(event: events.Event) -> bool:
    return isinstance(event, events.Key) and event.is_printable and bool(event.character)


class _Mark:
    """Goes through a part's queue, and thereby tells when all that was before it is done."""

    def __init__(self, part: MessagePump) -> None:
        self._part = part
        self._reached = False
        self.message = events.Callback(callback=self)

    def __call__(self) -> None:
        self._reached = True

    @property
    def is_passed(self) -> bool:
        """Whether the part has come to it, or never will."""
        return self._reached or self._part._closed or self._part._closing


async def _reached(marks: list[_Mark]) -> None:
    turn = 0
    while not all(mark.is_passed for mark in marks):
        await asyncio.sleep(0 if turn < _TURNS else _NAP_S)
        turn += 1
