"""The methods about what was said: read, found, changed, forgotten.

Knows: their parameters and answers. Does not know: how lines are kept, or how messages travel.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from p2pchat.core.records import Contact
from p2pchat.daemon import views
from p2pchat.daemon.arguments import Arguments
from p2pchat.daemon.control import Asker
from p2pchat.daemon.events import Forgotten, Rewritten
from p2pchat.errors import UsageError
from p2pchat.types import ContactId, MessageId

if TYPE_CHECKING:
    from p2pchat.daemon.node import RunningNode


class Recall:
    """The verbs, bound to one running node. ``named``: a contact by name, or UsageError."""

    def __init__(self, running: RunningNode, named: Callable[[str], Contact]) -> None:
        self._running = running
        self._named = named

    def methods(self) -> dict[str, Callable[[Arguments, Asker], Awaitable[Any]]]:
        """By name."""
        return {
            "heard": self.heard,
            "history": self.history,
            "history.search": self.search,
            "history.edit": self.edit,
            "history.forget": self.forget,
            "conversations": self.conversations,
        }

    async def heard(self, arguments: Arguments, asker: Asker) -> None:
        """These messages were shown."""
        ids = [MessageId(each) for each in arguments.texts("ids")]
        await self._running.ask_store(lambda store: store.mark_heard(ids))

    async def history(self, arguments: Arguments, asker: Asker) -> list[views.View]:
        """What was said with one contact."""
        contact = self._named(arguments.text("name"))
        return await self._lines(contact.id, arguments)

    async def search(self, arguments: Arguments, asker: Asker) -> list[views.View]:
        """What was said with anybody, by a text in it."""
        arguments.text("search")
        return await self._lines(None, arguments)

    async def _lines(self, contact: ContactId | None, arguments: Arguments) -> list[views.View]:
        search, since, limit, before, after = (
            arguments.optional_text("search"),
            arguments.seconds("since"),
            arguments.count("limit"),
            arguments.optional_text("before"),
            arguments.optional_text("after"),
        )
        lines = await self._running.ask_store(
            lambda store: store.history(
                contact,
                search=search,
                since=since,
                limit=limit,
                before=MessageId(before) if before is not None else None,
                after=MessageId(after) if after is not None else None,
            )
        )
        own = self._running.node.identity.name
        return [views.message(line, own, self._running.name_of(line.contact)) for line in lines]

    async def edit(self, arguments: Arguments, asker: Asker) -> views.View:
        """Have a line say something else."""
        message, text = MessageId(arguments.text("id")), arguments.text("text")
        if not await self._running.ask_store(lambda store: store.edit(message, text)):
            raise UsageError("no message here has that id; see 'p2pchat history NAME --json'")
        line = await self._running.ask_store(lambda store: store.line(message))
        if line is not None:
            self._running.events.publish(Rewritten(line))
        return {"id": message}

    async def forget(self, arguments: Arguments, asker: Asker) -> views.View:
        """One line by its ``id``, or all that was said with ``name``."""
        line = arguments.optional_text("id")
        if line is None:
            contact = self._named(arguments.text("name"))
            count = await self._running.ask_store(lambda store: store.forget(contact.id))
            self._running.events.publish(Forgotten(contact.id, None))
            return {"forgotten": count}
        id = MessageId(line)
        known = await self._running.ask_store(lambda store: store.line(id))
        if known is None or not await self._running.ask_store(lambda store: store.forget_one(id)):
            raise UsageError("no message here has that id, or it waits to be delivered")
        self._running.events.publish(Forgotten(known.contact, id))
        return {"forgotten": 1}

    async def conversations(self, arguments: Arguments, asker: Asker) -> list[views.View]:
        """The last line with each contact, and how many are unheard."""
        own = self._running.node.identity.name
        talks = await self._running.ask_store(lambda store: store.conversations())
        return [
            {**views.message(last, own, self._running.name_of(last.contact)), "unheard": unheard}
            for last, unheard in talks
        ]
