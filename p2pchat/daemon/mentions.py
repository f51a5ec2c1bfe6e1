"""Whom a text mentions: ``@`` and the name of somebody in the conversation.

Knows: how a mention is written. Does not know: who is in a conversation, or what follows from a mention.
"""

from __future__ import annotations

from collections.abc import Mapping

from p2pchat.types import ContactId


def find_mentions(text: str, names: Mapping[str, ContactId]) -> tuple[ContactId, ...]:
    """Return whom ``text`` mentions of those who are in the conversation, by name; case does not count."""
    folded = text.casefold()
    return tuple(id for name, id in names.items() if _is_mentioned(f"@{name.casefold()}", folded))


def _is_mentioned(mention: str, text: str) -> bool:
    """Whether it stands there by itself: an address of mail mentions nobody."""
    at = text.find(mention)
    while at >= 0:
        before, after = text[at - 1 : at] if at else "", text[at + len(mention) :][:1]
        if not before.isalnum() and not after.isalnum():
            return True
        at = text.find(mention, at + 1)
    return False
