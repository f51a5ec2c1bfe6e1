"""Which files a home consists of.

Knows: their names. Does not know: what is in them.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from p2pchat.errors import UsageError
from p2pchat.store import database, space
from p2pchat.store.vault import KEY_FILE, NEW_KEY_FILE
from p2pchat.store.witness import COUNT_FILE
from p2pchat.text import one_line

LOCK: Final = "node.lock"

FILES: Final = "files"
"""The folder of the content of files, each sealed under a key in the database."""

SECRETS: Final = (
    database.DATABASE,
    *(database.DATABASE + side for side in database.SIDE_FILES),
    NEW_KEY_FILE,
)
"""Written over before they are removed; the unnamed key file last, which marks the others as left over."""

LEFTOVERS: Final = (
    "control.sock",
    "space.trial",
    space.RESERVE_FILE,
    COUNT_FILE,
    f"{COUNT_FILE}.new",
    "keyring",
)

OWN: Final = frozenset((KEY_FILE, LOCK, FILES, *SECRETS, *LEFTOVERS))

MOUNTED: Final = "lost+found"
"""The root of a file system has it from the first."""


def refuse_foreign(home: Path) -> None:
    """A new home is a folder of its own: it is closed to other users. Raises UsageError where something else
    is kept."""
    with suppress(OSError):  # missing or unreadable: the write that follows reports it
        foreign = sorted(entry.name for entry in home.iterdir() if entry.name not in OWN | {MOUNTED})
        if foreign:
            raise UsageError(
                f"{home} holds something else ({one_line(foreign[0])}); a home is a folder of its own: "
                "name one with --home"
            )
