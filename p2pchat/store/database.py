"""The encrypted SQLite file: opening it, its settings, its schema versions, and what its failures mean.

Knows: SQLite and its cipher. Does not know: what is kept (``journal``, ``history``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import apsw

from p2pchat.errors import StoreError, TrustError

DATABASE = "store.db"
SIDE_FILES = ("-wal", "-shm", "-journal")

_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a key sealed with must not come back after a power cut
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA busy_timeout = 2000",
)


def connect(path: Path, data_key: bytes) -> apsw.Connection:
    """Open (or create) the file and bring its schema up to date. Raises StoreError, TrustError.

    ``data_key`` is 32 random bytes used as they are: stretching happened before.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(descriptor)
    os.chmod(path, 0o600)
    with understood():
        connection = apsw.Connection(str(path))
    try:
        with understood():
            connection.pragma("cipher", "chacha20")
            connection.pragma("key", f"raw:{data_key.hex()}")
            for setting in _SETTINGS:
                connection.execute(setting)
            _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def check(connection: apsw.Connection) -> None:
    """Read every page once. Raises StoreError when any is damaged."""
    with understood():
        verdict = connection.pragma("integrity_check")
    if verdict != "ok":
        raise StoreError(
            "the store is damaged; restore it from a backup or start anew with 'p2pchat wipe' and 'init'"
        )


@contextmanager
def understood() -> Iterator[None]:
    """Turn SQLite's errors into ours, each with what to do."""
    try:
        yield
    except apsw.NotADBError as error:
        raise TrustError(
            "the store does not open with this key: it is damaged or belongs to another key file"
        ) from error
    except apsw.FullError as error:
        raise StoreError("the disk is full; nothing was changed. Free some space and try again") from error
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


def _migrate(connection: apsw.Connection) -> None:
    """Run each schema file above the stored version, each in one transaction with its new version number."""
    version = connection.pragma("user_version")
    files = sorted(
        entry.name
        for entry in resources.files("p2pchat.store.schema").iterdir()
        if entry.name.endswith(".sql")
    )
    newest = int(files[-1].removesuffix(".sql"))
    if version > newest:
        raise StoreError("the store was written by a newer p2pchat; upgrade this one")
    for name in files:
        number = int(name.removesuffix(".sql"))
        if number > version:
            statements = resources.files("p2pchat.store.schema").joinpath(name).read_text()
            with connection:
                connection.execute(statements)
                connection.pragma("user_version", number)
