"""Finds mentions in a text: ``@`` and the name of a member of the conversation.

Knows: how a mention is written. Does not know: the members of a conversation, or the effect of a mention.
"""

from __future__ import annotations

from collections.abc import Mapping

from p2pchat.types import ContactId


def find_mentions(text: str, names: Mapping[str, ContactId]) -> tuple[ContactId, ...]:
    """Return the members of the conversation that ``text`` mentions, by name; case does not count."""
    folded = text.casefold()
    return tuple(id for name, id in names.items() if _is_mentioned(f"@{name.casefold()}", folded))


def _is_mentioned(mention: str, text: str) -> bool:
    """Whether the mention stands by itself: a mail address is no mention."""
    at = text.find(mention)
    while at >= 0:
        before, after = text[at - 1 : at] if at else "", text[at + len(mention) :][:1]
        if not before.isalnum() and not after.isalnum():
            return True
        at = text.find(mention, at + 1)
    return False
