"""Introductions that are not over.

Knows: which row each is. Does not know: what is in one.
"""

from __future__ import annotations

import apsw

from p2pchat.core.values.introductions import DropIntroduction, IntroductionChange, PutIntroduction


def apply_to_introductions(connection: apsw.Connection, change: IntroductionChange) -> None:
    """Carry out one change, in a transaction of the caller."""
    match change:
        case PutIntroduction(id, state):
            connection.execute("INSERT OR REPLACE INTO introduction VALUES (?, ?)", (id, state))
        case DropIntroduction(id):
            connection.execute("DELETE FROM introduction WHERE id = ?", (id,))


def load_introductions(connection: apsw.Connection) -> tuple[bytes, ...]:
    """Read all of them."""
    rows = connection.execute("SELECT state FROM introduction ORDER BY id")
    return tuple(state for (state,) in rows)
