"""Parameters that several commands share.

Knows: contacts' names and their completion, lengths of time. Does not know: what they are used for.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from p2pchat.cli.settings import Settings

COMPLETION_PATIENCE: Final = 0.5
"""Seconds a shell waits for a node to name its contacts; beyond that, completion without names is better."""

_SHELL_SAFE: Final = frozenset("._-+@")

SECONDS: Final = click.FloatRange(min=0, max=10 * 365 * 86400)


class ContactName(click.ParamType[str]):
    """A contact's name; completed from the running node, if there is one."""

    name = "name"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        """Offer the names that mean nothing to a shell: others chose them, and completion types them
        unquoted."""
        try:
            names = asyncio.run(_names(ctx.ensure_object(Settings)))
        except Exception:  # noqa: BLE001  (whatever it is, it must not disturb the shell)
            return []
        return [CompletionItem(each) for each in names if each.startswith(incomplete) and _is_plain(each)]


CONTACT: Final = ContactName()


async def _names(settings: Settings) -> list[str]:
    from p2pchat.cli.connection import attached_node

    async with asyncio.timeout(COMPLETION_PATIENCE):
        async with attached_node(settings) as node:
            return [contact["name"] for contact in await node.contacts()]


def _is_plain(name: str) -> bool:
    return all(character.isalnum() or character in _SHELL_SAFE for character in name) and not name.startswith(
        "-"
    )
