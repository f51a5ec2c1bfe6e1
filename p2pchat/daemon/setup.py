"""Making a home, and destroying one.

Knows: what a new identity consists of. Does not know: how it is stored, or what it will do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from p2pchat import store
from p2pchat.core.records import Identity
from p2pchat.crypto.olm import create_account
from p2pchat.daemon.clock import SystemClock, SystemEntropy
from p2pchat.daemon.home import LOCK, Lock
from p2pchat.daemon.typed import checked_nick, checked_urls
from p2pchat.errors import ControlError, StoreError, UsageError


def create_home(home: Path, name: str, rendezvous: tuple[str, ...], unlock: store.Unlock) -> None:
    """A new identity. Raises UsageError on a bad name or address, or where there is an identity or anything
    else already;
    StoreError."""
    checked_nick(name)
    checked_urls(rendezvous)
    entropy = SystemEntropy()
    pickle_key = entropy.bytes(32)
    account = create_account(pickle_key)
    identity = Identity(
        name, account.pickle(), pickle_key, account.identity_key, rendezvous, SystemClock().now()
    )
    store.refuse_foreign(home)
    with _held(home):
        store.Store.create_store(home, unlock, identity, entropy).close()


@contextmanager
def _held(home: Path) -> Iterator[None]:
    """Keep others out of a home that is being made: two at once would leave one that does not open."""
    made = not home.exists()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if made:
            home.chmod(0o700)  # whatever the umask
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
                (home / LOCK).unlink()
                home.rmdir()
        raise
    finally:
        lock.release()


def change_passphrase(home: Path, old: store.Unlock, new: store.Unlock) -> None:
    """Lock a home in another way, whole or not at all; a node that runs there goes on. Raises TrustError (the
    old passphrase is wrong), StoreError."""
    store.change_unlock(home, old, new, SystemEntropy())


def wipe_home(home: Path) -> None:
    """Destroy a home's key and all else in it. Raises ControlError while a node runs there, UsageError where
    none is."""
    if not home.is_dir():
        raise UsageError(f"there is nothing in {home} to wipe")
    lock = Lock.try_acquire(home)
    if lock is None:
        raise ControlError("a node runs in this home; close the chat that it is in, or: p2pchat node stop")
    try:
        store.wipe(home)
    finally:
        lock.release()
