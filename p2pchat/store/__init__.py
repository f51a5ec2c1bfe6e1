"""The encrypted store of one home: a key file and one SQLite file.

Knows: when which of the two is made, opened and destroyed. Does not know: what the records mean.

Every method blocks; the daemon calls them in one worker thread.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import apsw

from p2pchat.core.records import (
    Change,
    DropContact,
    DropExpiredMessages,
    HeldCell,
    Identity,
    Memory,
    Message,
    PutIdentity,
)
from p2pchat.crypto.password import KEY_BYTES, Cost
from p2pchat.errors import StoreError, UsageError
from p2pchat.ports import Entropy
from p2pchat.store import database, drafts, history, journal, settings, space, vault
from p2pchat.store.database import DiskFull
from p2pchat.store.files import LEFTOVERS, LOCK, SECRETS, refuse_foreign
from p2pchat.store.owner import refuse_others, unusable
from p2pchat.store.vault import KEY_FILE, NEW_KEY_FILE, DataKey, KeyFile, Passphrase, Unlock
from p2pchat.store.witness import COUNT_FILE, Witness
from p2pchat.types import ConversationId, MeshId, MessageId

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

_FORGETS = (DropContact, DropExpiredMessages)
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
        self._settled = -1
        """The count of changes at which the log was last cut."""

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
            _sweep(home)
            data_key = entropy.draw_bytes(KEY_BYTES)
            vault.prepare(home, data_key, unlock, entropy, cost)
            store = cls(home, data_key)
            try:
                store.commit_changes([PutIdentity(identity)])
                fill(store)
                store._cut_the_log()
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
        _refuse_lost_key(home)
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
        _refuse_lost_key(home)
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
        self._cut_the_log()  # of a node that was killed
        space.keep_reserve(self._home)

    def load_memory(self) -> Memory:
        """All that a node needs to resume."""
        return replace(journal.load(self._connection), set_back=self._witness.found)

    def commit_changes(self, changes: Iterable[Change]) -> list[Message]:
        """Apply a batch, all or nothing; on return it is durable. Returns the lines that were here before.
        Raises StoreError, and then nothing was changed."""
        batch = list(changes)
        before = self._connection.total_changes()
        known = self._with_room(lambda: self._committed(batch))
        forgetful = any(isinstance(change, _FORGETS) for change in batch)
        if forgetful and self._connection.total_changes() != before:
            self._cut_the_log()
        return known

    def _committed(self, batch: list[Change]) -> list[Message]:
        try:
            return journal.commit(self._connection, batch, lambda: self._witness.follow_batch(batch))
        except BaseException:
            self._witness.undo_batch()
            raise

    def fold_log(self) -> None:
        """Fold the log into the database and cut it, if anything was written since the last time.

        Raises StoreError; then the log stays for the next time.
        """
        if self._connection.total_changes() != self._settled:
            space.settle(self._connection)
            self._settled = self._connection.total_changes()
            self._witness.write_count()

    def work_on(self, does: Callable[[apsw.Connection], T]) -> T:
        """Do what another module of this package does with the open file."""
        return does(self._connection)

    def read_settings(self) -> dict[str, str]:
        """Read the settings as the person wrote them, by name."""
        return settings.kept(self._connection)

    def keep_setting(self, name: str, value: str | None) -> None:
        """Keep a setting, or remove it with None. The former value is erased, also from the log: it may have
        been a password. Raises StoreError, and then nothing was changed."""
        self._with_room(lambda: self._setting_kept(name, value))
        self._cut_the_log()

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

        self._with_room(keep)

    def read_cells(self, mesh: MeshId, numbers: Iterable[int]) -> tuple[HeldCell, ...]:
        """Read held cells with their bodies, ordered by number; those that are missing are left out."""
        return journal.cells(self._connection, mesh, numbers)

    def check_pages(self) -> None:
        """Read every page once. Raises StoreError when any is damaged."""
        database.check(self._connection)

    def close(self) -> None:
        """Cut the log and close the file. Harmless when closed already."""
        with suppress(StoreError):
            self._cut_the_log()
        self._connection.close()
        if self._lent is not None:
            shutil.rmtree(self._lent, ignore_errors=True)

    def _cut_the_log(self) -> None:
        """Cut the log at once, on a full disk with the reserve; if that fails, ``fold_log`` does it later."""
        with suppress(DiskFull):
            try:
                self.fold_log()
            except DiskFull:
                space.with_reserve(self._connection, self._home, self.fold_log)

    def _with_room(self, work: Callable[[], T]) -> T:
        """Do the work; on a full disk drop the oldest cells held for others and do it again."""
        try:
            return work()
        except DiskFull as full:
            try:
                space.with_reserve(self._connection, self._home, lambda: space.drop_cells(self._connection))
            except DiskFull:
                raise full from None
            return work()

    def _forgetting(self, work: Callable[[], T]) -> T:
        """Forget something, also in the log, and give its pages back to the disk."""
        free = space.free_pages(self._connection)
        result = work()
        self._cut_the_log()
        space.give_back(self._connection, space.free_pages(self._connection) - free)
        return result

    def read_history(
        self,
        conversation: ConversationId | None,
        *,
        search: str | None = None,
        since: float | None = None,
        limit: int | None = None,
        before: MessageId | None = None,
        after: MessageId | None = None,
    ) -> list[Message]:
        """Read the last ``limit`` lines with a contact (None: with all), or the first ones after ``after``;
        oldest first."""
        return history.lines(self._connection, conversation, search, since, limit, before, after)

    def edit_message(self, message: MessageId, text: str) -> bool:
        """Replace the text of a line and mark it as rewritten; False if there is no such line."""
        return self._forgetting(lambda: history.edit(self._connection, message, text))

    def find_message(self, message: MessageId) -> Message | None:
        """Find one line by its id."""
        return history.line(self._connection, message)

    def forget_history(self, conversation: ConversationId) -> int:
        """Forget the lines with a contact, except those that wait to be delivered; return how many."""
        return sum(self.forget_history_by_steps(conversation))

    def forget_history_by_steps(self, conversation: ConversationId) -> Iterator[int]:
        """Forget as ``forget_history`` does; yield how many lines each step, a transaction, forgot. On a
        full disk there are many small steps, so that other work has its turn between them."""
        try:
            yield self._forgetting(lambda: history.forget(self._connection, conversation))
        except DiskFull:
            while some := space.with_reserve(
                self._connection, self._home, lambda: self._forget_some(conversation)
            ):
                yield some

    def _forget_some(self, conversation: ConversationId) -> int:
        if space.has_room(self._connection):
            with suppress(DiskFull):
                return self._forgetting(lambda: history.forget(self._connection, conversation))
        return self._forgetting(lambda: history.forget_some(self._connection, conversation))

    def forget_message(self, message: MessageId) -> bool:
        """Forget one line; False if there is no such line, or it waits to be delivered."""

        def forget() -> bool:
            return self._forgetting(lambda: history.forget_one(self._connection, message))

        try:
            return forget()
        except DiskFull:
            return space.with_reserve(self._connection, self._home, forget)

    def find_sent_message(self, message: MessageId) -> Message | None:
        """Find one of our own lines by its id."""
        return history.sent(self._connection, message)

    def is_forgotten(self, message: MessageId) -> bool:
        """Whether one of our own lines had that id and was forgotten."""
        return history.is_forgotten(self._connection, message)

    def list_unread(self, conversation: ConversationId | None = None) -> list[Message]:
        """List the incoming lines that no listener was given yet, oldest first."""
        return history.list_unread(self._connection, conversation)

    def mark_read(self, messages: Iterable[MessageId]) -> None:
        """Note that these lines were given to a listener."""
        history.mark_read(self._connection, messages)

    def list_conversations(self) -> list[tuple[Message, int]]:
        """List the last line with each contact and how many are unread, the latest conversation first."""
        return history.conversations(self._connection)


def exists(home: Path) -> bool:
    """Whether an identity is there: a whole home, or one that lost its key."""
    return vault.exists(home) or _key_lost(home)


def needs_passphrase(home: Path) -> bool:
    """Whether a passphrase opens it. Raises UsageError (no identity), StoreError (key damaged or lost)."""
    _refuse_lost_key(home)
    return vault.needs_passphrase(home)


def change_unlock(home: Path, old: Unlock, new: Unlock, entropy: Entropy, cost: Cost | None = None) -> None:
    """Change, set or remove the passphrase. Raises as ``Store.open_store`` does; then the old one holds.

    The data key stays the same: a kept copy of the old key file still opens with the old passphrase. A store
    that is open meanwhile is not disturbed.
    """
    refuse_others(home)
    _refuse_lost_key(home)
    try:
        vault.change(home, old, new, entropy, cost)
    except OSError as error:
        raise StoreError(f"the key file in {home} cannot be replaced: {error.strerror}") from error


def wipe(home: Path) -> None:
    """Destroy the key, then all else that p2pchat made in ``home``. Without the key the rest is noise.

    Raises StoreError when the disk refuses, UsageError when the home belongs to another user.
    """
    refuse_others(home)
    try:
        for key in (KEY_FILE, NEW_KEY_FILE):
            vault.destroy(home / key)
        _sweep(home)
        (home / LOCK).unlink(missing_ok=True)
        vault.sync_directory(home)
    except OSError as error:
        raise StoreError(f"not everything in {home} could be destroyed: {error.strerror}") from error


def _sweep(home: Path) -> None:
    """Remove all but the key file and the lock."""
    for name in SECRETS:
        vault.destroy(home / name)
    for name in LEFTOVERS:
        (home / name).unlink(missing_ok=True)


def _key_lost(home: Path) -> bool:
    return (home / database.DATABASE).exists() and not (vault.exists(home) or vault.begun(home))


def _refuse_lost_key(home: Path) -> None:
    if _key_lost(home):
        raise StoreError(
            f"the key file {home / KEY_FILE} is missing; put it back, or 'p2pchat wipe' the rest"
        )
