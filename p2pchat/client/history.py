"""History: read, search, rewrite and delete messages; save drafts.

Knows: parameters and answers. Does not know: how lines are kept.
"""

from __future__ import annotations

from datetime import datetime

from p2pchat.client.node_connection import NodeConnection
from p2pchat.control import answers, events, methods, parameters


class HistoryCalls(NodeConnection):
    """The methods about the history and drafts."""

    async def history(
        self,
        name: str,
        *,
        search: str | None = None,
        since: datetime | float | None = None,
        limit: int | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> list[events.MessageEvent]:
        """The last ``limit`` messages with a contact, ``before`` the one of that id, or the first that came
        ``after`` it, or with "" the first of all; oldest first, as message events with ``state`` and
        ``outgoing``."""
        start = since.timestamp() if isinstance(since, datetime) else since
        params = parameters.HistoryParams(
            name=name, search=search, since=start, limit=limit, before=before, after=after
        )
        return await self._call(methods.HISTORY, params)

    async def search(self, text: str, *, limit: int | None = None) -> list[events.MessageEvent]:
        """Return the last ``limit`` messages that contain ``text``, with all contacts and in all rooms,
        oldest first."""
        return await self._call(methods.SEARCH, parameters.SearchParams(search=text, limit=limit))

    async def edit(self, id: str, text: str) -> None:
        """Change the text of a line in this home's history only."""
        await self._call(methods.EDIT, parameters.EditParams(id=id, text=text))

    async def forget(self, name: str) -> int:
        """Delete the history with a contact here, except messages that wait to be delivered; return how many
        were deleted."""
        return (await self._call(methods.FORGET, parameters.ForgetParams(name=name))).forgotten

    async def forget_message(self, id: str) -> None:
        """Delete one message here."""
        await self._call(methods.FORGET, parameters.ForgetParams(id=id))

    async def conversations(self) -> list[answers.ConversationInfo]:
        """List the last message with each ``contact``, and how many are ``unheard``; the latest first."""
        return await self._call(methods.CONVERSATIONS, parameters.NoParams())

    async def read_drafts(self) -> list[answers.DraftInfo]:
        """List the drafts: texts that were begun and not sent, with ``name`` and ``text``."""
        return await self._call(methods.DRAFTS, parameters.DraftParams())

    async def keep_draft(self, name: str, text: str) -> None:
        """Save a draft to a contact, in place of the one before; an empty text deletes it."""
        await self._call(methods.DRAFTS, parameters.DraftParams(name=name, text=text))
