"""The encrypted SQLite file: opening it, its settings, its schema versions, and what its failures mean.

Knows: SQLite and its cipher. Does not know: what is kept (``journal``, ``history``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import apsw

from p2pchat.crypto.identity import fingerprint, received_id
from p2pchat.errors import StoreError, TrustError
from p2pchat.store import wal
from p2pchat.types import ContactId, MessageId

DATABASE = "store.db"
SIDE_FILES = ("-wal", "-shm", "-journal")

LOG_PAGES = 256
"""Pages in the log at which SQLite folds it in by itself, 1 MB: as much as the database may have to grow on a
disk that is full before the log can be cut."""

_SETTINGS = (
    "PRAGMA auto_vacuum = INCREMENTAL",  # of a new file alone: what is free can be returned to the disk
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a key sealed with must not come back after a power cut
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA busy_timeout = 2000",
    f"PRAGMA wal_autocheckpoint = {LOG_PAGES}",
)


class DiskFull(StoreError):
    """The disk is full; nothing was changed."""


def connect(
    path: Path, data_key: bytes, examine: Callable[[apsw.Connection], None] = lambda connection: None
) -> apsw.Connection:
    """Open (or create) the file and bring its schema up to date. Raises StoreError, TrustError, OSError.

    ``data_key`` is 32 random bytes used as they are: stretching happened before. ``examine`` looks at the
    file as it was left.
    """
    if wal.damaged(path.with_name(path.name + "-wal")):
        raise StoreError("the store's log is damaged; start anew with 'p2pchat wipe' and 'init'")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(descriptor)
    os.chmod(path, 0o600)
    with translate_sqlite_errors():
        connection = apsw.Connection(str(path))
    try:
        with translate_sqlite_errors():
            connection.pragma("cipher", "chacha20")
            connection.pragma("key", f"raw:{data_key.hex()}")
            for setting in _SETTINGS:
                connection.execute(setting)
            connection.create_scalar_function("received_id", _received_id, 2, deterministic=True)
            connection.create_scalar_function("message_name", _message_name, 2, deterministic=True)
            examine(connection)
            migrate(connection, _schema_files())
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """All that is done inside, or nothing; durable at the end. Raises StoreError.

    Not apsw's own ``with connection``: where SQLite has rolled back by itself, as when a disk fills up, it
    complains that no transaction is there and hides the reason.
    """
    with translate_sqlite_errors():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def check(connection: apsw.Connection) -> None:
    """Read every page once. Raises StoreError when any is damaged."""
    with translate_sqlite_errors():
        verdict = connection.pragma("integrity_check")
    if verdict != "ok":
        raise StoreError(
            "the store is damaged; restore it from a backup or start anew with 'p2pchat wipe' and 'init'"
        )


@contextmanager
def translate_sqlite_errors() -> Iterator[None]:
    """Turn SQLite's errors into ours, each with what to do."""
    try:
        yield
    except apsw.NotADBError as error:
        raise TrustError(
            "the store does not open with this key: it is damaged or belongs to another key file"
        ) from error
    except apsw.FullError as error:
        raise DiskFull(
            "the disk is full; nothing was changed. Free some space there, or forget something with"
            " 'p2pchat history forget NAME', and try again"
        ) from error
    except apsw.BusyError as error:
        raise StoreError("the store is in use by another program") from error
    except (apsw.CorruptError, apsw.FormatError) as error:
        raise StoreError("the store is damaged; start anew with 'p2pchat wipe' and 'init'") from error
    except apsw.IOError as error:
        raise StoreError(
            f"the disk refuses to read or write the store ({error}), perhaps it is full; nothing was changed"
        ) from error
    except apsw.ReadOnlyError as error:
        raise StoreError("the store cannot be written: its file or folder is read-only") from error
    except apsw.Error as error:
        raise StoreError(f"the store failed: {error}") from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise StoreError("half a character, or a number beyond 64 bits, cannot be kept or found") from error


def migrate(connection: apsw.Connection, files: dict[int, str]) -> None:
    """Run each of ``files``, SQL by version, above the stored version. Raises StoreError on a newer store.

    Each runs in one transaction with its version number: one that fails leaves the store at the one before.
    """
    version = connection.pragma("user_version")
    if version > max(files):
        raise StoreError("the store was written by a newer p2pchat; upgrade this one")
    for number in range(version + 1, max(files) + 1):
        with transaction(connection):
            connection.execute(files[number])
            connection.pragma("user_version", number)


def _received_id(*row: Any) -> str:
    contact, id = row
    return received_id(ContactId(contact), MessageId(id))


def _message_name(*row: Any) -> str:
    """Return the name that the protocol has for a line of ours."""
    identity_key, id = row
    return received_id(fingerprint(identity_key), MessageId(id))


def _schema_files() -> dict[int, str]:
    entries = resources.files("p2pchat.store.schema").iterdir()
    return {
        int(entry.name.removesuffix(".sql")): entry.read_text()
        for entry in entries
        if entry.name.endswith(".sql")
    }
