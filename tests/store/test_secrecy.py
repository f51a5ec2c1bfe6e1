"""A seized, locked device: names, messages and keys are nowhere in its files."""

from __future__ import annotations

import base64
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from p2pchat.core.values.changes import PutMessage, PutOutbox, PutSession
from p2pchat.core.values.records import SessionState
from p2pchat.errors import StoreError
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.store import KEY_FILE, Passphrase, Store, wipe
from tests.store.test_journal import ENTRY
from tests.support.homes import BOB, MESH, identity, message, new_store

LOCK = Passphrase("correct horse battery staple")
ROOT = Path(__file__).parents[2]


def filled(home: Path) -> Store:
    store = new_store(home, LOCK)
    for number in range(200):
        store.commit_changes([PutMessage(message(number, f"attack at dawn, {number}"))])
    store.commit_changes(
        [PutSession(SessionState(BOB.id, b"olm state" * 50, b"chain keys" * 50)), PutOutbox(ENTRY)]
    )
    return store


def secrets(home: Path) -> list[bytes]:
    kept = [b"olm state", b"chain keys", b"payload", MESH.secret, BOB.identity_key, identity().pickle_key]
    said = [b"Alice Liddell", b"Bob the Builder", b"attack at dawn", b"meeting.example", BOB.id.encode()]
    return [*kept, *said, SeededEntropy(str(home)).draw_bytes(32), LOCK.text.encode(), b"CREATE TABLE"]


def forms(secret: bytes) -> list[bytes]:
    """As it is, in hexadecimal, and in base64 at each of the three places it can start at."""
    inside = [base64.b64encode(bytes(shift) + secret)[4:-4] for shift in range(3)]
    return [secret, secret.hex().encode(), secret.hex().upper().encode(), *inside]


def contents(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.iterdir()}


def assert_secret(home: Path, files: dict[str, bytes]) -> None:
    found = [
        (name, form)
        for secret in secrets(home)
        for form in forms(secret)
        for name, data in files.items()
        if form in data
    ]
    assert found == []
    assert not files["store.db"].startswith(b"SQLite format 3")


def test_no_name_message_or_key_is_in_any_file_open_or_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = filled(home)
    assert {"keys", "store.db", "store.db-wal"} <= contents(home).keys()
    assert_secret(home, contents(home))
    store.close()
    assert_secret(home, contents(home))


def test_nor_when_it_was_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code = "import os, sys, pathlib; from tests.store.test_secrecy import filled\n"
    code += "store = filled(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    done = subprocess.run([sys.executable, "-c", code, str(home)], cwd=ROOT, check=False)
    assert done.returncode == -9
    files = contents(home)
    assert len(files["store.db-wal"]) > 100_000
    assert_secret(home, files)


def test_the_search_would_find_an_open_key(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    key = SeededEntropy(str(home)).draw_bytes(32)
    assert any(form in (home / KEY_FILE).read_bytes() for form in forms(key))
    for shift in range(3):
        assert any(form in base64.b64encode(bytes(shift) + key) for form in forms(key))


def test_files_are_for_their_owner_only_under_any_umask(tmp_path: Path) -> None:
    for mask in (0, 0o077, 0o277):
        old = os.umask(mask)
        try:
            store = new_store(tmp_path / str(mask))
        finally:
            os.umask(old)
        home = tmp_path / str(mask)
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
        ours = ("keys", "room.reserve", "store.count", "store.db", "store.db-shm", "store.db-wal")
        assert modes == dict.fromkeys(ours, 0o600)
        store.close()


def test_wiping_leaves_nothing_of_ours_and_all_of_others(tmp_path: Path) -> None:
    home = tmp_path / "home"
    filled(home)  # left open: its side files are there, too
    for ours in ("node.lock", "keys.new"):
        (home / ours).touch()
    (home / "notes.txt").touch()
    wipe(home)
    assert [path.name for path in home.iterdir()] == ["notes.txt"]
    wipe(home)


def test_wiping_takes_the_keys_first_and_overwrites_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    shutil.copy(home / KEY_FILE, home / "keys.new")
    held = [open(home / name, "rb") for name in (KEY_FILE, "keys.new")]  # noqa: SIM115
    before = [file.read() for file in held]
    (home / "store.db").unlink()
    (home / "store.db").mkdir()  # which cannot be overwritten, so that wiping stops there
    with pytest.raises(StoreError, match="could be destroyed"):
        wipe(home)
    assert not (home / KEY_FILE).exists() and not (home / "keys.new").exists()
    for file, old in zip(held, before, strict=True):
        with file:
            file.seek(0)
            now = file.read()
        assert len(now) == len(old) and now != old
