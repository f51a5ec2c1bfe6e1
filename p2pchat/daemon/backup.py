"""The methods about backups: make one while the node runs, and make older ones worthless.

Knows: the order of drawing keys, writing the file and telling contacts. Does not know: what is in the file,
or how it is sealed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from p2pchat.control import answers, methods, parameters
from p2pchat.core.session.restored import kept_keys
from p2pchat.core.values import user_inputs
from p2pchat.daemon import views
from p2pchat.daemon.control import Caller
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.needs import BackupNeeds
from p2pchat.errors import UsageError
from p2pchat.store import copying
from p2pchat.store.archive import ArchiveFile


class BackupMethods:
    """Handles requests about backups, for one running node."""

    def __init__(self, host: BackupNeeds) -> None:
        self._host = host
        self._making = asyncio.Lock()

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about backups."""
        handlers.add(methods.BACKUP, self.make_backup)
        handlers.add(methods.REVOKE_BACKUPS, self.revoke_backups)

    async def make_backup(self, request: parameters.BackupParams, client: Caller) -> answers.BackupResult:
        """Write a backup. Contacts are told of the new keys only after the file is on the disk: until then
        the older backup is valid."""
        place = self._place(request.path)
        if not request.phrase:
            raise UsageError("a backup needs a phrase")
        async with self._making:
            now = self._host.clock.now()
            await self._host.driver.submit_and_persist(user_inputs.RecoveryKeysDrawn())
            file = await asyncio.to_thread(ArchiveFile, place, request.phrase, self._host.entropy)
            try:
                copied = await self._write(file, now)
            finally:
                file.give_up()
            await self._note(now)
            await self._host.driver.submit_and_persist(user_inputs.RecoveryKeysTold(alone=False))
        return answers.BackupResult(
            path=str(place),
            at=views.moment(now),
            size=file.size,
            contacts=copied.contacts,
            messages=copied.lines,
        )

    async def _write(self, file: ArchiveFile, now: float) -> copying.CopyTaken:
        copied = await self._host.ask_store(lambda store: copying.copy_records(store, kept_keys, now))
        await asyncio.to_thread(file.add_entries, copied.entries)
        copied.entries = b""
        while lines := await self._host.ask_store(lambda store: copying.copy_lines(store, copied)):
            await asyncio.to_thread(file.add_entries, lines)
        references = await self._host.ask_store(lambda store: copying.copy_references(store, copied))
        await asyncio.to_thread(file.add_entries, references + copying.end_entry(copied))
        await asyncio.to_thread(file.complete_file)
        return copied

    async def revoke_backups(
        self, request: parameters.NoParams, client: Caller
    ) -> answers.RevokeBackupsResult:
        """Tell contacts to refuse the keys of all earlier backups."""
        async with self._making:
            await self._host.driver.submit_and_persist(user_inputs.RecoveryKeysDrawn())
            await self._host.driver.submit_and_persist(user_inputs.RecoveryKeysTold(alone=True))
            await self._note(None)
        return answers.RevokeBackupsResult(contacts=len(self._host.node.list_contacts()))

    async def _note(self, at: float | None) -> None:
        await self._host.ask_store(lambda store: copying.note_backup(store, at))
        self._host.backed_up_at = at

    def _place(self, path: str) -> Path:
        """Raises UsageError."""
        place = Path(path)
        if not place.is_absolute():
            raise UsageError("the path of a backup must begin at the root")
        home = self._host.home.resolve()
        if place.resolve().is_relative_to(home):
            raise UsageError("a backup inside the home is lost with the home; write it elsewhere")
        return place
