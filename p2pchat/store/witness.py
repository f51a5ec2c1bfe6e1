"""What tells that the store, or a part of it, is older than it should be.

Knows: a keyed sum over the rows that decide whom we trust and with which keys, a count of their changes, and
the count again in a file beside the store. Does not know: what the rows mean, or what to do about it.

Pages are sealed one by one, so an older self of any page opens as well. Each commit that changes a row of
these tables writes the new sum and counts: pages that do not belong together do not add up. The file
``store.count`` tells when the whole store is older than itself. It is written when the log was cut, so that
it is never ahead of the store. It cannot tell what was set back together with it, or by less than a minute
(decision 0038).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final

import apsw

from p2pchat.core.values import changes, files, room_records
from p2pchat.core.values.changes import Change
from p2pchat.store.database import translate_sqlite_errors

COUNT_FILE: Final = "store.count"

PARTS_OLDER: Final = (
    "parts of this home's store are older than others: old pieces of it were restored; see whom you have"
    " verified and blocked, and compare safety numbers again"
)
ALL_OLDER: Final = (
    "this home's store is older than it was: a copy or a backup was restored; what was"
    " said, verified or blocked since then is missing here"
)
UNCOUNTED: Final = (
    "the file store.count of this home is missing or not its own, so it cannot be told whether an older store"
    " was put back; if you did not move or restore it, compare safety numbers again"
)

_SMALL: Final = ("identity", "mesh", "contact", "tried", "setting")
"""Tables of few and short rows, summed with the sessions when any may have changed. After ``PutSession`` only
that session is."""

_ELSEWHERE: Final = (
    changes.PutSession,
    changes.PutOutbox,
    changes.DropOutbox,
    changes.PutMessage,
    changes.PutReference,
    changes.DropVersions,
    changes.SetMessageState,
    changes.DropExpiredMessages,
    changes.PutCells,
    changes.DropCells,
    changes.PutPatience,
    changes.PutListeners,
    files.PutFile,
    files.DropFile,
    room_records.RoomChange,
)
"""Changes that touch none of those tables."""

_SUM_BYTES: Final = 32
_MODULUS: Final = 1 << (8 * _SUM_BYTES)


class Witness:
    """Keeps the sum and the count of one open store."""

    def __init__(self, data_key: bytes, home: Path) -> None:
        self.found = ""
        """What was wrong with the store as it was left, in a sentence."""
        self._connection: apsw.Connection
        self._key = blake2b(b"p2pchat store witness", key=data_key, digest_size=32).digest()
        self._path = home / COUNT_FILE
        self._sessions: dict[str, int] = {}
        self._small = 0
        self._count = 0
        self._written = -1

    def examine_store(self, connection: apsw.Connection) -> None:
        """Compare the store with its sum and count, before a migration changes rows. A store that was made
        before there were witnesses passes. Raises StoreError."""
        self._connection = connection
        self.found = self._verdict()

    def _verdict(self) -> str:
        with translate_sqlite_errors():
            if not self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'witness'").fetchall():
                return ""
            row = self._connection.execute("SELECT sum, count FROM witness").fetchone()
            if row is None:
                return ""
            told, count = row
            self._recount()
        counted = self._counted()
        self._count = max(int(count), counted or 0)
        if bytes(told) != self._sum():
            return PARTS_OLDER
        if counted is None:
            return UNCOUNTED
        return ALL_OLDER if counted > int(count) else ""

    def write_first_sum(self) -> None:
        """Write the present sum if another or none is stored, in a transaction of the caller: at first, after
        a migration, or when something was found, which is reported once."""
        self._recount()
        kept = self._connection.execute("SELECT sum, count FROM witness").fetchone()
        if self.found or kept != (self._sum(), self._count):
            self._keep()

    def follow_batch(self, batch: Sequence[Change]) -> None:
        """Bring the sum in line with a batch that was just applied, within its transaction."""
        before = self._sum()
        for change in batch:
            if isinstance(change, changes.PutSession):
                session = change.session
                row = str(session.contact), bytes(session.olm), bytes(session.chains)
                self._sessions[row[0]] = self._hash(*row)
        if not all(isinstance(change, _ELSEWHERE) for change in batch):
            self._recount()
        if self._sum() != before:
            self._keep()

    def follow_rows(self) -> None:
        """Bring the sum in line with changes made without a batch, in the same transaction."""
        before = self._sum()
        self._recount()
        if self._sum() != before:
            self._keep()

    def undo_batch(self) -> None:
        """Return to the sum before a batch that was rolled back."""
        with suppress(apsw.Error):
            self._recount()

    def write_count(self) -> None:
        """Write the count of changes to the file beside the store, once the store is on disk. A disk that
        refuses keeps the older count."""
        if self._written == self._count:
            return
        new = self._path.with_name(COUNT_FILE + ".new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(f"{self._count} {self._seal(self._count)}\n".encode())
                file.flush()
                os.fsync(file.fileno())
            new.rename(self._path)
        except OSError:
            return
        self._written = self._count

    def _counted(self) -> int | None:
        """What the file says; None where it is not there, or was not written by this store."""
        try:
            with open(self._path, "rb") as file:
                count, _, seal = file.read(256).decode("ascii").strip().partition(" ")
            number = int(count)
        except (OSError, ValueError):
            return None
        return number if compare_digest(seal.encode(), self._seal(number).encode()) else None

    def _keep(self) -> None:
        self._count += 1
        self._connection.execute(
            "INSERT OR REPLACE INTO witness VALUES (1, ?, ?)", (self._sum(), self._count)
        )

    def _recount(self) -> None:
        rows = self._connection.execute("SELECT contact, olm, chains FROM session").fetchall()
        self._sessions = {str(row[0]): self._hash(*row) for row in rows}
        self._small = self._sum_small()

    def _sum_small(self) -> int:
        there = {
            name
            for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        rows = (
            (table, *row)
            for table in _SMALL
            if table in there
            for row in self._connection.execute(f"SELECT * FROM {table}")
        )
        return sum(self._hash(*row) for row in rows) % _MODULUS

    def _sum(self) -> bytes:
        return ((self._small + sum(self._sessions.values())) % _MODULUS).to_bytes(_SUM_BYTES, "big")

    def _hash(self, *row: Any) -> int:
        digest = blake2b(repr(row).encode(), key=self._key, digest_size=_SUM_BYTES).digest()
        return int.from_bytes(digest, "big")

    def _seal(self, count: int) -> str:
        return blake2b(b"count %d" % count, key=self._key, digest_size=16).hexdigest()
