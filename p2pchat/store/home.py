"""A home as files, while its store is closed: whether one is there, its passphrase, its end.

Knows: in which order files are destroyed. Does not know: what an open store holds.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from p2pchat.crypto.password import Cost
from p2pchat.errors import StoreError
from p2pchat.ports import Entropy
from p2pchat.store import database, vault
from p2pchat.store.files import FILES, LEFTOVERS, LOCK, SECRETS
from p2pchat.store.owner import refuse_others
from p2pchat.store.vault import KEY_FILE, NEW_KEY_FILE, Unlock


def exists(home: Path) -> bool:
    """Whether an identity is there: a whole home, or one that lost its key."""
    return vault.exists(home) or _key_lost(home)


def needs_passphrase(home: Path) -> bool:
    """Whether a passphrase opens it. Raises UsageError (no identity), StoreError (key damaged or lost)."""
    refuse_lost_key(home)
    return vault.needs_passphrase(home)


def change_unlock(home: Path, old: Unlock, new: Unlock, entropy: Entropy, cost: Cost | None = None) -> None:
    """Change, set or remove the passphrase. Raises as ``Store.open_store`` does; then the old one holds.

    The data key stays the same: a kept copy of the old key file still opens with the old passphrase. A store
    that is open meanwhile is not disturbed.
    """
    refuse_others(home)
    refuse_lost_key(home)
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
        sweep_home(home)
        (home / LOCK).unlink(missing_ok=True)
        vault.sync_directory(home)
    except OSError as error:
        raise StoreError(f"not everything in {home} could be destroyed: {error.strerror}") from error


def sweep_home(home: Path) -> None:
    """Remove all but the key file and the lock."""
    for name in SECRETS:
        vault.destroy(home / name)
    for name in LEFTOVERS:
        (home / name).unlink(missing_ok=True)
    if (home / FILES).is_dir():
        shutil.rmtree(home / FILES)


def _key_lost(home: Path) -> bool:
    return (home / database.DATABASE).exists() and not (vault.exists(home) or vault.begun(home))


def refuse_lost_key(home: Path) -> None:
    """Raises StoreError where a database has no key file."""
    if _key_lost(home):
        raise StoreError(
            f"the key file {home / KEY_FILE} is missing; put it back, or 'p2pchat wipe' the rest"
        )
