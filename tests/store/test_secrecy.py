"""A seized, locked device: names, messages and keys are nowhere in its files; what is altered is noticed."""

from __future__ import annotations

import base64
import os
import random
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from p2pchat.core.records import PutMessage, PutOutbox, PutSession, SessionState
from p2pchat.errors import P2PChatError, StoreError, TrustError, UsageError
from p2pchat.store import KEY_FILE, KeyFile, Passphrase, Store, exists, needs_passphrase, wipe
from p2pchat.store.database import connect, understood
from tests.store.test_journal import ENTRY
from tests.support.entropy import SeededEntropy
from tests.support.homes import BOB, CHEAP, MESH, identity, message, new_store

LOCK = Passphrase("correct horse battery staple")


def filled(home: Path) -> Store:
    store = new_store(home, LOCK)
    for number in range(200):
        store.commit([PutMessage(message(number, f"attack at dawn, {number}"))])
    store.commit([PutSession(SessionState(BOB.id, b"olm state" * 50, b"chain keys" * 50)), PutOutbox(ENTRY)])
    return store


def all_bytes(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


def test_no_name_message_or_key_is_in_any_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = filled(home)
    data_key = SeededEntropy(str(home)).bytes(32)
    secrets = [
        b"Alice Liddell",
        b"Bob the Builder",
        b"attack at dawn",
        b"olm state",
        b"chain keys",
        b"payload",
    ]
    secrets += [
        MESH.secret,
        BOB.identity_key,
        identity().pickle_key,
        data_key,
        b"meeting.example",
        b"CREATE TABLE",
    ]
    for _ in ("open", "closed"):
        found = all_bytes(home)
        for secret in secrets:
            for form in (secret, secret.hex().encode(), base64.b64encode(secret)[:-4]):
                assert form not in found
        store.close()
    assert not found.startswith(b"SQLite format 3")


def test_files_are_for_their_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store = new_store(tmp_path / "deep" / "home")
    finally:
        os.umask(old)
    home = tmp_path / "deep" / "home"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for path in home.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    store.close()


def test_the_wrong_passphrase_and_none_are_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home, LOCK).close()
    assert needs_passphrase(home)
    for wrong in (Passphrase("incorrect"), KeyFile()):
        with pytest.raises(TrustError):
            Store.open(home, wrong)
    Store.open(home, LOCK).close()


def test_a_home_is_made_once(tmp_path: Path) -> None:
    new_store(tmp_path / "home").close()
    with pytest.raises(UsageError, match="already"):
        new_store(tmp_path / "home")


def test_an_interrupted_init_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    (home / KEY_FILE).unlink()
    (home / "keys.new").write_text("half")
    assert not exists(home)
    with pytest.raises(UsageError, match="p2pchat init"):
        Store.open(home, KeyFile())
    store = new_store(home, LOCK)
    assert store.load().contacts == (BOB,)
    assert not (home / "keys.new").exists()
    store.close()


@pytest.mark.parametrize(
    "content", ["", "nonsense", "p2pchat-key 1 open zz", "p2pchat-key 1 open 00", "\xff"]
)
def test_a_damaged_key_file_is_said_to_be_one(tmp_path: Path, content: str) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    (home / KEY_FILE).write_bytes(content.encode("latin-1"))
    with pytest.raises(StoreError, match="key file"):
        Store.open(home, KeyFile())


def test_a_missing_database_and_a_foreign_key_are_said(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    new_store(one).close()
    new_store(other).close()
    (one / KEY_FILE).write_bytes((other / KEY_FILE).read_bytes())
    with pytest.raises(TrustError):
        Store.open(one, KeyFile())
    (other / "store.db").unlink()
    with pytest.raises(StoreError, match="missing"):
        Store.open(other, KeyFile())


def test_a_flipped_byte_anywhere_is_reported_or_without_effect(tmp_path: Path) -> None:
    home = tmp_path / "home"
    filled(home).close()
    expected = read(home)
    database = home / "store.db"
    whole = database.read_bytes()
    noticed = 0
    for spot in random.Random(7).sample(range(len(whole)), 60):
        damaged = bytearray(whole)
        damaged[spot] ^= 0x40
        database.write_bytes(damaged)
        try:
            found = read(home)
        except (StoreError, TrustError) as error:
            noticed += "\n" not in str(error)
        else:
            assert found == expected
        for side in ("-wal", "-shm"):
            (home / f"store.db{side}").unlink(missing_ok=True)
    assert noticed >= 55
    database.write_bytes(whole)
    assert read(home) == expected


def read(home: Path) -> object:
    store = Store.open(home, LOCK if needs_passphrase(home) else KeyFile())
    try:
        store.check()
        return store.load(), store.history(BOB.id)
    finally:
        store.close()


def test_a_newer_store_is_not_touched(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    key = bytes.fromhex((home / KEY_FILE).read_text().split()[3])
    connection = connect(home / "store.db", key)
    connection.pragma("user_version", 99)
    connection.close()
    with pytest.raises(StoreError, match="newer"):
        Store.open(home, KeyFile())


def test_wiping_leaves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    filled(home).close()
    (home / "node.lock").touch()
    wipe(home)
    assert list(home.iterdir()) == []
    wipe(home)


FULL = """
import resource, signal, sys
from pathlib import Path
from p2pchat.core.records import PutMessage
from p2pchat.errors import StoreError
from p2pchat.store import KeyFile, Store
from tests.support.homes import message
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = Store.open(Path(sys.argv[1]), KeyFile())
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
kept = 0
try:
    for number in range(1000):
        store.commit([PutMessage(message(number, "x" * 5000))])
        kept = number + 1
except StoreError as error:
    assert len(store.history(message(0).contact)) == kept
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.commit([PutMessage(message(5000))])
    print(kept, error, sep="|")
"""


def test_a_full_disk_is_reported_and_nothing_accepted_is_lost(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(home)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    kept, line = done.stdout.strip().split("|")
    assert 5 < int(kept) < 1000
    assert "disk" in line
    store = Store.open(home, KeyFile())
    assert len(store.history(BOB.id)) == int(kept) + 1
    store.close()


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        Store.create(tmp_path / "file" / "home", KeyFile(), identity(), SeededEntropy(1), CHEAP)


def test_every_failure_of_sqlite_is_one_line_of_ours() -> None:
    import apsw

    for failure in (
        apsw.FullError,
        apsw.BusyError,
        apsw.CorruptError,
        apsw.IOError,
        apsw.ReadOnlyError,
        apsw.MisuseError,
    ):
        with pytest.raises(P2PChatError, match=r"^[^\n]+$"), understood():
            raise failure("detail")
