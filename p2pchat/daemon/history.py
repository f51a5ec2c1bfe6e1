"""The methods about the history: read, search, change and delete.

Knows: their parameters and answers. Does not know: how lines are kept, or how messages travel.
"""

from __future__ import annotations

from p2pchat.control import answers, methods, parameters
from p2pchat.control.events import MessageEvent
from p2pchat.control.failures import INVALID_PARAMS, MethodError
from p2pchat.control.values import extended
from p2pchat.daemon import line_views
from p2pchat.daemon.control import Caller
from p2pchat.daemon.events import HistoryForgotten, HistoryRewritten
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.needs import HistoryNeeds
from p2pchat.errors import LimitError, UsageError
from p2pchat.types import ConversationId, MessageId
from p2pchat.wire.content import TEXT_LIMIT


class HistoryMethods:
    """Handles requests about the history, for one running node."""

    def __init__(self, host: HistoryNeeds) -> None:
        self._host = host

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about the history."""
        handlers.add(methods.HEARD, self.heard)
        handlers.add(methods.HISTORY, self.history)
        handlers.add(methods.SEARCH, self.search)
        handlers.add(methods.EDIT, self.edit)
        handlers.add(methods.FORGET, self.forget)
        handlers.add(methods.CONVERSATIONS, self.conversations)
        handlers.add(methods.DRAFTS, self.answer_drafts)

    async def heard(self, params: parameters.HeardParams, caller: Caller) -> None:
        """Mark messages as heard."""
        ids = [MessageId(id) for id in params.ids]
        await self._host.ask_store(lambda store: store.history.mark_read(ids))

    async def history(self, params: parameters.HistoryParams, caller: Caller) -> list[MessageEvent]:
        """List the messages with one contact, or in one room."""
        return await self._lines(self._conversation(params.name), params)

    async def search(self, params: parameters.SearchParams, caller: Caller) -> list[MessageEvent]:
        """List the messages that contain a text, with all contacts and in all rooms."""
        return await self._lines(None, params)

    def _conversation(self, name: str) -> ConversationId:
        return self._host.names.find_partner(name).conversation

    async def _lines(
        self, conversation: ConversationId | None, params: parameters.HistoryParams | parameters.SearchParams
    ) -> list[MessageEvent]:
        lines = await self._host.ask_store(
            lambda store: store.history.read_messages(
                conversation,
                search=params.search,
                since=params.since,
                limit=params.limit,
                before=MessageId(params.before) if params.before is not None else None,
                after=MessageId(params.after) if params.after is not None else None,
            )
        )
        names = self._host.names
        return [line_views.message(line, names) for line in lines]

    async def edit(self, params: parameters.EditParams, caller: Caller) -> answers.EditResult:
        """Change the text of a line, in this home only."""
        message, text = MessageId(params.id), params.text
        if not await self._host.ask_store(lambda store: store.history.edit_message(message, text)):
            raise UsageError("no message here has that id; see 'p2pchat history NAME --ids'")
        line = await self._host.ask_store(lambda store: store.history.find_message(message))
        if line is not None:
            self._host.events.publish(HistoryRewritten(line))
        return answers.EditResult(id=message)

    async def forget(self, params: parameters.ForgetParams, caller: Caller) -> answers.ForgetResult:
        """Delete one line by its ``id``, or all lines with ``name``."""
        if params.id is None:
            if params.name is None:
                raise MethodError(INVALID_PARAMS, "name must be a text")
            return answers.ForgetResult(forgotten=await self._forget_all(self._conversation(params.name)))
        id = MessageId(params.id)
        known = await self._host.ask_store(lambda store: store.history.find_message(id))
        if known is None or not await self._host.ask_store(lambda store: store.history.forget_message(id)):
            raise UsageError("no message here has that id, or it waits to be delivered")
        self._host.events.publish(HistoryForgotten(known.conversation, id))
        return answers.ForgetResult(forgotten=1)

    async def _forget_all(self, conversation: ConversationId) -> int:
        lines = 0
        steps = await self._host.ask_store(lambda store: store.history.forget_by_steps(conversation))
        while (some := await self._host.ask_store(lambda _: next(steps, None))) is not None:
            lines += some
        self._host.events.publish(HistoryForgotten(conversation, None))
        return lines

    async def conversations(
        self, params: parameters.NoParams, caller: Caller
    ) -> list[answers.ConversationInfo]:
        """List the last line with each contact and in each room, and how many are unheard."""
        names = self._host.names
        summaries = await self._host.ask_store(lambda store: store.history.list_conversations())
        return [
            extended(
                line_views.message(last, names),
                answers.ConversationInfo,
                unheard=unheard,
            )
            for last, unheard in summaries
        ]

    async def answer_drafts(self, wish: parameters.DraftParams, _caller: Caller) -> list[answers.DraftInfo]:
        """List the drafts, after ``text``, if given, was saved as the draft to ``name``."""
        if wish.name is not None and wish.text is not None:
            conversation, text = self._conversation(wish.name), wish.text
            if len(text.encode()) > TEXT_LIMIT:
                raise LimitError(f"a draft has at most {TEXT_LIMIT} bytes, as a message has")
            await self._host.ask_store(lambda store: store.keep_draft(conversation, text))
        kept = await self._host.ask_store(lambda store: store.read_drafts())
        names = self._host.names
        return [answers.DraftInfo(name=names.partner_name(whose), text=text) for whose, text in kept.items()]
