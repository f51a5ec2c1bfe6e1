"""What a person has set in this home: a text by name.

Knows: its table. Does not know: any setting, or what a text means.
"""

from __future__ import annotations

import apsw

from p2pchat.store.database import translate_sqlite_errors

_PUT = "INSERT OR REPLACE INTO setting VALUES (?, ?)"


def kept(connection: apsw.Connection) -> dict[str, str]:
    """All of them. Raises StoreError."""
    with translate_sqlite_errors():
        return dict(connection.execute("SELECT name, value FROM setting ORDER BY name"))


def keep(connection: apsw.Connection, name: str, value: str | None) -> None:
    """Keep one setting, or remove it with None; within a transaction of the caller."""
    if value is None:
        connection.execute("DELETE FROM setting WHERE name = ?", (name,))
    else:
        connection.execute(_PUT, (name, value))
