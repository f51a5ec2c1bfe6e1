"""Makes a home, and destroys one.

Knows: the parts of a new identity. Does not know: how it is stored, or its use.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from p2pchat import store
from p2pchat.core.session.restored import begin_restored
from p2pchat.core.values.records import Identity
from p2pchat.crypto.archive import draw_phrase as drawn
from p2pchat.crypto.olm import create_account
from p2pchat.daemon.clock import SystemClock, SystemEntropy
from p2pchat.daemon.home import LOCK, Lock
from p2pchat.daemon.typed import checked_nick, checked_urls
from p2pchat.errors import ControlError, StoreError, UsageError
from p2pchat.store import archive, copying


def create_home(home: Path, name: str, rendezvous: tuple[str, ...], unlock: store.Unlock) -> None:
    """Make a new identity. Raises UsageError on a bad name or address, or where there is an identity or any
    other file already; StoreError."""
    checked_nick(name)
    checked_urls(rendezvous)
    entropy = SystemEntropy()
    pickle_key = entropy.draw_bytes(32)
    account = create_account(pickle_key)
    identity = Identity(
        name, account.pickle(), pickle_key, account.identity_key, rendezvous, SystemClock().now()
    )
    store.refuse_foreign(home)
    with _held(home):
        store.Store.create_store(home, unlock, identity, entropy).close()


@contextmanager
def _held(home: Path) -> Iterator[None]:
    """Lock a home that is being made: two programs at once would leave a home that does not open."""
    made = not home.exists()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if made:
            home.chmod(0o700)  # under any umask
    except OSError as error:
        raise StoreError(
            f"the home {home} cannot be made: {error.strerror}; choose another with --home"
        ) from error
    lock = Lock.try_acquire(home)
    if lock is None:
        raise UsageError(f"another p2pchat makes or uses the home {home}; choose another with --home")
    try:
        yield
    except BaseException:
        if made:
            with suppress(OSError):
                (home / LOCK).unlink(missing_ok=True)
                home.rmdir()
        raise
    finally:
        lock.release()


def restore_home(home: Path, backup: Path, phrase: str, unlock: store.Unlock) -> copying.Contents:
    """Make a home from a backup. Raises UsageError (no such file, or the home is in use), TrustError (another
    phrase), StoreError; then there is no home."""
    entropy, now = SystemEntropy(), SystemClock().now()
    if store.exists(home):
        raise UsageError(f"there is a p2pchat identity in {home} already; choose another with --home")
    store.refuse_foreign(home)
    entries = archive.read_entries(backup, phrase)
    contents = copying.open_home(entries)
    identity = contents.identity

    begun = False

    def fill(made: store.Store) -> None:
        nonlocal begun
        begun = True
        filling = copying.Filling(made, lambda them, keys: begin_restored(them, keys, identity, entropy, now))
        copying.take_entries(entries, contents, filling.take_entry)
        copying.note_backup(made, contents.made_at)

    with _held(home):
        try:
            store.Store.create_store(home, unlock, identity, entropy, fill=fill).close()
        except BaseException:
            if begun:  # half of a home is of no use
                store.wipe(home)
            raise
    return contents


def check_backup(backup: Path, phrase: str) -> copying.Contents:
    """Read all of a backup, and describe its contents. Raises as ``restore_home`` does."""
    entries = archive.read_entries(backup, phrase)
    contents = copying.open_home(entries)
    copying.take_entries(entries, contents, lambda kind, read: None)
    return contents


def draw_phrase() -> str:
    """Draw a phrase of ten random words."""
    return drawn(SystemEntropy())


def change_passphrase(home: Path, old: store.Unlock, new: store.Unlock) -> None:
    """Change the lock of a home, completely or not at all; a node that runs there goes on. Raises TrustError
    (the old passphrase is wrong), StoreError."""
    store.change_unlock(home, old, new, SystemEntropy())


def wipe_home(home: Path) -> None:
    """Destroy a home's key and all its other data. Raises ControlError while a node runs there, UsageError
    where none is."""
    if not home.is_dir():
        raise UsageError(f"there is nothing in {home} to wipe")
    lock = Lock.try_acquire(home)
    if lock is None:
        raise ControlError("a node runs in this home; close the chat that it is in, or: p2pchat node stop")
    try:
        store.wipe(home)
    finally:
        lock.release()
