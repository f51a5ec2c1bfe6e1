"""Finds mentions in a text: ``@`` and the name of a member of the conversation.

Knows: how a mention is written. Does not know: the members of a conversation, or the effect of a mention.
"""

from __future__ import annotations

from collections.abc import Mapping

from p2pchat.types import ContactId


def find_mentions(text: str, names: Mapping[str, ContactId]) -> tuple[ContactId, ...]:
    """Return the members of the conversation that ``text`` mentions by name, in any case. Where two names
    fit, the longer counts."""
    folded, found = text.casefold(), set[str]()
    for name in sorted(names, key=len, reverse=True):
        folded, mentioned = _take_mentions(f"@{name.casefold()}", folded)
        if mentioned:
            found.add(name)
    return tuple(id for name, id in names.items() if name in found)


def _take_mentions(mention: str, text: str) -> tuple[str, bool]:
    """Blank out the mention wherever it stands by itself (a mail address is no mention). Return the rest, and
    whether there was one."""
    mentioned, at = False, text.find(mention)
    while at >= 0:
        before, after = text[at - 1 : at] if at else "", text[at + len(mention) :]
        if not before.isalnum() and not after[:1].isalnum():
            text, mentioned = f"{text[:at]} {after}", True
        at = text.find(mention, at + 1)
    return text, mentioned
