"""One home on disk: its place, its lock, and its control socket.

Knows: paths, the lock, the control socket's file. Does not know: what is stored or sent.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

from p2pchat.control.address import SOCKET, socket_address
from p2pchat.errors import StoreError
from p2pchat.store.owner import refuse_others, unusable

LOCK = "node.lock"
TRIAL = "space.trial"

ROOM = 1 << 20
"""Bytes that must be free before a node that a full disk has stopped starts again: sixteen of the longest
messages, so that it does not stop again at the first."""


class ReadOnlyHome(StoreError):
    """The home is on a read-only file system; it can still be read."""


class Lock:
    """The lock of a home, held by its one node. The kernel releases it when the process ends, however it
    ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def try_acquire(cls, home: Path) -> Lock | None:
        """Take the lock; None when another node holds it. Raises StoreError when the home cannot be written,
        UsageError when it is another user's."""
        refuse_others(home)
        path = home / LOCK
        while True:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                why = f"{unusable(path, error)}; choose another with --home, or mend that"
                kind = ReadOnlyHome if error.errno == errno.EROFS else StoreError
                raise kind(f"the home {home} cannot be used: {why}") from error
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return None
            if _is_still(path, descriptor):
                return cls(descriptor)
            os.close(descriptor)  # of a home that was wiped meanwhile

    def release(self) -> None:
        """Release the home. The file stays: if it were removed, two nodes could hold different locks."""
        with suppress(OSError):
            os.close(self._descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the path still leads to this very file."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def has_space(home: Path) -> bool:
    """Tell whether the disk takes ``ROOM`` bytes, by writing them: quotas and limits count, too."""
    trial = home / TRIAL
    try:
        with trial.open("wb", buffering=0) as file:
            written = file.write(bytes(ROOM))
            os.fsync(file.fileno())
        return written == ROOM
    except OSError:
        return False
    finally:
        with suppress(OSError):
            trial.unlink()


def is_read_only(home: Path) -> bool:
    """Tell whether the file system is read-only."""
    try:
        return bool(os.statvfs(home).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def listening_socket(home: Path) -> socket.socket:
    """Bind the control socket, mode 0600, in place of an old one. Only the holder of the lock may call this.
    Raises StoreError when the disk refuses."""
    # The umask sets the mode, so that it holds from the first moment.
    old = os.umask(0o177)
    try:
        with socket_address(home) as address, ExitStack() as failing:
            bound = failing.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            (home / SOCKET).unlink(missing_ok=True)
            bound.bind(address)
            failing.pop_all()
    except OSError as error:
        raise StoreError(f"the control socket cannot be made in {home}: {error.strerror}") from error
    finally:
        os.umask(old)
    bound.setblocking(False)
    return bound


def socket_place(home: Path) -> tuple[int, int] | None:
    """Return the device and inode of the control socket; None when there is none."""
    try:
        there = (home / SOCKET).stat()
    except OSError:
        return None
    return there.st_dev, there.st_ino


def remove_socket(home: Path) -> None:
    """Remove the control socket."""
    with suppress(OSError):
        (home / SOCKET).unlink()
