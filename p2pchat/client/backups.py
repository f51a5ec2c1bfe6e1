"""Backups of a home.

Knows: parameters and answers. Does not know: what is in one.
"""

from __future__ import annotations

from p2pchat.client.node_connection import NodeConnection
from p2pchat.control import answers, methods, parameters


class BackupCalls(NodeConnection):
    """The methods about backups of a home."""

    async def make_backup(self, path: str, phrase: str) -> answers.BackupResult:
        """Write a sealed copy of all but sessions to ``path``, whole or not at all: ``path``, ``at``,
        ``size``, ``contacts``, ``messages``. What older backups have of keys is worthless a week later."""
        return await self._call(methods.BACKUP, parameters.BackupParams(path=path, phrase=phrase))

    async def revoke_backups(self) -> int:
        """Make the keys of all backups so far worthless, as soon as contacts hear of it; how many
        contacts."""
        return (await self._call(methods.REVOKE_BACKUPS, parameters.NoParams())).contacts
