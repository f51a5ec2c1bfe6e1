"""The encrypted store of one home: a key file and one SQLite file.

Knows: when which of the two is made, opened and destroyed. Does not know: what the records mean.

Every method blocks; the daemon calls them in one worker thread.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import apsw

from p2pchat.core.values.changes import (
    Change,
    DropContact,
    DropExpiredMessages,
    DropVersions,
    PutIdentity,
    PutReference,
    Settled,
)
from p2pchat.core.values.files import DropFile, FileEffect, ForFiles
from p2pchat.core.values.records import HeldCell, Identity, Memory
from p2pchat.core.values.room_records import DropRoom
from p2pchat.crypto.password import KEY_BYTES, Cost
from p2pchat.errors import StoreError, UsageError
from p2pchat.ports import Entropy
from p2pchat.store import database, drafts, journal, rooms, settings, space, vault
from p2pchat.store.checkpoints import Checkpoints
from p2pchat.store.database import DiskFull
from p2pchat.store.files import refuse_foreign
from p2pchat.store.history import MessageHistory
from p2pchat.store.home import change_unlock, exists, needs_passphrase, refuse_lost_key, sweep_home, wipe
from p2pchat.store.owner import refuse_others, unusable
from p2pchat.store.pieces import PieceFiles
from p2pchat.store.vault import KEY_FILE, NEW_KEY_FILE, DataKey, KeyFile, Passphrase, Unlock
from p2pchat.store.witness import COUNT_FILE, Witness
from p2pchat.types import ConversationId, MeshId

__all__ = [
    "KEY_FILE",
    "DataKey",
    "DiskFull",
    "KeyFile",
    "Passphrase",
    "Store",
    "Unlock",
    "change_unlock",
    "exists",
    "needs_passphrase",
    "refuse_foreign",
    "wipe",
]

T = TypeVar("T")

_FORGETS = (DropContact, DropExpiredMessages, DropFile, DropRoom, DropVersions, PutReference)
"""Changes after which something must not be had any more, not from the log either."""


class Store:
    """An open store."""

    def __init__(self, home: Path, data_key: bytes) -> None:
        self._witness = Witness(data_key, home)
        self._connection = self._connected(home, data_key)
        self.unlock = DataKey(data_key)
        """What opens the store again."""
        self._home = home
        self._lent: Path | None = None
        """The folder of a copy."""
        self._checkpoints = Checkpoints(self._connection, home, self._witness.write_count)
        self.pieces = PieceFiles(home)
        """The content of files."""
        self.history = MessageHistory(self._connection, self._checkpoints)
        """What was said."""

    @classmethod
    def create_store(
        cls,
        home: Path,
        unlock: Unlock,
        identity: Identity,
        entropy: Entropy,
        cost: Cost | None = None,
        fill: Callable[[Store], None] = lambda store: None,
    ) -> Store:
        """Make a new home, with what ``fill`` puts into it. Raises UsageError where there is one already,
        StoreError where the disk will not have it.

        The key file gets its name last: until then nothing that could be lost has been promised, and what an
        interrupted attempt left behind is swept away by the next.
        """
        refuse_others(home)
        if exists(home):
            raise UsageError(f"there is a p2pchat identity in {home} already")
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            home.chmod(0o700)
            sweep_home(home)
            data_key = entropy.draw_bytes(KEY_BYTES)
            vault.prepare(home, data_key, unlock, entropy, cost)
            store = cls(home, data_key)
            try:
                store.commit_changes([PutIdentity(identity)])
                fill(store)
                store._checkpoints.cut_log()
                vault.finish(home)
                space.keep_reserve(home)
            except BaseException:
                store.close()
                raise
        except OSError as error:
            raise StoreError(
                f"the home {home} cannot be written: {error.strerror}; choose another with --home"
            ) from error
        return store

    @classmethod
    def open_store(cls, home: Path, unlock: Unlock) -> Store:
        """Open a home. Raises StoreError (none there, damaged) or TrustError (wrong passphrase or key)."""
        refuse_others(home)
        refuse_lost_key(home)
        data_key = vault.open_key(home, unlock)
        path = home / database.DATABASE
        if not path.exists():
            raise StoreError(f"the store {path} is missing; start anew with 'p2pchat wipe' and 'init'")
        try:
            vault.destroy(home / NEW_KEY_FILE)  # of a change that was interrupted, and may hold the key open
            store = cls(home, data_key)
        except OSError as error:
            raise StoreError(f"the store {path} cannot be opened: {unusable(path, error)}") from error
        store._begin()
        return store

    @classmethod
    def open_copy(cls, home: Path, unlock: Unlock) -> Store:
        """Open a copy, sealed as it is, of a home that cannot be written; closing removes the copy. Raises as
        ``open_store`` does."""
        refuse_lost_key(home)
        data_key = vault.open_key(home, unlock)
        folder = Path(tempfile.mkdtemp(prefix="p2pchat-"))
        try:
            for name in (database.DATABASE, f"{database.DATABASE}-wal", COUNT_FILE):
                if (home / name).exists():
                    shutil.copyfile(home / name, folder / name)
            store = cls(folder, data_key)
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise StoreError(f"the home {home} cannot be read: {error.strerror}") from error
            raise
        store._lent = folder
        return store

    def _connected(self, home: Path, data_key: bytes) -> apsw.Connection:
        try:
            return database.connect(home / database.DATABASE, data_key, self._witness.examine_store)
        except StoreError:
            if not space.is_full(home):
                raise
            space.drop_reserve(home)
            connection = database.connect(home / database.DATABASE, data_key, self._witness.examine_store)
            space.take_reserve(home)
            return connection

    def _begin(self) -> None:
        with suppress(DiskFull), database.transaction(self._connection):
            self._witness.write_first_sum()
        self._checkpoints.cut_log()  # of a node that was killed
        space.keep_reserve(self._home)

    def load_memory(self) -> Memory:
        """All that a node needs to resume."""
        return replace(journal.load(self._connection), set_back=self._witness.found)

    def commit_changes(self, changes: Iterable[Change]) -> list[Settled]:
        """Apply a batch, all or nothing; on return it is durable. Returns what became of its lines and
        references. Raises StoreError, and then nothing was changed."""
        batch = list(changes)
        before = self._connection.total_changes()
        settled = self._checkpoints.run_with_room(lambda: self._committed(batch))
        forgetful = any(isinstance(change, _FORGETS) for change in batch)
        if forgetful and self._connection.total_changes() != before:
            self._checkpoints.cut_log()
        return settled

    def _committed(self, batch: list[Change]) -> list[Settled]:
        try:
            return journal.commit(self._connection, batch, lambda: self._witness.follow_batch(batch))
        except BaseException:
            self._witness.undo_batch()
            raise

    def fold_log(self) -> None:
        """Fold the log into the database and cut it, if anything was written since the last time.

        Raises StoreError; then the log stays for the next time.
        """
        self._checkpoints.fold_log()

    def work_on(self, does: Callable[[apsw.Connection], T]) -> T:
        """Do what another module of this package does with the open file."""
        return does(self._connection)

    def read_settings(self) -> dict[str, str]:
        """Read the settings as the person wrote them, by name."""
        return settings.kept(self._connection)

    def keep_setting(self, name: str, value: str | None) -> None:
        """Keep a setting, or remove it with None. The former value is erased, also from the log: it may have
        been a password. Raises StoreError, and then nothing was changed."""
        self._checkpoints.run_with_room(lambda: self._setting_kept(name, value))
        self._checkpoints.cut_log()

    def _setting_kept(self, name: str, value: str | None) -> None:
        try:
            with database.transaction(self._connection):
                settings.keep(self._connection, name, value)
                self._witness.follow_rows()
        except BaseException:
            self._witness.undo_batch()
            raise

    def read_drafts(self) -> dict[ConversationId, str]:
        """Read what was begun to be written, by conversation."""
        return drafts.read_drafts(self._connection)

    def keep_draft(self, conversation: ConversationId, text: str) -> None:
        """Keep a draft in place of the one before; an empty one is none. Raises StoreError, and then nothing
        was changed."""

        def keep() -> None:
            with database.transaction(self._connection):
                drafts.keep_draft(self._connection, conversation, text)

        self._checkpoints.run_with_room(keep)

    def read_cells(self, mesh: MeshId, numbers: Iterable[int]) -> tuple[HeldCell, ...]:
        """Read held cells with their bodies, ordered by number; those that are missing are left out."""
        return journal.cells(self._connection, mesh, numbers)

    def read_room_records(self, room: ConversationId, names: Iterable[bytes]) -> dict[bytes, bytes | None]:
        """Read records of a room by their names; None where one is not there."""
        return rooms.read_records(self._connection, room, names)

    def serve_file(self, effect: FileEffect) -> ForFiles | None:
        """Do what a node wants of the content of a file; return what it is told."""
        return self.pieces.serve_effect(effect)

    def check_pages(self) -> None:
        """Read every page once. Raises StoreError when any is damaged."""
        database.check(self._connection)

    def close(self) -> None:
        """Cut the log and close the file. Harmless when closed already."""
        with suppress(StoreError):
            self._checkpoints.cut_log()
        self._connection.close()
        if self._lent is not None:
            shutil.rmtree(self._lent, ignore_errors=True)
