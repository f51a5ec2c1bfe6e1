"""Messages about backups.

Knows: sentences about the contents of a backup. Does not know: files.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from p2pchat.control.answers import BackupResult
from p2pchat.control.offline import BackupContentsInfo
from p2pchat.text import one_line

OLD_DAYS: Final = 31
"""The chat reminds of a new backup when the last one is older."""


def contents_line(found: BackupContentsInfo) -> str:
    """The contents of a backup, and when it was made."""
    parts = [
        f"{_count(found.contacts, 'contact')} ({found.verified} verified)",
        _count(found.messages, "message"),
        *([f"{found.waiting} of them waiting"] if found.waiting else []),
        _count(found.meshes, "mesh", "meshes"),
    ]
    return f"{', '.join(parts)}; made {found.at[:10]} {found.at[11:16]} UTC, {size(found.size)}"


def made_line(made: BackupResult) -> str:
    """What a new backup contains."""
    kept = f"{_count(made.contacts, 'contact')}, {_count(made.messages, 'message')}"
    return (
        f"{one_line(made.path)} is written: {kept}, {size(made.size)}. Homes restored from older backups "
        "are accepted by your contacts for a week at most. To try it:  p2pchat backup --check FILE"
    )


def reminder(backed_up_at: str, now: datetime) -> str | None:
    """The reminder where no backup exists or the last one is old; None otherwise."""
    if backed_up_at and now - datetime.fromisoformat(backed_up_at) < timedelta(days=OLD_DAYS):
        return None
    what = (
        "no backup of this home"
        if not backed_up_at
        else "no backup of this home that is younger than a month"
    )
    return f"there is {what}: p2pchat backup FILE (or: p2pchat config set backup-reminder off)"


def size(number: int) -> str:
    """A number of bytes in a readable unit."""
    for power, unit in enumerate(("bytes", "kB", "MB", "GB")):
        if number < 1000 ** (power + 1) or unit == "GB":
            break
    return f"{number / 1000**power:.3g} {unit}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
