"""What was begun to be written, by conversation.

Knows: its table. Does not know: the author, or when a draft is sent.
"""

from __future__ import annotations

import apsw

from p2pchat.store.database import translate_sqlite_errors
from p2pchat.types import ConversationId

_PUT = "INSERT OR REPLACE INTO draft VALUES (?, ?)"


def read_drafts(connection: apsw.Connection) -> dict[ConversationId, str]:
    """All of them. Raises StoreError."""
    with translate_sqlite_errors():
        rows = connection.execute("SELECT conversation, text FROM draft ORDER BY conversation")
        return {ConversationId(str(name)): str(text) for name, text in rows}


def keep_draft(connection: apsw.Connection, conversation: ConversationId, text: str) -> None:
    """Keep one in place of the one before, or none where it is empty; within a transaction of the caller."""
    if text:
        connection.execute(_PUT, (conversation, text))
    else:
        connection.execute("DELETE FROM draft WHERE conversation = ?", (conversation,))
