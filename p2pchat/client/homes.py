"""Homes: where one is, whether it is one, making it, locking it, destroying it.

Knows: what may be done without a node. Does not know: how a home is kept.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from p2pchat.control.address import SOCKET
from p2pchat.control.offline import BackupContentsInfo
from p2pchat.errors import P2PChatError, UsageError

if TYPE_CHECKING:
    from p2pchat.store.copying import Contents


def default_home() -> Path:
    """``P2PCHAT_HOME``, or the platform's data directory. Raises UsageError where there is neither."""
    if home := os.environ.get("P2PCHAT_HOME"):
        return absolute(Path(home))
    import platformdirs

    try:
        return Path(platformdirs.user_data_dir("p2pchat", appauthor=False))
    except RuntimeError:
        raise UsageError("you have no home directory; say where yours is kept: --home DIR") from None


def absolute(path: Path) -> Path:
    """Return ``path`` as an absolute path, without ``~`` and ``..``. Raises UsageError when ``~`` leads
    nowhere."""
    try:
        whole = path.expanduser().absolute()
    except RuntimeError:
        raise UsageError(f"{path.parts[0]} is no directory of a user here; write the whole path") from None
    return whole.resolve() if ".." in whole.parts else whole


def home_exists(home: Path) -> bool:
    """Tell whether there is an identity in ``home``."""
    from p2pchat.store import exists

    return exists(home)


def node_runs(home: Path) -> bool:
    """Tell, by one look, whether a node seems to run in ``home``: a killed node leaves its socket."""
    return (home / SOCKET).exists()


def is_held(home: Path) -> bool:
    """Tell whether a program holds ``home``, by taking its lock for a moment."""
    from p2pchat.daemon.home import Lock

    lock = Lock.try_acquire(home)
    if lock is not None:
        lock.release()
    return lock is None


def silence(home: Path) -> str:
    """Tell why no node answers in ``home``, and what to do."""
    from p2pchat.daemon.home import has_space, is_read_only

    if home_exists(home) and is_read_only(home):
        return f"no node runs in {home}, nor can one: it is on a file system that takes no writes"
    if home_exists(home) and not has_space(home):
        return f"no node answers in {home}: its disk is full, and one that was started there waits for room"
    return f"no node runs in {home}; start one with 'p2pchat node run'"


def is_taken(home: Path) -> bool:
    """Tell whether a program holds ``home``, as far as this user may look."""
    try:
        return node_lock_exists(home) and is_held(home)
    except P2PChatError:
        return False


def node_lock_exists(home: Path) -> bool:
    """Whether a node ever ran in ``home``; to take its lock would make the file."""
    from p2pchat.daemon.home import LOCK

    return (home / LOCK).exists()


def runs(process: int) -> bool:
    """Tell whether there is such a process, and it is not a zombie."""
    try:
        os.kill(process, 0)
        # Ended, but its parent has not noticed yet. (Only Linux tells.)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return state != "Z"


def create_home(home: Path, name: str, rendezvous: Sequence[str] = (), passphrase: str | None = None) -> None:
    """Make a new identity; without a passphrase the key lies open in the home.

    Raises UsageError (bad name or address, or an identity is there already), StoreError.
    """
    from p2pchat.daemon.setup import create_home as create
    from p2pchat.store import KeyFile, Passphrase

    create(home, name, tuple(rendezvous), KeyFile() if passphrase is None else Passphrase(passphrase))


def draw_phrase() -> str:
    """Draw a phrase of ten random words for a backup."""
    from p2pchat.daemon.setup import draw_phrase as draw

    return draw()


def settle_phrase(typed: str) -> str:
    """Return a drawn phrase in its usual form, however its words were typed; any other phrase unchanged."""
    from p2pchat.crypto.archive import settle_phrase as settle

    return settle(typed)


def check_backup(backup: Path, phrase: str) -> BackupContentsInfo:
    """What is in a backup, all of it read. Raises UsageError (no such file), TrustError (another phrase),
    StoreError (damaged)."""
    from p2pchat.daemon.setup import check_backup as check

    return _contents(backup, check(backup, phrase))


def restore_home(home: Path, backup: Path, phrase: str, passphrase: str | None = None) -> BackupContentsInfo:
    """Make a home of a backup; without a passphrase the key lies open in it. Raises as ``check_backup`` does,
    and UsageError where there is an identity; then nothing was made."""
    from p2pchat.daemon.setup import restore_home as restore
    from p2pchat.store import KeyFile, Passphrase

    unlock = KeyFile() if passphrase is None else Passphrase(passphrase)
    return _contents(backup, restore(home, backup, phrase, unlock))


def _contents(backup: Path, found: Contents) -> BackupContentsInfo:
    from p2pchat.crypto.identity import fingerprint
    from p2pchat.daemon.views import moment

    return BackupContentsInfo(
        path=str(backup),
        size=backup.stat().st_size,
        at=moment(found.made_at),
        name=found.identity.name,
        fingerprint=fingerprint(found.identity.identity_key),
        meshes=found.meshes,
        contacts=found.contacts,
        verified=found.verified,
        messages=found.lines,
        waiting=found.waiting,
        passed_over=found.unknown,
    )


def change_passphrase(home: Path, old: str | None, new: str | None) -> None:
    """Lock ``home`` with another passphrase; None for none. A node that runs there goes on until it ends.

    Raises TrustError (the old one is wrong), StoreError; then the old one holds.
    """
    from p2pchat.daemon.setup import change_passphrase as change
    from p2pchat.store import KeyFile, Passphrase

    old_unlock, new_unlock = (
        KeyFile() if passphrase is None else Passphrase(passphrase) for passphrase in (old, new)
    )
    change(home, old_unlock, new_unlock)


def needs_passphrase(home: Path) -> bool:
    """Tell whether ``home`` is locked with a passphrase. Raises StoreError."""
    from p2pchat.store import needs_passphrase as needs

    return needs(home)


def wipe_home(home: Path) -> None:
    """Destroy the identity in ``home`` and all its data. Raises ControlError while a node runs there."""
    from p2pchat.daemon.setup import wipe_home as wipe

    wipe(home)
