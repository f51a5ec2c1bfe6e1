"""Making a home, and destroying one.

Knows: what a new identity consists of. Does not know: how it is stored, or what it will do.
"""

from __future__ import annotations

from pathlib import Path

from p2pchat import store
from p2pchat.core.records import Identity
from p2pchat.crypto.olm import create_account
from p2pchat.daemon.clock import SystemClock, SystemEntropy
from p2pchat.daemon.home import Lock
from p2pchat.errors import ControlError, Malformed, UsageError
from p2pchat.wire.invite import check_rendezvous
from p2pchat.wire.pairing import check_nick


def create_home(home: Path, name: str, rendezvous: tuple[str, ...], unlock: store.Unlock) -> None:
    """A new identity. Raises UsageError on a bad name or address or where there is an identity already;
    StoreError."""
    try:
        check_nick(name)
        check_rendezvous(rendezvous)
    except Malformed as error:
        raise UsageError(str(error)) from error
    entropy = SystemEntropy()
    pickle_key = entropy.bytes(32)
    account = create_account(pickle_key)
    identity = Identity(
        name, account.pickle(), pickle_key, account.identity_key, rendezvous, SystemClock().now()
    )
    store.Store.create(home, unlock, identity, entropy).close()


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
        raise ControlError("a node still runs in this home; stop it first with 'p2pchat node stop'")
    try:
        store.wipe(home)
    finally:
        lock.release()
