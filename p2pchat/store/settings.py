"""What a person has set in this home: a text by name.

Knows: its table. Does not know: any setting, or what a text means.
"""

from __future__ import annotations

import apsw

from p2pchat.store.database import understood

_PUT = "INSERT OR REPLACE INTO setting VALUES (?, ?)"


def kept(connection: apsw.Connection) -> dict[str, str]:
    """All of them. Raises StoreError."""
    with understood():
        return dict(connection.execute("SELECT name, value FROM setting ORDER BY name"))


def keep(connection: apsw.Connection, name: str, value: str | None) -> None:
    """Keep one, or with None no more; within a transaction of the caller's."""
    if value is None:
        connection.execute("DELETE FROM setting WHERE name = ?", (name,))
    else:
        connection.execute(_PUT, (name, value))
