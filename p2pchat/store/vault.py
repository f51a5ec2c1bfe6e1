"""The small key file that opens the store: a data key, wrapped under a passphrase or lying open.

Knows: the key file's format, how it is written and destroyed. Does not know: the database.

``HOME/keys`` is one line of text, so that a person can see which kind it is::

    p2pchat-key 1 open <data key>
    p2pchat-key 1 argon2id <ops> <memory> <salt> <nonce> <wrapped data key>

It is written first, as ``keys.new``, and gets its name last. So a home with ``keys`` is whole; one with
``keys.new`` alone is an interrupted ``init``, in which nothing was promised yet; and a database beside
neither has lost its key, and is never mistaken for an interrupted ``init`` and replaced.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import field
from io import FileIO
from pathlib import Path

from p2pchat.crypto.password import (
    KEY_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    Cost,
    list_passphrase_forms,
    prepare_passphrase,
    stretch,
    unwrap,
    wrap,
)
from p2pchat.data import dataclass
from p2pchat.errors import StoreError, TrustError, Unreadable, UsageError
from p2pchat.ports import Entropy
from p2pchat.store.owner import unusable

KEY_FILE = "keys"
NEW_KEY_FILE = "keys.new"
_MAGIC = "p2pchat-key 1"
_BOUND = b"p2pchat key file 1"
_FILE_MAX = 4096


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Unlock by stretching a passphrase."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Unlock by reading the file: read access to the disk is access to everything."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """Unlock by the data key of a store that was opened before, so that no passphrase is kept in memory."""

    key: bytes = field(repr=False)


Unlock = Passphrase | KeyFile | DataKey


def exists(home: Path) -> bool:
    """Whether there is a key file, so the home is whole."""
    return (home / KEY_FILE).exists()


def begun(home: Path) -> bool:
    """Whether a key file is, or was, on its way to its name."""
    return (home / NEW_KEY_FILE).exists()


def needs_passphrase(home: Path) -> bool:
    """Whether the data key is wrapped. Raises StoreError."""
    return _fields(home)[0] == "argon2id"


def prepare(home: Path, data_key: bytes, unlock: Unlock, entropy: Entropy, cost: Cost | None = None) -> None:
    """Write the key file, mode 0600, under its first name. Raises OSError, StoreError."""
    line = f"{_MAGIC} {_described(data_key, unlock, entropy, cost or Cost())}\n"
    descriptor = os.open(home / NEW_KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())
    sync_directory(home)


def finish(home: Path) -> None:
    """Give the key file its name: from now on the home is whole, or opens in the new way. Raises OSError."""
    (home / NEW_KEY_FILE).rename(home / KEY_FILE)
    sync_directory(home)


def change(home: Path, old: Unlock, new: Unlock, entropy: Entropy, cost: Cost | None = None) -> None:
    """Keep the data key in another way, whole or not at all. Raises as ``open_key`` and ``prepare`` do."""
    data_key = open_key(home, old)
    with open(home / KEY_FILE, "r+b", buffering=0) as replaced:
        prepare(home, data_key, new, entropy, cost)
        finish(home)
        _overwrite(replaced)


def open_key(home: Path, unlock: Unlock) -> bytes:
    """Return the data key. Raises TrustError on a wrong or missing passphrase, StoreError on a damaged
    file."""
    kind, *rest = _fields(home)
    if isinstance(unlock, DataKey):
        return unlock.key
    try:
        if kind == "open":
            (data_key,) = map(bytes.fromhex, rest)
            return _sized(data_key)
        ops, memory, *blobs = rest
        salt, nonce, wrapped = map(bytes.fromhex, blobs)
        cost = Cost(int(ops), int(memory))
    except ValueError as error:
        raise _damaged(home) from error
    if not isinstance(unlock, Passphrase):
        raise TrustError("this home is locked with a passphrase; give it with --passphrase-file or type it")
    for form in list_passphrase_forms(unlock.text):
        with contextlib.suppress(Unreadable):
            return _sized(unwrap(stretch(form, salt, cost), wrapped, nonce, _BOUND))
    raise TrustError("the passphrase is wrong (or the key file is damaged)")


def destroy(path: Path) -> None:
    """Overwrite, sync and unlink one file; a file that is not there is fine.

    Solid-state disks and journals may keep old blocks; that is why what matters is one small key, and it goes
    first.
    """
    with contextlib.suppress(FileNotFoundError):
        path.chmod(0o600)
        with open(path, "r+b", buffering=0) as file:
            _overwrite(file)
        path.unlink()


def _overwrite(file: FileIO) -> None:
    left = os.fstat(file.fileno()).st_size
    while left > 0:
        left -= file.write(os.urandom(min(left, 1 << 20)))
    os.fsync(file.fileno())


def _described(data_key: bytes, unlock: Unlock, entropy: Entropy, cost: Cost) -> str:
    assert not isinstance(unlock, DataKey), "a lock is a passphrase or none"
    if isinstance(unlock, KeyFile):
        return f"open {data_key.hex()}"
    salt, nonce = entropy.draw_bytes(SALT_BYTES), entropy.draw_bytes(NONCE_BYTES)
    wrapped = wrap(stretch(prepare_passphrase(unlock.text), salt, cost), data_key, nonce, _BOUND)
    return f"argon2id {cost.ops} {cost.memory} {salt.hex()} {nonce.hex()} {wrapped.hex()}"


def _fields(home: Path) -> list[str]:
    try:
        with open(home / KEY_FILE, "rb") as file:
            text = file.read(_FILE_MAX).decode("ascii")
    except NotADirectoryError as error:
        raise UsageError(f"the home {home} is not a directory; choose another with --home") from error
    except FileNotFoundError as error:
        raise UsageError(f"there is no p2pchat identity in {home}; make one with 'p2pchat init'") from error
    except OSError as error:
        path = home / KEY_FILE
        raise StoreError(f"the key file {path} cannot be read: {unusable(path, error)}") from error
    except UnicodeDecodeError as error:
        raise _damaged(home) from error
    fields = text.split()
    if " ".join(fields[:2]) != _MAGIC or len(fields) not in (4, 8) or fields[2] not in ("open", "argon2id"):
        raise _damaged(home)
    return fields[2:]


def sync_directory(directory: Path) -> None:
    """Make a rename or unlink in ``directory`` durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sized(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise StoreError("the key in the key file has the wrong size")
    return key


def _damaged(home: Path) -> StoreError:
    return StoreError(f"the key file {home / KEY_FILE} is damaged; put back a copy, or 'p2pchat wipe' it")
